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
