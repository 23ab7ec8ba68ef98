/** What a sample is made of. */
import type { Parameters } from '../signer.ts';

export interface Wanted {
  /** `http://HOST:PORT` */
  readonly endpoint: string;
  readonly action: string;
  /** Flat, as they are sent. */
  readonly parameters: Parameters;
}

export const hostOf = (endpoint: string) => endpoint.replace(/^https?:\/\//, '');

/** `http` or `https` */
export const schemeOf = (endpoint: string) => (endpoint.startsWith('https:') ? 'https' : 'http');

/** A line for each parameter, each with the line end before it. */
export function lines(
  parameters: Parameters,
  line: (name: string, value: string) => string,
  indent: string,
): string {
  return Object.entries(parameters)
    .map(([name, value]) => `\n${indent}${line(name, value)}`)
    .join('');
}
