import { judge } from '../judges.js';
import { Comparison } from './comparison.js';

// Three members of each engine: leases, and what stands on them.

const comparison = new Comparison(judge('etcd', 'etcdctl'), 3);

for (const story of ['leases', 'locks']) comparison.story(story);
