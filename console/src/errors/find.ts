/** Finds what the list says of a code as a client saw it: MissingRegionId belongs to the family Missing. */
import type { ListedError } from '../described.ts';

export interface Found {
  readonly error: ListedError;
  /** Of a family: what stands behind its word. */
  readonly parameter?: string;
}

/** Undefined if the service has no such code. */
export function find(errors: readonly ListedError[], code: string): Found | undefined {
  const exact = errors.find((one) => one.code === code);
  if (exact !== undefined) return { error: exact };
  const parts = /^(Missing|Invalid)([A-Z]\w*)$/.exec(code);
  const family = parts && errors.find((one) => one.family === parts[1]);
  return parts && family ? { error: family, parameter: parts[2]! } : undefined;
}
