import {
  ClusterError,
  etcdVersion,
  type FlagHelp,
  flagHelp,
  loadConfigFile,
  Member,
  type MemberOptions,
  openLogger,
  readMemberConfig,
} from '#cluster/server';
import { type ExitCode, exitCodes } from '../report.js';
import { version } from '../version.js';
import { endSignal, untilAborted } from './end-signal.js';

const isHelp = (arg: string): boolean => ['--help', '-help', '-h'].includes(arg);
const isVersion = (arg: string): boolean => ['--version', '-version'].includes(arg);

function rowText({ flag, variable, description, fallback }: FlagHelp): string {
  const standard = fallback === '' ? '' : ` (default ${fallback})`;
  return `  ${flag}\n      ${description}${standard}; ${variable}\n`;
}

function helpText(): string {
  const groups = flagHelp.map(({ title, flags }) => `${title}:\n${flags.map(rowText).join('')}`);
  return `Usage: quorate serve [flags]\n\nRuns one member of the included store. Takes etcd's flags and ETCD_* variables.\n\n${groups.join('\n')}`;
}

/** `quorate serve`: one member, until it is told to stop or can't go on. */
export async function serve(args: readonly string[]): Promise<ExitCode> {
  if (args.some(isHelp)) {
    process.stdout.write(helpText());
    return exitCodes.done;
  }
  if (args.some(isVersion)) {
    // Programs read from etcd's first line what they may ask for.
    process.stdout.write(`etcd Version: ${etcdVersion}\nQuorate Version: ${version()}\n`);
    return exitCodes.done;
  }
  const file = await loadConfigFile(args, process.env);
  const { config, warnings } = readMemberConfig(args, process.env, file);
  const { logger, close } = openLogger(config);
  for (const warning of warnings) logger.warn(warning);
  const signal = endSignal('SIGTERM', 'SIGINT');
  try {
    const member = await startUnlessEnded({ config, logger, version: version() }, signal);
    const failure = await Promise.race([untilAborted(signal), member?.failed]);
    if (member === undefined || failure === undefined) {
      logger.info('stopping: told to');
      await member?.close();
      return exitCodes.done;
    }
    logger.error('stopping: the member can not go on', { error: failure });
    // What failed once may fail again while it is closed, and is no news then.
    await member.close().catch((error: unknown) => logger.warn('not everything could be closed', { error }));
    throw failure;
  } finally {
    await close();
  }
}

/** Undefined: it was told to end while it waited for a cluster to serve. */
async function startUnlessEnded(options: MemberOptions, signal: AbortSignal): Promise<Member | undefined> {
  try {
    return await Member.start(options, signal);
  } catch (error) {
    if (signal.aborted && error instanceof ClusterError && error.code === 'stopped') return undefined;
    throw error;
  }
}
