import { styleText } from 'node:util';
import type { Ora } from 'ora';
import { visible, visibleJson, visibleOrPainted } from './shown.js';

// Results go to stdout, what is said to a person to stderr.

export type Style = Parameters<typeof styleText>[0];

export interface TerminalOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Wanted by nobody when false. */
  readonly colors: boolean;
  /** Nothing on the screen is written over. */
  readonly plain: boolean;
}

/** Set to anything: nothing on the screen is written over. `--plain` does the same. */
export const plainVariable = 'QUORATE_PLAIN';

/** So often a line of progress is said where it can't change in place. */
const plainProgressMs = 5_000;

/** Where a command talks to. */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #colors: boolean;
  /** What is being done, while it is. */
  #working: string | undefined;
  #spinner: Ora | undefined;
  readonly #saidOnce = new Set<string>();
  /** When progress was said last, or its work began. */
  #saidAt: number | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#colors = options.colors && options.stdout.isTTY === true;
  }

  /** Whether somebody can be asked. */
  get interactive(): boolean {
    return this.#options.stdin.isTTY === true && this.#options.stderr.isTTY === true;
  }

  get plain(): boolean {
    return this.#options.plain;
  }

  /** Whether a person, and no file or program, sees what goes to stdout. */
  get stdoutIsTerminal(): boolean {
    return this.#options.stdout.isTTY === true;
  }

  result(text: string): void {
    this.endProgress();
    this.#options.stdout.write(`${this.#harmless(text)}\n`);
  }

  /** A result that is no text, or that brings its own line ends. */
  bytes(content: string | Uint8Array): void {
    this.endProgress();
    this.#options.stdout.write(content);
  }

  json(value: unknown): void {
    this.bytes(`${visibleJson(JSON.stringify(value, undefined, 2))}\n`);
  }

  say(text: string): void {
    this.endProgress();
    this.#options.stderr.write(`${this.#harmless(text)}\n`);
  }

  /** What a run would say again and again is said the first time. */
  sayOnce(text: string): void {
    if (this.#saidOnce.has(text)) return;
    this.#saidOnce.add(text);
    this.say(text);
  }

  /** What others have named or said stands in it: no terminal obeys it. */
  #harmless(text: string): string {
    return this.#colors ? visibleOrPainted(text) : visible(text);
  }

  paint(style: Style, text: string): string {
    return this.#colors ? styleText(style, text, { validateStream: false }) : text;
  }

  /** One line that changes in place; where none can, one every few seconds of a long work. */
  progress(text: string): void {
    if (!this.#colors || this.#options.plain || this.#options.stderr.isTTY !== true) {
      this.#sayProgress(text);
      return;
    }
    this.#working = visible(text);
    void this.#spin();
  }

  endProgress(): void {
    this.#working = undefined;
    this.#spinner?.stop();
    this.#saidAt = undefined;
  }

  /** Loaded only where something takes a while. */
  async #spin(): Promise<void> {
    const { default: ora } = await import('ora');
    if (this.#working === undefined) return;
    const { stderr } = this.#options;
    const text = this.#working.slice(0, Math.max(20, stderr.columns - 3));
    // Ctrl-C is the program's: keys and cursor are left alone.
    this.#spinner ??= ora({ stream: stderr, isEnabled: true, discardStdin: false, hideCursor: false });
    if (this.#spinner.isSpinning) this.#spinner.text = text;
    else this.#spinner.start(text);
  }

  #sayProgress(text: string): void {
    const now = performance.now();
    this.#saidAt ??= now;
    if (now - this.#saidAt < plainProgressMs) return;
    this.#saidAt = now;
    this.#options.stderr.write(`${visible(text)}\n`);
  }
}
