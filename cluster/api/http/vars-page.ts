import { idText, noMember } from '../../numbers.js';
import { processLimit } from '../../process-limits.js';
import type { ApiState } from '../state.js';
import type { Page } from './probes.js';

/** Node's figures by the names of Go's that come closest. The command line, which etcd shows too, is nobody's business. */
function memoryFigures() {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return { Alloc: heapUsed, Sys: rss, HeapAlloc: heapUsed, HeapSys: heapTotal, HeapIdle: heapTotal - heapUsed };
}

/** Who leads is all that is known of the state here: without a leader it is left out. */
function raftStatus({ consensus }: ApiState) {
  const { memberId: id, term, commitIndex: commit, leader, appliedIndex: applied } = consensus.status();
  const raftState = leader === id ? 'StateLeader' : 'StateFollower';
  return { id: idText(id), term, commit, lead: idText(leader), ...(leader !== noMember && { raftState }), applied };
}

/** /debug/vars as Go's expvar writes it, a variable a line, in the order of their names. */
export const varsPage: Page = (state) => {
  const vars = {
    file_descriptor_limit: processLimit('Max open files'),
    memstats: memoryFigures(),
    'raft.status': raftStatus(state),
  };
  const lines = Object.entries(vars)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return { status: 200, type: 'application/json; charset=utf-8', body: `{\n${lines.join(',\n')}\n}\n` };
};
