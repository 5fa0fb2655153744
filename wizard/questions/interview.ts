import { type Answer, type Answers, proposing, type Question } from './question.js';
import type { Surroundings } from './surroundings.js';
import { type Place, walk } from './walk.js';

/** Said in place of an answer: the question before, please. */
export const back = Symbol('back');

/** Puts a question to a person. */
export interface Prompter {
  /** @throws WizardError `cancelled` */
  ask(question: Question, mayGoBack: boolean): Promise<Answer | typeof back>;
}

/** A person's way through the questions: forwards, back by one, and to any of them again. */
export class Interview {
  readonly #prompter: Prompter;
  readonly #surroundings: Surroundings;
  /** Also what was said and taken back: it is proposed when its question comes again. */
  readonly #said: Record<string, Answer> = {};
  #known: Answers = {};

  constructor(prompter: Prompter, surroundings: Surroundings) {
    this.#prompter = prompter;
    this.#surroundings = surroundings;
  }

  /** Asks until all is answered. @throws WizardError `cancelled` */
  async finish(): Promise<Place> {
    for (;;) {
      const place = await walk(this.#known, this.#surroundings);
      if (place.open === undefined) return place;
      const last = place.asked.at(-1);
      const answer = await this.#prompter.ask(proposing(place.open, this.#said[place.open.id]), last !== undefined);
      if (answer === back) this.forget(last?.id);
      else this.#learn(place.open.id, answer);
    }
  }

  /** Its question is asked again. */
  forget(id: string | undefined): void {
    this.#known = Object.fromEntries(Object.entries(this.#known).filter(([known]) => known !== id));
  }

  #learn(id: string, answer: Answer): void {
    this.#said[id] = answer;
    this.#known = { ...this.#known, [id]: answer };
  }
}
