import { loadServer } from '#cluster';
import { type ExitCode, exitCodes } from '../report.js';
import { version } from '../version.js';

type Server = Awaited<ReturnType<typeof loadServer>>;

const isHelp = (arg: string): boolean => ['--help', '-help', '-h'].includes(arg);

function helpText({ flagHelp }: Server): string {
  const rows = flagHelp.map(({ flag, variable, description, fallback }) => {
    const standard = fallback === '' ? '' : ` (default ${fallback})`;
    return `  ${flag}\n      ${description}${standard}; ${variable}`;
  });
  return `Usage: quorate serve [flags]\n\nRuns one member of the included store. Takes etcd's flags and ETCD_* variables.\n\n${rows.join('\n')}\n`;
}

/** Resolves when the process is told to end; a second signal ends it at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodes.failed);
      controller.abort();
    });
  }
  return controller.signal;
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

/** `quorate serve`: one member, until it is told to stop or can't go on. */
export async function serve(args: readonly string[]): Promise<ExitCode> {
  const server = await loadServer();
  if (args.some(isHelp)) {
    process.stdout.write(helpText(server));
    return exitCodes.done;
  }
  const { config, warnings } = server.readMemberConfig(args, process.env);
  const { logger, close } = server.openLogger(config);
  for (const warning of warnings) logger.warn(warning);
  const signal = stopSignal();
  try {
    const member = await server.Member.start({ config, logger, version: version() }, signal);
    const failure = await Promise.race([aborted(signal), member.failed]);
    logger.info(failure === undefined ? 'stopping: told to' : 'stopping: the member can not go on', { error: failure });
    await member.close();
    if (failure !== undefined) throw failure;
    return exitCodes.done;
  } finally {
    close();
  }
}
