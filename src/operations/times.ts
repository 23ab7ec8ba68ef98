/** Times as ECD writes them: UTC, ISO 8601, to the second or to the minute. */
import { EcdError } from '../errors.ts';

export const SECOND_MS = 1000;
const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

const DAY_SECONDS = 24 * 60 * 60;
const PADDED = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
/** The day that was written last: lists ask for the same day again and again. */
let lastDay = { day: Number.NaN, text: '' };

/** `2020-12-20T14:52:28Z` */
export function toSecond(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  const day = Math.floor(seconds / DAY_SECONDS);
  if (day !== lastDay.day) {
    lastDay = { day, text: new Date(day * DAY_SECONDS * SECOND_MS).toISOString().slice(0, 11) };
  }
  const rest = seconds - day * DAY_SECONDS;
  const minutes = Math.floor(rest / 60);
  return `${lastDay.text}${PADDED[Math.floor(minutes / 60)]}:${PADDED[minutes % 60]}:${PADDED[rest % 60]}Z`;
}

/** `2020-12-20T14:52Z` */
export function toMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

/** Milliseconds of `yyyy-MM-ddTHH:mm:ssZ`. Throws InvalidParameter for other texts and days that no month has. */
export function fromSecond(parameter: string, text: string): number {
  const ms = SECONDS.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || toSecond(ms) !== text) {
    throw new EcdError('InvalidParameter', { parameter, reason: ' Use yyyy-MM-ddTHH:mm:ssZ in UTC.' });
  }
  return ms;
}
