import { spawnSync } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { authorityState, createAuthority, PkiError, readTextIfPresent, replaceFile, sweepFolder, writeNew } from '#pki';
import { ask, freshFolder, now } from './setting.js';

// Serial: some of these change who this process is.

const nobody = 65_534;

/** Permissions mean nothing to root: as root, `work` is done by nobody, whom `folder` is given to. */
async function asUser(folder: string, work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  await chown(folder, nobody, nobody);
  process.seteuid?.(nobody);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

const isPkiError = (t: ExecutionContext, error: unknown, code: string, path: string): void => {
  t.true(error instanceof PkiError && error.code === code && error.message.includes(path), String(error));
  t.true(error instanceof PkiError && error.hint !== undefined);
};

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test.serial(
  'a file that may not be read, and a folder that may not be written, are errors with their paths',
  async (t) => {
    const folder = await freshFolder(t);
    await asUser(folder, async () => {
      const [secret, locked] = [join(folder, 'secret'), join(folder, 'locked')];
      await writeFile(secret, 'x', { mode: 0 });
      isPkiError(t, await caught(readTextIfPresent(secret)), 'permission-denied', secret);
      await mkdir(locked, { mode: 0o500 });
      isPkiError(t, await caught(writeNew(join(locked, 'key'), 'x', 0o600)), 'permission-denied', join(locked, 'key'));
      t.deepEqual(await readdir(locked), []);
      await chmod(locked, 0);
      isPkiError(t, await caught(authorityState(locked)), 'permission-denied', locked);
      const create = createAuthority({
        folder: join(locked, 'pki'),
        commonName: 'CA',
        keyType: 'ed25519',
        days: 1,
        now,
      });
      isPkiError(t, await caught(create), 'permission-denied', locked);
      await chmod(locked, 0o700);
    });
  },
);

test.serial('a file has the mode that was asked for from its first moment, whatever the umask', async (t) => {
  const folder = await freshFolder(t);
  const before = process.umask(0o277);
  try {
    await writeNew(join(folder, 'key'), 'x', 0o600);
    await replaceFile(join(folder, 'certificate'), 'x', 0o644);
  } finally {
    process.umask(before);
  }
  t.is((await stat(join(folder, 'key'))).mode & 0o777, 0o600);
  t.is((await stat(join(folder, 'certificate'))).mode & 0o777, 0o644);
});

test.serial('a new file is not written over a file, a folder or a symbolic link', async (t) => {
  const folder = await freshFolder(t);
  await writeFile(join(folder, 'file'), 'mine');
  await mkdir(join(folder, 'folder'));
  await symlink('nowhere', join(folder, 'link'));
  for (const name of ['file', 'folder', 'link']) {
    const path = join(folder, name);
    isPkiError(t, await caught(writeNew(path, 'x', 0o600)), 'file-exists', path);
  }
  t.is(await readFile(join(folder, 'file'), 'utf8'), 'mine');
  t.true((await lstat(join(folder, 'link'))).isSymbolicLink());
  t.deepEqual((await readdir(folder)).toSorted(), ['file', 'folder', 'link']);
});

test.serial('what a killed run left is cleared, what a running one is writing is not', async (t) => {
  const folder = await freshFolder(t);
  const { pid } = spawnSync(process.execPath, ['--version']);
  const alive = `.m1.key.${process.pid}-0123abcd.tmp`;
  const lookalikes = ['.m1.key.tmp', `m1.key.${pid}-0123abcd.tmp`, `.m1.key.${pid}-0123abcd.tmp.old`];
  for (const name of [alive, ...lookalikes, `.m1.key.${pid}-0123abcd.tmp`]) await writeFile(join(folder, name), 'x');
  await mkdir(join(folder, `.pki.${pid}-89abcdef.tmp`, 'full'), { recursive: true });
  t.is(await sweepFolder(folder), 2);
  t.deepEqual((await readdir(folder)).toSorted(), [alive, ...lookalikes].toSorted());
  t.is(await sweepFolder(join(folder, 'missing')), 0);
});

const script = fileURLToPath(new URL('write-there.js', import.meta.url));
const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
// Where all judges are demanded these run, and fail.
const leftOut = !mayMount && process.env.QUORATE_JUDGES !== 'required';
if (leftOut) {
  process.stderr.write('left out, this user may not mount a file system: writing to a full and a read-only one\n');
}
const onMount = leftOut ? test.serial.skip : test.serial;

/** Writes to a file system of its own, and prints what came of it and what is there then. */
const mounted = test.macro<[string, string, number, string]>({
  title: (_, what) => what,
  async exec(t, _, options, size, expected) {
    const folder = await freshFolder(t);
    const commands = `mount -t tmpfs -o ${options} tmpfs "$0" && "$1" "$2" "$0/key" ${size}; ls -A "$0"`;
    const answer = await ask('unshare', ...namespace, 'sh', '-c', commands, folder, process.execPath, script);
    t.is(answer, expected.replaceAll('PATH', join(folder, 'key')));
  },
});

onMount(mounted, 'a small file fits on a small disk', 'size=32k', 10, 'writtenkey\n');
onMount(
  mounted,
  'a full disk is said to be full, and no half of the file stays',
  'size=32k',
  100_000,
  'disk-full: cannot write PATH: no space left on the device (free some space and run the same again)',
);
onMount(
  mounted,
  'a read-only file system is said to be one',
  'ro',
  10,
  'read-only: cannot write PATH: the file system is read-only (mount it writable, or choose another folder)',
);
