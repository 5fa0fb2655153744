import type { Ended } from '../wizard/commands/quorate.js';
import type { LocalCluster } from './local-cluster.js';

// What a command came to, without what differs from cluster to cluster: ids, terms, ports, sizes, times.

type Rule = readonly [pattern: RegExp, replacement: string];

const rules: readonly Rule[] = [
  // JSON and fields
  [
    /("(?:cluster_?id|member_?id|raft_?term|raft_?index|raft_?applied_?index|leader|db_?size(?:_?in_?use)?|id)"\s?:\s?)\d+/gi,
    '$1#',
  ],
  [/("version":)"[^"]*"/g, '$1"#"'],
  // the client's own warnings
  [/"ts":"[^"]*"/g, '"ts":"#"'],
  [/"target":"[^"]*"/g, '"target":"#"'],
  [/took(" ?:"| = )[\d.]+[µm]?s/g, 'took$1#'],
  [/\| +[\d.]+[µm]?s \|/g, '| # |'],
  // ids in hexadecimal, at line starts and in tables
  [/^[0-9a-f]{8,16}(?=, )/gm, '#'],
  [/\| +[0-9a-f]{8,16} \|/g, '| # |'],
  // leases
  [/\blease [0-9a-f]{10,16}\b/g, 'lease #'],
  [/("Lease" : )\d{9,}/g, '$1#'],
  [/(\/)[0-9a-f]{10,16}\b/g, '$1#'],
  [/remaining\(\d+s\)/g, 'remaining(#s)'],
  // endpoint status
  [
    /, [0-9a-f]{8,16}, [\d.]+, [\d.]+ [kM]?B, (true|false), (true|false), \d+, \d+, \d+,/g,
    ', #, #, #, $1, $2, #, #, #,',
  ],
  [
    /(\| # \|) +[\d.]+ \| +[\d.]+ [kM]?B \| +(true|false) \| +(true|false) \| +\d+ \| +\d+ \| +\d+ \|/g,
    '$1 # | # | $2 | $3 | # | # | # |',
  ],
  // a table is as wide as its content
  [/-{3,}/g, '---'],
  [/ {2,}/g, ' '],
];

function withNames(cluster: LocalCluster, text: string): string {
  const ports = cluster.plan.members.flatMap(({ name, clientPort, peerPort }) => [
    [`127.0.0.1:${clientPort}`, `<${name} client>`],
    [`127.0.0.1:${peerPort}`, `<${name} peer>`],
  ]);
  return ports.reduce((result, [address = '', name = '']) => result.replaceAll(address, name), text);
}

/** The answer as lines: what was printed, what was said, and how it ended if not well. */
export function comparable(cluster: LocalCluster, { code, stdout, stderr }: Ended): readonly string[] {
  const plain = (text: string): string =>
    rules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), withNames(cluster, text));
  const lines = (text: string): string[] => (text === '' ? [] : plain(text).replace(/\n$/, '').split('\n'));
  const said = lines(stderr).map((line) => `stderr: ${line}`);
  return [...lines(stdout), ...said, ...(code === 0 ? [] : [`exit ${code}`])];
}
