import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  authorityState,
  createAuthority,
  type Issued,
  mismatches,
  observeKeyPair,
  openAuthority,
  PkiError,
  readKeyIfPresent,
  replaceKeyPair,
  writeKeyPair,
  writeNewCertificate,
} from '#pki';
import { asDeadProcess, failingAt, Killed, killedAt, onDisk } from './failing-disk.js';
import { type Bench, bench, freshFolder, now } from './setting.js';

const create = (folder: string) => () =>
  createAuthority({ folder, commonName: 'Test CA', keyType: 'ecdsa-p256', days: 3650, now });

/** Calls `story` with 0, 1, 2… until the work needs no more steps than that; returns how many it took. */
async function atEachStep(t: ExecutionContext, story: (step: number) => Promise<boolean>): Promise<number> {
  for (let step = 0; step < 60; step += 1) if (await story(step)) return step;
  t.fail('it takes more than 60 steps');
  return 60;
}

const isKill = (error: unknown): boolean =>
  error instanceof Killed || (error instanceof PkiError && error.cause instanceof Killed);

test.serial(
  'an authority whose making is killed at any step is there whole or not at all, and can be made then',
  async (t) => {
    const steps = await atEachStep(t, async (step) => {
      const parent = await freshFolder(t);
      const folder = join(parent, 'pki');
      let done = false;
      await asDeadProcess(async () => {
        const { error } = await onDisk(killedAt(step), create(folder));
        done = error === undefined;
        t.true(done || isKill(error), String(error));
      });
      const { state } = await authorityState(folder);
      t.true(state === 'absent' || state === 'whole', `killed at ${step}: ${state}`);
      if (state === 'absent') await create(folder)();
      t.is((await openAuthority(folder)).ledger.size, 1);
      if (state === 'absent') t.deepEqual(await readdir(parent), ['pki'], `killed at ${step}: leftovers were cleared`);
      return done;
    });
    t.true(steps > 20, `${steps} steps`);
  },
);

test.serial('an authority whose making fails at any step leaves nothing behind and says why', async (t) => {
  await atEachStep(t, async (step) => {
    const parent = await freshFolder(t);
    const folder = join(parent, 'pki');
    const { error } = await onDisk(failingAt(step, 'ENOSPC'), create(folder));
    if (error === undefined) return true;
    t.true(error instanceof PkiError && error.code === 'disk-full' && error.message.includes(parent), String(error));
    t.regex(error instanceof PkiError ? (error.hint ?? '') : '', /free some space/);
    const left = await readdir(parent);
    // Only the very last step, making the finished folder's name durable, can fail with all of it in place.
    t.true(left.length === 0 || (await authorityState(folder)).state === 'whole', `${step}: ${left}`);
    return false;
  });
});

/** What the wizard does: look, issue when something is amiss, under the key that is there. */
async function provision({ authority, folder }: Bench, issue: Bench['issue']): Promise<Issued | undefined> {
  const paths = pathsIn(folder);
  const wanted = { profile: 'server', commonName: 'm1', names: ['m1.example'] } as const;
  if (mismatches(await observeKeyPair(paths), wanted, authority, now).length === 0) return undefined;
  const issued = await issue({ ...wanted, keyPem: await readKeyIfPresent(paths.key) });
  await writeKeyPair(paths, issued);
  return issued;
}

const pathsIn = (folder: string) => ({ certificate: join(folder, 'm1', 'm1.crt'), key: join(folder, 'm1', 'm1.key') });

test.serial(
  'a key pair whose writing is killed at any step is completed by a second run, under the key that was written',
  async (t) => {
    const steps = await atEachStep(t, async (step) => {
      const setting = await bench(t);
      const paths = pathsIn(setting.folder);
      const issued = await setting.issue({ names: ['m1.example'] });
      let done = false;
      await asDeadProcess(async () => {
        const { error } = await onDisk(killedAt(step), () => writeKeyPair(paths, issued));
        done = error === undefined;
        t.true(done || isKill(error), String(error));
      });
      const key = await readKeyIfPresent(paths.key);
      t.true(key === undefined || key === issued.keyPem, `killed at ${step}: the key is whole or absent`);
      if (key !== undefined) t.is((await stat(paths.key)).mode & 0o777, 0o600);
      await provision(setting, setting.issue);
      t.is((await observeKeyPair(paths)).key, 'matches');
      if (key !== undefined) t.is(await readKeyIfPresent(paths.key), key);
      t.is(await provision(setting, setting.issue), undefined, 'a third run has nothing to do');
      t.deepEqual(await readdir(join(setting.folder, 'm1')), ['m1.crt', 'm1.key']);
      return done;
    });
    t.true(steps > 10, `${steps} steps`);
  },
);

test.serial('a key pair that does not fit on the disk leaves no half of a file', async (t) => {
  await atEachStep(t, async (step) => {
    const setting = await bench(t);
    const paths = pathsIn(setting.folder);
    await mkdir(join(setting.folder, 'm1'));
    const issued = await setting.issue();
    const { error } = await onDisk(failingAt(step, 'ENOSPC'), () => writeKeyPair(paths, issued));
    const left = await readdir(join(setting.folder, 'm1'));
    t.deepEqual(
      left.filter((name) => name.endsWith('.tmp')),
      [],
      `step ${step}`,
    );
    if (left.includes('m1.key')) t.is(await readFile(paths.key, 'utf8'), issued.keyPem);
    if (left.includes('m1.crt')) t.is(await readFile(paths.certificate, 'utf8'), issued.chainPem);
    return error === undefined;
  });
});

test.serial(
  'a single certificate that does not fit on the disk leaves neither key nor certificate, and fits later',
  async (t) => {
    const steps = await atEachStep(t, async (step) => {
      const setting = await bench(t);
      const paths = pathsIn(setting.folder);
      await mkdir(join(setting.folder, 'm1'));
      const issued = await setting.issue();
      const { error } = await onDisk(failingAt(step, 'ENOSPC'), () => writeNewCertificate(paths, issued));
      if (error === undefined) return true;
      t.true(error instanceof PkiError && error.code === 'disk-full', String(error));
      t.deepEqual(await readdir(join(setting.folder, 'm1')), [], `step ${step}`);
      await writeNewCertificate(paths, issued);
      t.is((await observeKeyPair(paths)).key, 'matches');
      return false;
    });
    t.true(steps > 10, `${steps} steps`);
  },
);

test.serial(
  'a new key pair whose placing is killed at any step leaves the old pair, the new one, or one that is completed',
  async (t) => {
    const steps = await atEachStep(t, async (step) => {
      const setting = await bench(t);
      const paths = pathsIn(setting.folder);
      const [old, next] = [
        await setting.issue({ names: ['m1.example'] }),
        await setting.issue({ names: ['m1.example'] }),
      ];
      await writeKeyPair(paths, old);
      let done = false;
      await asDeadProcess(async () => {
        const { error } = await onDisk(killedAt(step), () => replaceKeyPair(paths, next));
        done = error === undefined;
        t.true(done || isKill(error), String(error));
      });
      const [key, certificate] = [await readFile(paths.key, 'utf8'), await readFile(paths.certificate, 'utf8')];
      const found = [key === next.keyPem, certificate === next.chainPem].join();
      t.true(['false,false', 'true,false', 'true,true'].includes(found), `killed at ${step}: ${found}`);
      await provision(setting, setting.issue);
      t.is((await observeKeyPair(paths)).key, 'matches');
      t.is(await readKeyIfPresent(paths.key), key);
      return done;
    });
    t.true(steps > 10, `${steps} steps`);
  },
);

test.serial('a single certificate is not written over what is there, and what is there stays', async (t) => {
  const setting = await bench(t);
  const paths = pathsIn(setting.folder);
  const [first, second] = [await setting.issue(), await setting.issue()];
  await writeNewCertificate(paths, first);
  await t.throwsAsync(writeNewCertificate(paths, second), { code: 'file-exists' });
  await t.throwsAsync(writeNewCertificate({ ...paths, key: `${paths.key}2` }, second), { code: 'file-exists' });
  t.is(await readFile(paths.key, 'utf8'), first.keyPem);
  t.deepEqual(await readdir(join(setting.folder, 'm1')), ['m1.crt', 'm1.key']);
});

test.serial(
  'a new key pair that does not fit on the disk leaves the old pair and nothing else, and fits later',
  async (t) => {
    const steps = await atEachStep(t, async (step) => {
      const setting = await bench(t);
      const paths = pathsIn(setting.folder);
      const [old, next] = [await setting.issue(), await setting.issue()];
      await writeKeyPair(paths, old);
      const { error } = await onDisk(failingAt(step, 'ENOSPC'), () => replaceKeyPair(paths, next));
      t.deepEqual(await readdir(join(setting.folder, 'm1')), ['m1.crt', 'm1.key'], `step ${step}`);
      if (error === undefined) return true;
      t.true(error instanceof PkiError && error.code === 'disk-full', String(error));
      const key = await readFile(paths.key, 'utf8');
      // From the first rename on nothing more is written but names.
      if (key === old.keyPem) t.is(await readFile(paths.certificate, 'utf8'), old.chainPem, `step ${step}`);
      await replaceKeyPair(paths, next);
      t.is((await observeKeyPair(paths)).key, 'matches');
      return false;
    });
    t.true(steps > 10, `${steps} steps`);
  },
);
