import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** systemd's own opinion on a unit, in a file system that holds nothing but systemd's units and the program. */
export function verified(text: string, name = 'quorate'): { readonly status: number | null; readonly said: string } {
  const root = mkdtempSync(join(tmpdir(), 'quorate-unit-'));
  try {
    cpSync('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    mkdirSync(join(root, 'usr/bin'));
    writeFileSync(join(root, `usr/bin/${name}`), '', { mode: 0o755 });
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
    writeFileSync(join(root, `etc/systemd/system/${name}.service`), text);
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', `--root=${root}`, `${name}.service`], {
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(root, { recursive: true });
  }
}
