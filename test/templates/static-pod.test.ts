import { execFileSync, spawnSync } from 'node:child_process';
import test from 'ava';
import { parse } from 'yaml';
import { type StaticPod, staticPod } from '#templates';
import { judge } from '../judges.js';
import { hostileValues } from './hostile.js';

const pod: StaticPod = {
  name: 'etcd-m1',
  component: 'etcd',
  image: 'registry.k8s.io/etcd:3.5.21-0',
  command: ['etcd'],
  variables: Object.fromEntries(hostileValues.map((value, index) => [`ETCD_${index}`, value])),
  certificateFolder: '/etc/quorate',
  dataFolder: '/var/lib/etcd',
  metricsPort: 2381,
};

// PyYAML reads YAML 1.1 as Kubernetes' parser does: yes, on and 1:20 are no text there.
const pyYaml = spawnSync('python3', ['-c', 'import yaml']).status === 0;

judge(pyYaml ? 'python3' : 'python3-yaml').test(
  'another parser takes every hostile value out of a manifest as it was put in',
  (t) => {
    const script = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
    const manifest = staticPod(pod);
    const read = JSON.parse(execFileSync('python3', ['-c', script], { input: manifest, encoding: 'utf8' }));
    t.deepEqual(read, parse(manifest));
    t.deepEqual(
      read.spec.containers[0].env,
      hostileValues.map((value, index) => ({ name: `ETCD_${index}`, value })),
    );
  },
);

test('a manifest has what the usual tutorial forgets: data, certificates, host network, priority and probes', (t) => {
  const { spec } = parse(staticPod(pod));
  t.true(spec.hostNetwork);
  t.is(spec.priorityClassName, 'system-node-critical');
  t.deepEqual(
    spec.volumes.map((volume: { hostPath: { path: string; type: string } }) => [
      volume.hostPath.path,
      volume.hostPath.type,
    ]),
    [
      ['/etc/quorate', 'Directory'],
      ['/var/lib/etcd', 'DirectoryOrCreate'],
    ],
  );
  const [container] = spec.containers;
  for (const [probe, path] of [
    ['livenessProbe', '/livez'],
    ['readinessProbe', '/readyz'],
    ['startupProbe', '/readyz'],
  ] as const) {
    const { host, port, scheme, path: asked } = container[probe].httpGet;
    t.deepEqual([host, port, scheme, asked], ['127.0.0.1', 2381, 'HTTP', path]);
  }
  t.false(JSON.stringify(spec).includes('secret'));
});
