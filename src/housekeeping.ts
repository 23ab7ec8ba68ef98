/**
 * What is done from time to time while the service runs: rows that have had their time go, the vault is collected.
 *
 * Invariant: work that fails is told in the log and done again at its next turn.
 */
import type { Logger } from 'pino';
import { rotateAudit } from './access/audit.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { forgetNonces } from './catalogue/nonces.ts';
import { forgetTemporaryKeys } from './catalogue/temporary-keys.ts';
import { forgetTickets } from './catalogue/tickets.ts';
import { recordTotals } from './catalogue/vault-totals.ts';
import { describeError } from './errors.ts';
import { systemClock } from './ids.ts';
import type { Settings } from './settings.ts';
import type { Snapshots } from './snapshots/snapshots.ts';

const FORGET_MS = 60_000;
const ROTATE_MS = 10 * 60_000;
const NOTE_MS = 10 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

export interface HousekeepingOptions {
  readonly settings: Settings;
  readonly catalogue: Catalogue;
  readonly snapshots: Pick<Snapshots, 'collect'>;
  readonly log: Logger;
}

/** Gives what ends it. */
export function startHousekeeping({ settings, catalogue, snapshots, log }: HousekeepingOptions): () => void {
  const kept = { maxRows: settings.audit.maxRows, maxAgeMs: settings.audit.maxDays * DAY_MS };
  const every = (ms: number, what: string, work: () => Promise<unknown>) =>
    setInterval(() => {
      work().catch((error: unknown) => log.warn({ error: describeError(error) }, `${what} failed`));
    }, ms);
  const timers = [
    every(FORGET_MS, 'forgetting nonces', () => forgetNonces(catalogue, systemClock())),
    every(FORGET_MS, 'forgetting tickets', () => forgetTickets(catalogue, systemClock())),
    every(ROTATE_MS, 'forgetting temporary keys', () => forgetTemporaryKeys(catalogue, systemClock())),
    every(NOTE_MS, 'noting what the vault holds', () => recordTotals(catalogue, systemClock())),
    every(ROTATE_MS, 'the rotation of the audit log', () => rotateAudit(catalogue, kept, systemClock())),
    every(settings.vault.collectEverySeconds * 1000, 'the collection of the vault', () =>
      snapshots.collect(),
    ),
  ];
  return () => timers.forEach(clearInterval);
}
