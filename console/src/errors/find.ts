/** Finds what the list says of a code as a client saw it: MissingRegionId belongs to the family Missing. */
import type { ListedError } from '../described.ts';

/** With the parameter's name filled in for families. Undefined if the service has no such code. */
export function find(errors: readonly ListedError[], code: string): ListedError | undefined {
  const exact = errors.find((one) => one.code === code);
  if (exact !== undefined) return exact;
  const parts = /^(Missing|Invalid)([A-Z]\w*)$/.exec(code);
  const family = parts && errors.find((one) => one.family === parts[1]);
  if (!parts || !family) return undefined;
  const fill = (text: string) => text.replaceAll('<parameter>', parts[2]!);
  return { ...family, message: fill(family.message), advice: fill(family.advice) };
}
