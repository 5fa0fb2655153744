import type { Matrix } from '../access/matrix.js';
import type { MemberReport, StatusReport } from '../run/status.js';
import { html, type Markup } from './markup.js';
import { matrixTable } from './matrix-page.js';
import { page } from './page.js';
import { timeLine } from './time-line.js';

/** Who may do what, and where that was read. */
export interface StatusAccess {
  readonly matrix: Matrix;
  /** For a person: `as the store has them`. */
  readonly source: string;
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

const badgeOf = ({ state }: MemberReport): string =>
  state === 'leader' ? 'good' : state === 'unreachable' || state === 'no leader' ? 'bad' : '';

function memberCard(member: MemberReport): Markup {
  const { name, state, endpoint, reason, version, term, index, appliedIndex, revision, dbSize, id } = member;
  const figures: readonly (readonly [string, string | number | undefined])[] = [
    ['reason', reason],
    ['endpoint', endpoint],
    ['id', id],
    ['version', version],
    ['term', term],
    ['log', index === undefined ? undefined : `${index}, applied ${appliedIndex}`],
    ['revision', revision],
    ['store', dbSize === undefined ? undefined : megabytes(dbSize)],
  ];
  const shown = figures.flatMap(([what, value]) =>
    value === undefined ? [] : [html`<dt>${what}</dt><dd>${value}</dd>`],
  );
  return html`<section class="card"><h3>${name} <span class="badge ${badgeOf(member)}">${state}</span></h3><dl>${shown}</dl></section>
`;
}

/** All of it as one file: members, certificates by time, users and what they may do. */
export function statusPage(report: StatusReport, { matrix, source }: StatusAccess, now: Date): string {
  const { cluster, engine, healthy, members, certificates } = report;
  const word = healthy ? 'healthy' : 'not healthy';
  return page(
    `${cluster}: ${word}`,
    html`<h1>${cluster} <span class="badge ${healthy ? 'good' : 'bad'}">${word}</span></h1>
<p class="quiet">${engine === 'etcd' ? 'etcd' : 'the included store'}, as seen at ${now.toISOString()}</p>
<h2>Members</h2>
<div class="cards">
${members.map(memberCard)}</div>
<h2>Certificates</h2>
${timeLine(certificates, now)}
<h2>Users</h2>
<p class="quiet">${matrix.rows.length} users, ${source}; root may do everything</p>
${matrixTable(matrix)}`,
  );
}
