import { judge } from '../judges.js';
import { Comparison } from './comparison.js';

// One member of each engine, and others that never come.

const comparison = new Comparison(judge('etcd', 'etcdctl'), 1);

comparison.story('changing-members');
