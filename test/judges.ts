import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import test, { type ImplementationFn } from 'ava';

// Programs from outside that judge ours: etcd, etcdctl, openssl, systemd-analyze…
// Where one is missing its checks are left out, named, and counted as skipped; QUORATE_JUDGES=required makes them fail.

export interface Judge {
  /** Whether all of its programs are on PATH. */
  readonly present: boolean;
  /** AVA's `test`, for what can't be checked without this judge. */
  test(title: string, implementation: ImplementationFn<[]>): void;
  /** AVA's `test.serial`, likewise. */
  serial(title: string, implementation: ImplementationFn<[]>): void;
}

const required = process.env.QUORATE_JUDGES === 'required';

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @example
 * const etcd = judge('etcd', 'etcdctl');
 * etcd.test('a put is read back by etcdctl', async (t) => { … });
 */
export function judge(...programs: readonly string[]): Judge {
  const missing = programs.filter((program) => !onPath(program)).join(', ');
  const leaveOut = (title: string): void => {
    if (required) {
      test(title, (t) => t.fail(`QUORATE_JUDGES=required, but not on PATH: ${missing}`));
      return;
    }
    process.stderr.write(`left out, not on PATH: ${missing} — ${title}\n`);
    test.skip(title, (t) => t.pass());
  };
  return {
    present: missing === '',
    test: (title, implementation) => (missing === '' ? test(title, implementation) : leaveOut(title)),
    serial: (title, implementation) => (missing === '' ? test.serial(title, implementation) : leaveOut(title)),
  };
}
