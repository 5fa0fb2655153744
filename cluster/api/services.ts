import type { RequestOf, ResponseOf } from '../wire/method.js';
import type { Handler } from './context.js';

/** Handlers for some methods of a service, by the methods' names. */
export type Handlers<Methods, Names extends keyof Methods = keyof Methods> = {
  readonly [Name in Names]: Handler<RequestOf<Methods[Name]>, ResponseOf<Methods[Name]>>;
};
