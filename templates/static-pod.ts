import { Scalar, stringify } from 'yaml';
import type { Variables } from './environment-file.js';

/** A member as a static pod: the kubelet runs it from a file, before and without the API server. */
export interface StaticPod {
  readonly name: string;
  readonly component: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly variables: Variables;
  /** On the host, and under the same path in the container. A static pod cannot refer to Secrets: these are files. */
  readonly certificateFolder: string;
  readonly dataFolder: string;
  /** Where /livez and /readyz are served in plain HTTP, on the host's loopback. */
  readonly metricsPort: number;
}

/** Readers differ on what may stand without quotes. */
function quoted(value: string): Scalar {
  const scalar = new Scalar(value);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

const probe = (path: string, port: number, timing: object): object => ({
  httpGet: { host: '127.0.0.1', path, port, scheme: 'HTTP' },
  timeoutSeconds: 15,
  ...timing,
});

// The probes' figures are kubeadm's for its own etcd: a slow disk must not get a member killed.
const probes = (port: number): object => ({
  startupProbe: probe('/readyz', port, { periodSeconds: 10, failureThreshold: 24 }),
  livenessProbe: probe('/livez', port, { periodSeconds: 10, failureThreshold: 8 }),
  readinessProbe: probe('/readyz', port, { periodSeconds: 1, failureThreshold: 3 }),
});

/** The manifest, for the kubelet's staticPodPath. */
export function staticPod(pod: StaticPod): string {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod.name,
      namespace: 'kube-system',
      labels: { component: pod.component, tier: 'control-plane' },
    },
    spec: {
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: pod.component,
          image: pod.image,
          imagePullPolicy: 'IfNotPresent',
          command: pod.command.map(quoted),
          env: Object.entries(pod.variables).map(([name, value]) => ({ name, value: quoted(value) })),
          resources: { requests: { cpu: '100m', memory: '100Mi' } },
          ...probes(pod.metricsPort),
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [
            { name: 'certificates', mountPath: pod.certificateFolder, readOnly: true },
            { name: 'data', mountPath: pod.dataFolder },
          ],
        },
      ],
      volumes: [
        { name: 'certificates', hostPath: { path: pod.certificateFolder, type: 'Directory' } },
        { name: 'data', hostPath: { path: pod.dataFolder, type: 'DirectoryOrCreate' } },
      ],
    },
  };
  // Kubernetes reads YAML 1.1 words (yes, on, 1:20) as other things than text: that version's rules quote them.
  return stringify(manifest, { version: '1.1', lineWidth: 0 });
}
