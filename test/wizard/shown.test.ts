import { PassThrough } from 'node:stream';
import test from 'ava';
import { visible, visibleJson, visibleOrPainted } from '../../wizard/shown.js';
import { Terminal } from '../../wizard/terminal.js';

const hostile = 'a\u001b[8mhidden\u001b[2J\u001b]0;title\u0007\u202eb\u009b31m';
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

function terminalOf(isTty: boolean) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said: string[] = [];
  for (const stream of [stdout, stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  const streams = { stdout: Object.assign(stdout, { isTTY: isTty }), stderr: Object.assign(stderr, { isTTY: isTty }) };
  const options = { ...streams, stdin: process.stdin, colors: true, plain: true };
  return { terminal: new Terminal(options as unknown as ConstructorParameters<typeof Terminal>[0]), said };
}

test('what others say is obeyed by no terminal, whichever way it is said', (t) => {
  for (const isTty of [true, false]) {
    const { terminal, said } = terminalOf(isTty);
    terminal.result(hostile);
    terminal.say(hostile);
    terminal.json({ hostile });
    t.is(said.length, 3);
    for (const text of said) t.false(obeyed.test(text), JSON.stringify(text));
    t.deepEqual(JSON.parse(said[2] ?? ''), { hostile });
  }
});

test('our own paint stays, and what conceals does not', (t) => {
  const { terminal, said } = terminalOf(true);
  terminal.result(terminal.paint('red', 'x\u001b[8my'));
  t.is(said[0], '\u001b[31mx\\u{1b}[8my\u001b[39m\n');
  t.is(visibleOrPainted('\u001b[30;40mblack on black'), '\\u{1b}[30;40mblack on black');
  t.is(visible('\u001b[31mred'), '\\u{1b}[31mred');
  t.is(visible('lines\n\tstay'), 'lines\n\tstay');
  t.deepEqual(JSON.parse(visibleJson(JSON.stringify({ a: '\u{e0001}\u202e', b: ['\n'] }))), {
    a: '\u{e0001}\u202e',
    b: ['\n'],
  });
});
