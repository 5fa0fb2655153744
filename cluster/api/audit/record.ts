import type { ClientCertificate } from '../certificate.js';
import type { AuditedFields } from './audited-fields.js';

/** Of which requests records are kept: `changes` and all that was refused, or also reads. */
export type AuditLevel = 'changes' | 'all';

/** How a request said whose it is. */
export type Authentication = 'certificate' | 'token' | 'password' | 'none';

/** One request, as it is written down: one line of JSON. */
export interface AuditRecord {
  readonly time: string;
  /** The user that the request was found to be from. Absent: nobody, or nobody that could be found. */
  readonly user?: string;
  readonly authentication: Authentication;
  /** What the connection showed, whether it named the user or not. */
  readonly certificate?: ClientCertificate;
  readonly remote: string;
  readonly gateway?: true;
  readonly method: string;
  readonly what?: AuditedFields;
  /** `failed`: it was not refused to this user, but came to nothing. */
  readonly outcome: 'allowed' | 'refused' | 'failed';
  readonly reason?: string;
  readonly authRevision: number;
  readonly revision: number;
}

/** Takes records and has them written down later; never throws and never waits. */
export interface AuditSink {
  readonly level: AuditLevel;
  /** Records that are in the file, and that were lost. */
  readonly written: number;
  readonly dropped: number;
  write(record: AuditRecord): void;
}
