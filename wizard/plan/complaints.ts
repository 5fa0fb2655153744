/** Where something stands in a plan: `['members', 1, 'host']`. */
export type PlanPath = readonly (string | number)[];

/** Something wrong with a plan, as a rule sees it. */
export interface Objection {
  readonly what: string;
  readonly hint?: string;
}

/** An objection with its place in the plan. */
export interface Finding extends Objection {
  readonly path: PlanPath;
  /** A warning leaves the plan usable. */
  readonly severity: 'error' | 'warning';
}

/** A finding with its place in the file. */
export interface Complaint extends Finding {
  readonly file: string;
  /** From 1; absent when the plan did not come from text. */
  readonly line?: number;
  readonly column?: number;
}

export const refused = (path: PlanPath, objection: Objection): Finding => ({ ...objection, path, severity: 'error' });
export const doubtful = (path: PlanPath, objection: Objection): Finding => ({
  ...objection,
  path,
  severity: 'warning',
});

/** `members[1].host` */
export function pathText(path: PlanPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

/** `quorate.yaml:7:5: members[1].host: what is wrong` */
export function complaintText(complaint: Complaint): string {
  const place = [complaint.file, complaint.line, complaint.column].filter((part) => part !== undefined).join(':');
  return [place, pathText(complaint.path), complaint.what].filter((part) => part !== '').join(': ');
}
