import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { Artifact } from '../../wizard/artifacts/artifact.js';
import { desiredArtifacts } from '../../wizard/artifacts/desired.js';
import { engines, runModes } from '../../wizard/plan/plan.js';
import { titleOf } from '../../wizard/steps/step.js';
import { version } from '../../wizard/version.js';
import { samplePlan } from './plans.js';

// All artifacts of a plan as one text: QUORATE_GOLDEN=rewrite writes them anew, to be read in the diff.

const folder = new URL('../../../test/golden/wizard/', import.meta.url);

const content = (artifact: Artifact): string => {
  switch (artifact.kind) {
    case 'file':
      return artifact.content;
    case 'access':
      return `${JSON.stringify(artifact.access, undefined, 2)}\n`;
    case 'key-pair':
      return `${JSON.stringify({ key: artifact.keyPath, type: artifact.keyType, ...artifact.request })}\n`;
    default:
      return '';
  }
};

const entry = (artifact: Artifact): string => {
  const mode = 'mode' in artifact ? ` ${artifact.mode.toString(8)}` : '';
  return `=== ${artifact.path}${mode}: ${titleOf(artifact)}\n${content(artifact)}`;
};

for (const engine of engines) {
  for (const run of runModes) {
    for (const count of [1, 3, 5]) {
      const name = `${engine}-${run}-${count}`;
      test(`the artifacts of ${count} ${count === 1 ? 'member' : 'members'}, engine ${engine}, run ${run}, are those of test/golden/wizard/${name}.txt`, (t) => {
        const artifacts = desiredArtifacts(samplePlan(engine, run, count), '/srv/quorate');
        const text = artifacts.map(entry).join('').replaceAll(`quorate:${version()}`, 'quorate:VERSION');
        const file = new URL(`${name}.txt`, folder);
        if (process.env.QUORATE_GOLDEN === 'rewrite') {
          mkdirSync(folder, { recursive: true });
          writeFileSync(file, text);
        }
        t.is(text, readFileSync(file, 'utf8'));
      });
    }
  }
}

test('a folder stands before what is in it, and everything of a plan has a place of its own', (t) => {
  const artifacts = desiredArtifacts(samplePlan('included', 'systemd', 5), '/srv/quorate');
  const paths = artifacts.map(({ path }) => path);
  t.is(new Set(paths).size, paths.length);
  for (const [index, artifact] of artifacts.entries()) {
    const folders = artifacts
      .slice(index)
      .filter(({ kind, path }) => kind === 'folder' && artifact.path.startsWith(`${path}/`));
    t.deepEqual(folders, [], artifact.path);
  }
});

test("a tree to copy onto a host leaves the host's own folders as open as they are", (t) => {
  const artifacts = desiredArtifacts(samplePlan('included', 'systemd', 1), '/srv/quorate');
  const modes = artifacts.flatMap((artifact) =>
    artifact.kind === 'folder' && artifact.path.startsWith('members/m1')
      ? [[artifact.path, artifact.mode.toString(8)]]
      : [],
  );
  t.deepEqual(modes, [
    ['members/m1', '755'],
    ['members/m1/etc', '755'],
    ['members/m1/etc/quorate', '700'],
    ['members/m1/etc/quorate-crl', '755'],
    ['members/m1/etc/systemd', '755'],
    ['members/m1/etc/systemd/system', '755'],
  ]);
});
