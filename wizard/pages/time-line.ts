import type { CertificateReport } from '../run/status.js';
import { html, type Markup } from './markup.js';

const dayMs = 86_400_000;
const soonDays = 30;
/** Before today, so that what has just ended is seen. */
const pastDays = 60;
const shortestDays = 120;
const ticks = 4;

/** What the line shows, in milliseconds since 1970. An authority outlives all else by years: its bar goes on beyond the edge. */
interface Span {
  readonly from: number;
  readonly to: number;
}

function spanOf(certificates: readonly CertificateReport[], now: Date): Span {
  const ends = certificates
    .filter(({ name }) => name !== 'authority')
    .map(({ notAfter }) => Date.parse(notAfter ?? ''));
  const last = ends.filter((end) => !Number.isNaN(end)).reduce((a, b) => Math.max(a, b), 0);
  const least = now.getTime() + shortestDays * dayMs;
  return { from: now.getTime() - pastDays * dayMs, to: Math.max(last, least) + 10 * dayMs };
}

const placeOf = (at: number, { from, to }: Span): number =>
  Math.min(100, Math.max(0, (100 * (at - from)) / (to - from)));
const percent = (part: number): string => `${part.toFixed(2)}%`;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function scale(span: Span): Markup {
  const marks = Array.from({ length: ticks }, (_, n) => span.from + (n * (span.to - span.from)) / ticks);
  const words = marks.map((at) => html`<span style="left: ${percent(placeOf(at, span))}">${dayOf(at)}</span>`);
  return html`<div class="life"><div class="track scale">${words}</div></div>`;
}

function leftWords({ daysLeft }: CertificateReport): string {
  if (daysLeft === undefined) return 'unreadable';
  if (daysLeft === -1) return 'ended today';
  return daysLeft < 0 ? `ended ${-daysLeft} days ago` : `${daysLeft} days left`;
}

function bar(certificate: CertificateReport, span: Span): Markup {
  const { notBefore, notAfter, daysLeft = -1, reason } = certificate;
  if (notBefore === undefined || notAfter === undefined) return html``;
  const [from, to] = [placeOf(Date.parse(notBefore), span), placeOf(Date.parse(notAfter), span)];
  const kind = daysLeft < 0 || reason !== undefined ? 'bad' : daysLeft < soonDays ? 'soon' : '';
  return html`<div class="bar ${kind}" style="left: ${percent(from)}; width: ${percent(Math.max(0.5, to - from))}" title="${notBefore} to ${notAfter}"></div>`;
}

const row = (certificate: CertificateReport, span: Span, now: Date): Markup => {
  const { name, path, reason } = certificate;
  const today = percent(placeOf(now.getTime(), span));
  return html`
<div class="life"><span class="name" title="${path}">${name}</span>
<div class="track">${bar(certificate, span)}<div class="now" style="left: ${today}"></div></div>
<span class="left">${leftWords(certificate)}${reason === undefined ? '' : `: ${reason}`}</span></div>`;
};

/** Each certificate's life as a bar, those that end first above, with a line for today. */
export function timeLine(certificates: readonly CertificateReport[], now: Date): Markup {
  const span = spanOf(certificates, now);
  const sorted = certificates.toSorted((a, b) => (a.daysLeft ?? -Infinity) - (b.daysLeft ?? -Infinity));
  return html`${scale(span)}${sorted.map((certificate) => row(certificate, span, now))}`;
}
