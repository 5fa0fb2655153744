import { isIP } from 'node:net';
import { type Address, isUnspecified } from '../transport/address.js';
import type { Complaint } from './complaint.js';
import type { ReadFlags } from './flag-values.js';
import { checkInitialCluster } from './initial-cluster-checks.js';
import { checkTls } from './tls-checks.js';

/** Checks what one flag's parser can't see: how the flags go together. Adds to the complaints and warnings. */
export function checkFlags(read: ReadFlags): void {
  checkMember(read);
  checkTimes(read);
  checkListening(read);
  checkAdvertised(read);
  checkInitialCluster(read);
  checkTls(read);
}

function checkMember({ values, warnings, complaints }: ReadFlags): void {
  if (!/^[^\s,=/]+$/.test(values.name)) {
    const message = `--name "${values.name}" must be one word without "," "=" and "/"`;
    complaints.push({ flag: '--name', message });
  }
  const recommended = 10 * 1024 ** 2;
  if (values['max-request-bytes'] > recommended) {
    warnings.push(`--max-request-bytes ${values['max-request-bytes']} exceeds the recommended ${recommended}`);
  }
}

function checkTimes({ values, complaints }: ReadFlags): void {
  const heartbeat = values['heartbeat-interval'];
  const election = values['election-timeout'];
  if (election >= 5 * heartbeat) return;
  complaints.push({
    flag: '--election-timeout',
    message: `--election-timeout[${election}ms] should be at least as 5 times as --heartbeat-interval[${heartbeat}ms]`,
    hint: `set --election-timeout=${10 * heartbeat}`,
  });
}

function checkListening({ values, given, complaints }: ReadFlags): void {
  for (const flag of ['listen-peer-urls', 'listen-client-urls', 'listen-metrics-urls'] as const) {
    for (const { host, text } of values[flag]) {
      if (isIP(host) !== 0 || host === 'localhost') continue;
      const hint = 'listen on an address of this machine, 0.0.0.0 for all';
      complaints.push({ flag: `--${flag}`, message: `--${flag}: expected IP in URL for binding (${text})`, hint });
    }
  }
  complaints.push(
    ...portClashes([...values['listen-peer-urls'], ...values['listen-client-urls'], ...values['listen-metrics-urls']]),
  );
  if (!given.has('listen-client-urls') || given.has('advertise-client-urls')) return;
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

// etcd accepts these and hands clients an address that leads nowhere.
function checkAdvertised({ values, complaints }: ReadFlags): void {
  for (const flag of ['initial-advertise-peer-urls', 'advertise-client-urls'] as const) {
    for (const { host, text } of values[flag]) {
      if (!isUnspecified(host)) continue;
      const hint = 'listen there if you must, but advertise an address that others can reach';
      complaints.push({ flag: `--${flag}`, message: `--${flag}: ${text} is no address to connect to`, hint });
    }
  }
}
