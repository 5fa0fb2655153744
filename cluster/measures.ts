import { idText, type MemberId } from './numbers.js';

// What a member counts about itself while it works: plain numbers, added to where the thing happens and read when somebody
// asks for /metrics. Counting must cost next to nothing there.

/** `count` bounds, each `factor` times the one before. */
export const exponential = (first: number, factor: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => first * factor ** at);

/** How many values came to lie between which bounds, in Prometheus' sense: each bound belongs to the bucket below it. */
export class Histogram {
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last is for all that lies above them. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  get count(): number {
    return this.counts.reduce((sum, each) => sum + each, 0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    counts[at] = (counts[at] as number) + 1;
    this.sum += value;
  }
}

const diskSeconds = exponential(0.001, 2, 14);
const snapshotSeconds = exponential(0.1, 2, 10);
export const requestSeconds = exponential(0.0001, 2, 20);
const hashSeconds = exponential(0.01, 2, 15);

/** How long something took, for what came off and for what did not. */
export class Durations {
  readonly succeeded = new Histogram(requestSeconds);
  readonly failed = new Histogram(requestSeconds);
}

/** Of what goes to one other member and comes from it. */
export class PeerMeasures {
  sentBytes = 0;
  receivedBytes = 0;
  /** Messages that were dropped, and connections that broke. */
  sendFailures = 0;
  receiveFailures = 0;
  disconnections = 0;
  connected = false;
  readonly roundTripSeconds = new Histogram(exponential(0.0001, 2, 16));
  readonly snapshotSendSeconds = new Histogram(snapshotSeconds);
  snapshotsSent = 0;
  snapshotSendFailures = 0;
  snapshotsBeingSent = 0;
  readonly snapshotReceiveSeconds = new Histogram(snapshotSeconds);
  snapshotsReceived = 0;
  snapshotReceiveFailures = 0;
  snapshotsBeingReceived = 0;
}

/** As gRPC's metrics call the kinds of methods. */
export type MethodType = 'unary' | 'server_stream' | 'bidi_stream';

/** Of one method's calls. */
export class MethodMeasures {
  readonly type: MethodType;
  started = 0;
  /** Ended calls by gRPC status. */
  readonly handled = new Array<number>(17).fill(0);
  received = 0;
  sent = 0;
  receivedBytes = 0;
  sentBytes = 0;
  /** Messages that could not be read. */
  unreadable = 0;
  /** Only with --metrics=extensive. */
  readonly seconds: Histogram | undefined;

  constructor(type: MethodType, extensive: boolean) {
    this.type = type;
    // Prometheus' own default.
    const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    this.seconds = extensive ? new Histogram(bounds) : undefined;
  }

  began(): void {
    this.started += 1;
  }

  heard(bytes: number): void {
    this.received += 1;
    this.receivedBytes += bytes;
  }

  said(bytes: number): void {
    this.sent += 1;
    this.sentBytes += bytes;
  }

  /** @param code of gRPC */
  ended(code: number, tookMs: number): void {
    this.handled[code] = (this.handled[code] ?? 0) + 1;
    this.seconds?.observe(tookMs / 1000);
  }
}

/** So many versions are told apart, of at most so many characters: clients may say anything. */
const versionsMax = 100;
const versionLengthMax = 64;

/** Requests by the version of the API that their clients say they are of. */
export class VersionMeasures {
  readonly counts = new Map<string, number>();

  asked(version = 'unknown'): void {
    const { counts } = this;
    const isKept = counts.has(version) || (counts.size < versionsMax && version.length <= versionLengthMax);
    const name = isKept ? version : 'unknown';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
}

/** Of one check of /livez or /readyz. */
export interface CheckMeasures {
  successes: number;
  failures: number;
  /** How the last one came out. */
  holds: boolean;
}

/** Of removing what was compacted. */
export class CompactionMeasures {
  /** Of the slices in which it is done: others wait meanwhile. */
  readonly sliceMs = new Histogram(exponential(1, 2, 13));
  /** With the rests between slices. */
  readonly totalMs = new Histogram(exponential(100, 2, 14));
  removed = 0;
  /** When the last one was through, in seconds since 1970; 0: none since the start. */
  lastSeconds = 0;
}

/** Of the keys, by the operations that this member carried out. */
export class KeyMeasures {
  ranges = 0;
  puts = 0;
  deletes = 0;
  txns = 0;
  putBytes = 0;
  readonly compaction = new CompactionMeasures();
}

/** Of the leases that this member saw come and go, those of its log's replay at the start included. */
export class LeaseMeasures {
  granted = 0;
  revoked = 0;
  /** On the leader, which alone does these. */
  renewed = 0;
  expired = 0;
  readonly grantedSeconds = new Histogram(exponential(1, 2, 24));
}

/** All that one member counts. */
export class Measures {
  readonly logSyncSeconds = new Histogram(diskSeconds);
  readonly logWriteSeconds = new Histogram(diskSeconds);
  logWrittenBytes = 0;
  readonly commitSeconds = new Histogram(diskSeconds);
  readonly copySeconds = new Histogram(exponential(0.01, 2, 17));
  leaderChanges = 0;
  lateHeartbeats = 0;
  proposalsFailed = 0;
  slowApplies = 0;
  slowReadIndexes = 0;
  failedReadIndexes = 0;
  snapshotBeingInstalled = 0;
  healthSuccesses = 0;
  healthFailures = 0;
  defragmenting = 0;
  readonly defragmentSeconds = new Histogram(exponential(0.1, 2, 13));
  promotions = 0;
  /** By what etcd says of the reason. */
  readonly promotionFailures = new Map<string, number>();
  readonly unaryRequests = new VersionMeasures();
  readonly streamRequests = new VersionMeasures();
  /** By type and name, as in `readyz/data_corruption`. */
  readonly checks = new Map<string, CheckMeasures>();
  /** Of committed entries, by what etcd calls their operations. */
  readonly applies = new Map<string, Durations>();
  /** Of Range; what is read within a txn is part of that. */
  readonly ranges = new Durations();
  readonly hashSeconds = new Histogram(hashSeconds);
  readonly hashKeysSeconds = new Histogram(hashSeconds);
  /** That went out to watchers. */
  events = 0;
  readonly keys = new KeyMeasures();
  readonly leases = new LeaseMeasures();
  /** By the member's id in hexadecimal. */
  readonly peers = new Map<string, PeerMeasures>();
  /** By gRPC path. */
  readonly methods = new Map<string, MethodMeasures>();
  readonly extensive: boolean;

  constructor(extensive = false) {
    this.extensive = extensive;
  }

  peer(id: MemberId): PeerMeasures {
    const known = this.peers.get(idText(id));
    if (known !== undefined) return known;
    const made = new PeerMeasures();
    this.peers.set(idText(id), made);
    return made;
  }

  checked(check: string, holds: boolean): void {
    const { successes, failures } = this.checks.get(check) ?? { successes: 0, failures: 0 };
    this.checks.set(check, { successes: successes + Number(holds), failures: failures + Number(!holds), holds });
  }

  promotionFailed(reason: string): void {
    this.promotionFailures.set(reason, (this.promotionFailures.get(reason) ?? 0) + 1);
  }

  applied(operation: string, succeeded: boolean, seconds: number): void {
    let durations = this.applies.get(operation);
    if (durations === undefined) {
      durations = new Durations();
      this.applies.set(operation, durations);
    }
    durations[succeeded ? 'succeeded' : 'failed'].observe(seconds);
  }

  method(path: string, type: MethodType): MethodMeasures {
    const known = this.methods.get(path);
    if (known !== undefined) return known;
    const made = new MethodMeasures(type, this.extensive);
    this.methods.set(path, made);
    return made;
  }
}
