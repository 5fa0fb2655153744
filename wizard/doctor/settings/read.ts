import { readSource } from '../../plan/source.js';

// Units, manifests, environment files, configurations and shell lines that somebody wrote for etcd, by the settings in them.

/** By etcd's name of the flag: `advertise-client-urls`. */
export type Settings = ReadonlyMap<string, string>;

const word = String.raw`"[^"\n]*"|'[^'\n]*'|[^\s"'\\,\]]+(?:,[^\s"'\\\]]+)*`;
const flagPattern = new RegExp(
  String.raw`(?:^|[\s"'[,])--([a-z][a-z0-9-]+)(?:(?:=|["']?,?\s+["']?)(?!--)(${word}))?`,
  'g',
);
const variablePattern = new RegExp(String.raw`ETCD_([A-Z0-9_]+)\s*=\s*(${word})`, 'g');
const podVariablePattern = new RegExp(String.raw`name:\s*["']?ETCD_([A-Z0-9_]+)["']?\s*\n\s*value:\s*(${word})`, 'g');
const configPattern = new RegExp(String.raw`^([a-z][a-z-]+):[ \t]*(${word})[ \t]*$`, 'gm');

const bare = (value: string | undefined): string => (value ?? 'true').replace(/^["']|["']$/g, '');
const flagOf = (variable: string): string => variable.toLowerCase().replaceAll('_', '-');

/** As they stand in any kind of file; the first of each counts. Comments are left out. */
export function settingsIn(text: string): Settings {
  const lines = text.replace(/^\s*(#|;|\/\/).*$/gm, '').replace(/\\\n/g, ' ');
  const found = new Map<string, string>();
  const take = (name: string, value: string | undefined): void => {
    if (!found.has(name)) found.set(name, bare(value));
  };
  for (const [, name = '', value] of lines.matchAll(flagPattern)) take(name, value);
  for (const pattern of [variablePattern, podVariablePattern])
    for (const [, name = '', value] of lines.matchAll(pattern)) take(flagOf(name), value);
  if (found.size === 0) for (const [name, value] of configured(lines)) take(name, value);
  return found;
}

/** etcd's own configuration file: YAML whose keys are flags, but for TLS, which has two sections. */
function configured(text: string): (readonly [name: string, value: string | undefined])[] {
  const found = [...text.matchAll(configPattern)].map(([, name = '', value]) => [name, value] as const);
  const sections = [
    ['client-transport-security', ''],
    ['peer-transport-security', 'peer-'],
  ] as const;
  const whole = sections.some(([section]) => text.includes(section)) ? parsed(text) : {};
  const inSections = sections.flatMap(([section, prefix]) =>
    Object.entries(fieldsOf(whole[section])).flatMap(([name, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value) && value !== ''
        ? [[prefix + name, String(value)] as const]
        : [],
    ),
  );
  return [...found.filter(([name]) => !sections.some(([section]) => section === name)), ...inSections];
}

export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Nothing where it is no YAML: then it is no configuration. */
function parsed(text: string): Readonly<Record<string, unknown>> {
  return fieldsOf(readSource(text, '').value);
}

export const isOn = (value: string | undefined): boolean => value !== undefined && value !== 'false';
export const urlsOf = (value: string | undefined): string[] => value?.split(',').map((url) => url.trim()) ?? [];
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '');
