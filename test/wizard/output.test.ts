import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { appliedCluster } from './run/cluster.js';

test('a page goes to a file, to stdout, or into a pipe that stays one', async (t) => {
  const cluster = await appliedCluster(t);
  const page = /^<!doctype html>/;
  const written = await cluster.run(['status', '--html', cluster.at('page.html')]);
  t.is(written.stdout, `${cluster.at('page.html')}\n`);
  t.regex(readFileSync(cluster.at('page.html'), 'utf8'), page);
  t.regex((await cluster.run(['status', '--html', '-'])).stdout, page);
  execFileSync('mkfifo', [cluster.at('pipe')]);
  const reader = spawn('cat', [cluster.at('pipe')]);
  const [read, piped] = await Promise.all([text(reader.stdout), cluster.run(['status', '--html', cluster.at('pipe')])]);
  t.regex(read, page);
  t.is(piped.stdout, '');
  t.true(lstatSync(cluster.at('pipe')).isFIFO());
});
