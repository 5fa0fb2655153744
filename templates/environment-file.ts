import { environmentValue } from './quoting.js';

/** Variables in the order in which they are to be written. */
export type Variables = Readonly<Record<string, string>>;

/** A systemd EnvironmentFile, which a POSIX shell can source too. */
export function environmentFile(comment: readonly string[], variables: Variables): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${environmentValue(value)}`);
  return `${[...comment.map((line) => `# ${line.replace(/\p{Cc}/gu, ' ')}`), ...lines].join('\n')}\n`;
}
