import { isIP } from 'node:net';
import { type Address, isUnspecified } from '../transport/address.js';
import { parseAutoCompaction } from './auto-compaction.js';
import { type Complaint, orComplain } from './complaint.js';
import type { ReadFlags } from './flag-values.js';
import { checkInitialCluster } from './initial-cluster-checks.js';
import { parseLogRotation } from './log-config.js';
import { checkTls } from './tls-checks.js';

/** Checks what one flag's parser can't see: how the flags go together. Adds to the complaints and warnings. */
export function checkFlags(read: ReadFlags): void {
  checkName(read);
  checkMember(read);
  checkTimes(read);
  checkListening(read);
  checkAdvertised(read);
  checkUpkeep(read);
  checkLog(read);
  checkInitialCluster(read);
  checkTls(read);
}

/** Those of them that say who a member is among which others. */
export function checkPlace(read: ReadFlags): void {
  checkName(read);
  checkInitialCluster(read);
}

function checkName({ values, complaints }: ReadFlags): void {
  if (/^[^\s,=/]+$/.test(values.name)) return;
  const message = `--name "${values.name}" must be one word without "," "=" and "/"`;
  complaints.push({ flag: '--name', message });
}

function checkMember({ values, warnings }: ReadFlags): void {
  const recommended = 10 * 1024 ** 2;
  if (values['max-request-bytes'] > recommended) {
    warnings.push(`--max-request-bytes ${values['max-request-bytes']} exceeds the recommended ${recommended}`);
  }
}

const electionMsMax = 50_000;

function checkTimes({ values, complaints }: ReadFlags): void {
  const heartbeat = values['heartbeat-interval'];
  const election = values['election-timeout'];
  if (heartbeat === 0) {
    complaints.push({ flag: '--heartbeat-interval', message: '--heartbeat-interval must be >0 (set to 0ms)' });
  }
  if (election > electionMsMax) {
    const message = `--election-timeout[${election}ms] is too long, and should be set less than ${electionMsMax}ms`;
    complaints.push({ flag: '--election-timeout', message });
  }
  if (election === 0) {
    complaints.push({ flag: '--election-timeout', message: '--election-timeout must be >0 (set to 0ms)' });
    return;
  }
  if (election >= 5 * heartbeat) return;
  complaints.push({
    flag: '--election-timeout',
    message: `--election-timeout[${election}ms] should be at least as 5 times as --heartbeat-interval[${heartbeat}ms]`,
    hint: `set --election-timeout=${10 * heartbeat}`,
  });
}

const listenFlags = [
  'listen-peer-urls',
  'listen-client-urls',
  'listen-client-http-urls',
  'listen-metrics-urls',
] as const;

function checkListening({ values, given, fromFile, complaints }: ReadFlags): void {
  for (const flag of listenFlags) {
    for (const { host, text } of values[flag]) {
      if (isIP(host) !== 0 || host === 'localhost') continue;
      const hint = 'listen on an address of this machine, 0.0.0.0 for all';
      complaints.push({ flag: `--${flag}`, message: `--${flag}: expected IP in URL for binding (${text})`, hint });
    }
  }
  complaints.push(...portClashes(listenFlags.flatMap((flag) => values[flag])));
  // etcd asks for it on the command line only; from a file the default goes out.
  if (fromFile || !given.has('listen-client-urls') || given.has('advertise-client-urls')) return;
  complaints.push({
    flag: '--advertise-client-urls',
    message: '--advertise-client-urls is required when --listen-client-urls is set explicitly',
    hint: 'name the URL by which clients reach this member',
  });
}

function portClashes(addresses: readonly Address[]): readonly Complaint[] {
  const places = addresses.filter(({ port }) => port !== 0).map(({ host, port }) => `${host}:${port}`);
  const doubled = new Set(places.filter((place, at) => places.indexOf(place) !== at));
  return [...doubled].map((place) => ({
    flag: '--listen-client-urls',
    message: `${place} is listened on twice`,
    hint: 'every listen URL needs its own port, peers and clients too',
  }));
}

/** As in etcd, where much that was written for one member on one machine has them. */
function checkAdvertised({ values, warnings }: ReadFlags): void {
  for (const flag of ['initial-advertise-peer-urls', 'advertise-client-urls'] as const) {
    for (const { host, text } of values[flag]) {
      if (!isUnspecified(host)) continue;
      warnings.push(`--${flag}: ${text} is no address to connect to; whoever is told of it elsewhere finds nobody`);
    }
  }
}

function checkUpkeep({ values, complaints }: ReadFlags): void {
  const { 'auto-compaction-mode': mode, 'auto-compaction-retention': retention } = values;
  orComplain(complaints, '--auto-compaction-retention', () => parseAutoCompaction(mode, retention), undefined);
  const gates = values['feature-gates'];
  if (gates.LeaseCheckpointPersist && !gates.LeaseCheckpoint) {
    const message = 'enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint';
    complaints.push({ flag: '--feature-gates', message });
  }
}

function checkLog({ values, complaints }: ReadFlags): void {
  if (!values['enable-log-rotation']) return;
  const rotation = values['log-rotation-config-json'];
  orComplain(complaints, '--log-rotation-config-json', () => parseLogRotation(rotation), undefined);
  const outputs = values['log-outputs'];
  const files = outputs.filter((place) => !standardOutputs.includes(place));
  if (files.length === 1 && outputs.length === 1) return;
  const message = '--log-outputs requires a single file path when --log-rotate-config-json is defined';
  complaints.push({ flag: '--log-outputs', message });
}

const standardOutputs: readonly string[] = ['default', 'stderr', 'stdout', 'systemd/journal'];
