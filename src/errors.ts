/**
 * The one catalogue of errors. Every failure of OpenECD is an `EcdError` with a code of this table; the door renders
 * `code`, `message` and the HTTP status of the table, the console shows `advice`.
 *
 * Invariants: a code stands in one table of error-catalogue/, once; HTTP 404 only for codes ending in `.NotFound`; 400 malformed, 403 rights, quota
 * and state, 409 conflict; codes with `internal: true` never reach a client: they are shown as `InternalError` (500) or
 * `ServiceUnavailable` (503) and logged with their cause. No message ever holds a secret.
 */
import { COMMAND_LINE_ERRORS } from './error-catalogue/command-line.ts';
import type { CatalogueEntry } from './error-catalogue/entry.ts';
import { INTERNAL_ERRORS } from './error-catalogue/internal.ts';
import { PARAMETER_ERRORS } from './error-catalogue/parameters.ts';
import { REQUEST_ERRORS } from './error-catalogue/request.ts';
import { STATE_ERRORS } from './error-catalogue/state.ts';

export type { CatalogueEntry } from './error-catalogue/entry.ts';

export const CATALOGUE = {
  ...REQUEST_ERRORS,
  ...PARAMETER_ERRORS,
  ...STATE_ERRORS,
  ...INTERNAL_ERRORS,
  ...COMMAND_LINE_ERRORS,
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof CATALOGUE;
export type ErrorDetails = Readonly<Record<string, string | number>>;

/** A failure of OpenECD: a code of the catalogue, the details its message speaks of, and its cause. */
export class EcdError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    super(fill(CATALOGUE[code].message, details), cause === undefined ? undefined : { cause });
    this.name = 'EcdError';
    this.code = code;
    this.details = details;
  }

  /** The code a client sees: `MissingRegionId` for MissingParameter of RegionId, `InvalidX` for InvalidParameter of X. */
  get publicCode(): string {
    if (this.code === 'MissingParameter') return `Missing${this.details['parameter']}`;
    if (this.code === 'InvalidParameter') return `Invalid${this.details['parameter']}`;
    return this.code;
  }

  /** What the caller can do about it, in one sentence. */
  get advice(): string {
    return fill(CATALOGUE[this.code].advice, this.details);
  }

  /** True for failures of our own machinery, which a client sees as InternalError or ServiceUnavailable. */
  get internal(): boolean {
    return (CATALOGUE[this.code] as CatalogueEntry).internal === true;
  }

  static is(error: unknown, ...codes: ErrorCode[]): error is EcdError {
    return error instanceof EcdError && (codes.length === 0 || codes.includes(error.code));
  }
}

/** The error to show for whatever was thrown. */
export function publicError(thrown: unknown): EcdError {
  if (!(thrown instanceof EcdError)) return new EcdError('InternalError', {}, thrown);
  if (!thrown.internal) return thrown;
  return new EcdError(
    CATALOGUE[thrown.code].status === 503 ? 'ServiceUnavailable' : 'InternalError',
    {},
    thrown,
  );
}

/** One line for logs: the messages of an error and of its causes. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let e: unknown = error, depth = 0; e !== undefined && depth < 5; depth++) {
    parts.push(e instanceof Error ? e.message : String(e));
    e = e instanceof Error ? e.cause : undefined;
  }
  return parts.join(': ');
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
}
