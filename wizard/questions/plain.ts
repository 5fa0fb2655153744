import { createInterface } from 'node:readline';
import type { Objection } from '../plan/complaints.js';
import { quoted } from '../shown.js';
import { plainVariable } from '../terminal.js';
import { back } from './interview.js';
import type { Answer, ChoiceQuestion, Question } from './question.js';

// Questions line by line, for whoever has the screen read out: nothing that was written is written over.

/** Ctrl-C or Ctrl-D. */
export class InputEnded extends Error {}

export const isPlain = (): boolean => (process.env[plainVariable] ?? '') !== '';

/** What is typed to go back. */
const backWord = '<';

export async function askPlainly(question: Question, mayGoBack: boolean): Promise<Answer | typeof back> {
  for (const line of preface(question)) process.stderr.write(`${line}\n`);
  const ways = `${proposal(question)}${mayGoBack ? `, ${backWord} to go back` : ''}`;
  for (;;) {
    const typed = (await readLine(`${question.message} [${ways}]: `)).trim();
    if (mayGoBack && typed === backWord) return back;
    const read = await understand(question, typed);
    if ('answer' in read) return read.answer;
    const { what, hint } = read.objection;
    process.stderr.write(`${hint === undefined ? what : `${what}; ${hint}`}\n`);
  }
}

const preface = (question: Question): readonly string[] =>
  question.kind === 'choice'
    ? question.choices.map(({ label, description }, n) => `${n + 1}: ${label}${description && `, ${description}`}`)
    : [];

function proposal(question: Question): string {
  if (question.kind === 'yes-no') return `yes or no, Enter: ${question.default ? 'yes' : 'no'}`;
  if (question.kind !== 'choice') return `Enter: ${question.default}`;
  return `a number, Enter: ${1 + question.choices.findIndex(({ value }) => value === question.default)}`;
}

type Read = { readonly answer: Answer } | { readonly objection: Objection };

async function understand(question: Question, typed: string): Promise<Read> {
  switch (question.kind) {
    case 'choice':
      return typed === '' ? { answer: question.default } : chosen(question, typed);
    case 'yes-no': {
      if (typed === '') return { answer: question.default };
      if (/^(y|yes|n|no)$/i.test(typed)) return { answer: /^y/i.test(typed) };
      return { objection: { what: `${quoted(typed)} is neither yes nor no` } };
    }
    case 'text':
    case 'secret': {
      const answer = typed === '' ? question.default : typed;
      const objection = await question.objection(answer);
      return objection === undefined ? { answer } : { objection };
    }
  }
}

function chosen({ choices }: ChoiceQuestion, typed: string): Read {
  const choice = /^\d+$/.test(typed) ? choices[Number(typed) - 1] : undefined;
  if (choice !== undefined) return { answer: choice.value };
  return { objection: { what: `${quoted(typed)} is no number from 1 to ${choices.length}` } };
}

/** @throws InputEnded */
function readLine(prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const input = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
    const end = (): void => {
      process.off('SIGINT', end);
      input.close();
      reject(new InputEnded());
    };
    process.once('SIGINT', end);
    input.once('close', end);
    process.stderr.write(prompt);
    input.once('line', (line) => {
      resolve(line);
      end();
    });
  });
}
