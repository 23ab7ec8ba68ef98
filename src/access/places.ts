/** Where in a policy something stands, and what is said when it is wrong there. */
import { EcdError } from '../errors.ts';

/** `Statement[0].Condition.IpAddress` */
export type Place = string;

const LONGEST_VALUE = 512;

export function malformed(place: Place, reason: string): EcdError {
  return new EcdError('AccessPolicy.Malformed', { place, reason });
}

/** A text or a list of texts, as a list of at least one. Throws AccessPolicy.Malformed. */
export function textsOf(value: unknown, place: Place, most: number): string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || list.length === 0)
    throw malformed(place, 'it must be a text or a list of texts that is not empty');
  if (list.length > most) throw malformed(place, `it has more than ${most} items`);
  return list.map((item: unknown, i) => {
    if (typeof item !== 'string' || item === '') throw malformed(`${place}[${i}]`, 'it must be a text');
    if (item.length > LONGEST_VALUE)
      throw malformed(`${place}[${i}]`, `it is longer than ${LONGEST_VALUE} characters`);
    return item;
  });
}
