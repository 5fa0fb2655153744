export type TemplateErrorCode = 'value-refused';

/** The templates wing's one error: a value that a dialect cannot express, whatever the quoting. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly code: TemplateErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(message: string, details: Readonly<Record<string, unknown>>, hint?: string) {
    super(message);
    this.code = 'value-refused';
    this.details = details;
    this.hint = hint;
  }
}
