import type { z } from 'zod';
import { WizardError } from '../errors.js';
import type { Complaint, Finding } from './complaints.js';
import { shapeFindings } from './shape-findings.js';
import type { PlanSource } from './source.js';

const byPlace = (a: Complaint, b: Complaint): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

export function refusal(file: string, complaints: readonly Complaint[]): WizardError {
  const errors = complaints.filter(({ severity }) => severity === 'error').length;
  const what = errors === 1 ? '1 mistake' : `${errors} mistakes`;
  const hint = 'correct it there and type the command again; nothing was changed';
  return new WizardError('plan-refused', `${what} in ${file}`, { file, errors }, { complaints, hint });
}

/** A value of its shape, and what is doubtful about it. */
export interface Checked<T> {
  readonly value: T;
  readonly warnings: readonly Complaint[];
}

/**
 * What `source` says, once its shape is right and `findings`, which concern more than one value, are no errors.
 * @throws WizardError `plan-refused` with every complaint at once
 */
export function checked<T>(source: PlanSource, shape: z.ZodType<T>, findings: readonly Finding[]): Checked<T> {
  const read = shape.safeParse(source.value);
  const all = [...(read.success ? [] : shapeFindings(read.error.issues, source.value)), ...findings];
  const complaints = all.map((finding) => source.located(finding)).sort(byPlace);
  if (!read.success || complaints.some(({ severity }) => severity === 'error')) throw refusal(source.file, complaints);
  return { value: read.data, warnings: complaints };
}
