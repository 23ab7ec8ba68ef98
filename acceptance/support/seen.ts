/**
 * What clients receive during a run, noted answer by answer for the tables of acceptance/COVERAGE.md.
 *
 * Invariant: only what a client really received is noted; outside of a run that collects, noting costs nothing.
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The directory in which the processes of a run note what they see; set by coverage-setup.ts. */
export const COVERAGE_DIR = 'OPENECD_COVERAGE_DIR';

/** The clients of the public service and their ways of sending, as sdk.ts makes them. */
export const SDK_NAMES = [
  'pop-core GET',
  'pop-core POST',
  'rpc-client',
  'openapi-client',
  'openapi-client form',
  'openapi-client v2',
  'openapi-client v2 form',
  'openapi-core',
] as const;
export type SdkName = (typeof SDK_NAMES)[number];

/** All that sign: this suite's own signer in its two ways, then the others. */
export const CLIENTS = ['own V3', 'own V1', ...SDK_NAMES] as const;

/** Those that only the full tier runs: Debian's aliyungo in its four ways, see aliyungo.ts. */
export const FULL_CLIENTS = ['aliyungo Invoke', 'aliyungo flatten', 'aliyungo GET', 'aliyungo POST'] as const;
export type FullClient = (typeof FULL_CLIENTS)[number];
export type ClientName = (typeof CLIENTS)[number] | FullClient;

export interface Seen {
  readonly action: string;
  /** `OK`, or the error code. */
  readonly code: string;
  readonly format: 'JSON' | 'XML';
  readonly client: ClientName;
}

/** Notes one answer. */
export function noteSeen(seen: Seen): void {
  const directory = process.env[COVERAGE_DIR];
  if (directory === undefined) return;
  appendFileSync(join(directory, `${process.pid}.jsonl`), `${JSON.stringify(seen)}\n`);
}

export function readSeen(directory: string): Seen[] {
  return readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Seen),
  );
}
