import { styleText } from 'node:util';

// Results go to stdout, what is said to a person to stderr.

export type Style = Parameters<typeof styleText>[0];

export interface TerminalOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Wanted by nobody when false. */
  readonly colors: boolean;
}

const clearLine = '\r\u001b[2K';

/** Where a command talks to. */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #colors: boolean;
  /** Whether a line of progress stands on the screen. */
  #progressing = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#colors = options.colors && options.stdout.isTTY === true;
  }

  /** Whether somebody can be asked. */
  get interactive(): boolean {
    return this.#options.stdin.isTTY === true && this.#options.stderr.isTTY === true;
  }

  /** Whether a person, and no file or program, sees what goes to stdout. */
  get stdoutIsTerminal(): boolean {
    return this.#options.stdout.isTTY === true;
  }

  result(text: string): void {
    this.endProgress();
    this.#options.stdout.write(`${text}\n`);
  }

  /** A result that is no text, or that brings its own line ends. */
  bytes(content: string | Uint8Array): void {
    this.endProgress();
    this.#options.stdout.write(content);
  }

  json(value: unknown): void {
    this.result(JSON.stringify(value, undefined, 2));
  }

  say(text: string): void {
    this.endProgress();
    this.#options.stderr.write(`${text}\n`);
  }

  paint(style: Style, text: string): string {
    return this.#colors ? styleText(style, text, { validateStream: false }) : text;
  }

  /** One line that changes in place; nothing at all where there is no terminal to change it on. */
  progress(text: string): void {
    if (!this.#colors || this.#options.stderr.isTTY !== true) return;
    const line = text.slice(0, Math.max(20, this.#options.stderr.columns - 1));
    this.#options.stderr.write(`${clearLine}${this.paint('dim', line)}`);
    this.#progressing = true;
  }

  endProgress(): void {
    if (this.#progressing) this.#options.stderr.write(clearLine);
    this.#progressing = false;
  }
}
