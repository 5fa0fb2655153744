import { readdirSync, readFileSync } from 'node:fs';
import { processLimit } from '../../process-limits.js';
import { counter, gauge, type Series } from './series.js';

/** process_* and os_fd_*, as Prometheus' clients have them. What Linux tells in /proc is left out elsewhere. */
export function processSeries(): readonly Series[] {
  const everywhere = [
    counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss()),
    gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () => startSeconds),
  ];
  if (process.platform !== 'linux') return everywhere;
  return [
    ...everywhere,
    gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', virtualBytes),
    gauge('process_virtual_memory_max_bytes', 'Maximum amount of virtual memory available in bytes.', virtualBytesMax),
    gauge('process_open_fds', 'Number of open file descriptors.', openFiles),
    gauge('process_max_fds', 'Maximum number of open file descriptors.', filesMax),
    gauge('os_fd_used', 'The number of used file descriptors.', openFiles),
    gauge('os_fd_limit', 'The file descriptor limit.', filesMax),
    counter('process_network_receive_bytes_total', 'Number of bytes received by the process over the network.', () =>
      networkBytes('InOctets'),
    ),
    counter('process_network_transmit_bytes_total', 'Number of bytes sent by the process over the network.', () =>
      networkBytes('OutOctets'),
    ),
  ];
}

const startSeconds = Math.round(Date.now() / 1000 - process.uptime());

const virtualBytes = (): number =>
  Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
/** Unlimited is the largest of Go's numbers. */
const virtualBytesMax = (): number => processLimit('Max address space') ?? 2 ** 64;
/** Of all in the process's network namespace: the kernel keeps no count of one process. */
function networkBytes(field: 'InOctets' | 'OutOctets'): number {
  const [names = [], values = []] = readFileSync('/proc/self/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf(field)] ?? 0);
}
const openFiles = (): number => readdirSync('/proc/self/fd').length;
const filesMax = (): number => processLimit('Max open files') ?? 0;
