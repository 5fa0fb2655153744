import { Gauge, Registry } from 'prom-client';
import { dueAt } from './due.js';
import type { Held } from './held.js';

/** For the textfile collector of Prometheus's node exporter. Times in seconds since 1970. */
export async function certificateMetrics(held: readonly Held[], dir: string, now: Date): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name: `quorate_certificate${name}`, help, labelNames, registers: [registry] });
  const labels = ['dir', 'name', 'serial'];
  const [from, until, due] = [
    gauge('_not_before_timestamp_seconds', 'When a certificate begins.', labels),
    gauge('_not_after_timestamp_seconds', 'When a certificate ends.', labels),
    gauge('_renewal_timestamp_seconds', 'When a certificate is due for renewal, past two thirds of its life.', labels),
  ];
  const missing = gauge('_missing', '1 for a certificate of the plan that is not there.', ['dir', 'name']);
  const revoked = gauge('_revoked', '1 for a certificate of the plan that was revoked.', ['dir', 'name']);
  const seconds = (time: Date): number => time.getTime() / 1000;
  for (const { name, certificate, standing } of held) {
    revoked.set({ dir, name }, standing === 'revoked' ? 1 : 0);
    missing.set({ dir, name }, certificate === undefined ? 1 : 0);
    if (certificate === undefined) continue;
    const at = { dir, name, serial: certificate.serial };
    from?.set(at, seconds(certificate.notBefore));
    until?.set(at, seconds(certificate.notAfter));
    due?.set(at, seconds(dueAt(certificate)));
  }
  gauge('_check_timestamp_seconds', 'When the certificates were looked at.', ['dir']).set({ dir }, seconds(now));
  return registry.metrics();
}
