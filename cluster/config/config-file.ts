import { readFile } from 'node:fs/promises';
import { ClusterError } from '../errors.js';
import { readArguments } from './arguments.js';
import type { Environment } from './environment.js';
import type { ConfigFile } from './yaml-settings.js';

const bytesMax = 1024 ** 2;

/**
 * Reads the file that `--config-file` or ETCD_CONFIG_FILE names; undefined when neither does. For `readMemberConfig`.
 * @throws ClusterError flag-refused when it can't be read; what is wrong in it is in `complaints`
 */
export async function loadConfigFile(
  args: readonly string[],
  environment: Environment,
): Promise<ConfigFile | undefined> {
  const written = readArguments(args, { complaints: [], warnings: [] });
  const path = written.get('config-file')?.text || environment.ETCD_CONFIG_FILE;
  if (path === undefined || path === '') return undefined;
  const text = await contentOf(path);
  // A member without such a file, as nearly all are, does not wait for a YAML parser.
  const { readYamlSettings } = await import('./yaml-settings.js');
  return readYamlSettings(path, text);
}

async function contentOf(path: string): Promise<string> {
  try {
    const content = await readFile(path);
    if (content.length > bytesMax) throw new Error(`it has ${content.length} bytes, which is no configuration`);
    return content.toString();
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (cause as Error).message;
    const hint = 'name a YAML file like etcd.conf.yml that this user may read';
    throw new ClusterError('flag-refused', `--config-file: open ${path}: ${reason}`, { path }, { cause, hint });
  }
}
