import { join, resolve } from 'node:path';
import { kitFiles } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { userOf } from '../../users/add.js';
import { proveKey } from '../../users/prove-key.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate user renew` */
export async function renew(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir } = context;
  const { name, key } = userOf(await readPlan(context), String(given.name));
  if (typeof given.request === 'string') await proveKey(dir, name, resolve(given.request));
  const days = typeof given.days === 'string' ? ['--days', given.days] : [];
  const code = await context.run(['cert', 'renew', name, ...days]);
  if (code !== exitCodes.done) return code;
  const whose = key === 'elsewhere' ? 'for the key that they have' : 'under the key of their kit';
  terminal.say(`send them ${join(dir, kitFiles(name).certificate)}: it is ${whose}`);
  return exitCodes.done;
}
