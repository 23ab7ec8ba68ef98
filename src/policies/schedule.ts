/**
 * Where each policy's schedule stands now. Reading an expression and looking for its points costs too much for every
 * second; between two points nothing changes.
 *
 * Invariant: what is given is what cron.ts says of the expression and the instant, whichever way the clock was moved.
 */
import type { PolicyRow } from '../catalogue/policies.ts';
import { type Cron, nextRun, parseCron, previousRun } from './cron.ts';
import type { TimeZone } from './time-zone.ts';

export interface Standing {
  /** The last point at or before now, and the first after it. */
  readonly previous: number;
  readonly next: number;
  readonly cron: Cron;
}

export class Schedules {
  readonly #zone: TimeZone;
  readonly #kept = new Map<string, Standing & { readonly expression: string }>();

  constructor(zone: TimeZone) {
    this.#zone = zone;
  }

  /** Throws InvalidCronExpression.Malformed. */
  at(policy: Pick<PolicyRow, 'id' | 'cron_expression'>, now: number): Standing {
    const kept = this.#kept.get(policy.id);
    if (kept?.expression === policy.cron_expression && kept.previous <= now && now < kept.next) return kept;
    const cron = parseCron(policy.cron_expression);
    const previous = previousRun(cron, this.#zone, now);
    const standing = {
      expression: policy.cron_expression,
      cron,
      previous,
      next: nextRun(cron, this.#zone, previous),
    };
    this.#kept.set(policy.id, standing);
    return standing;
  }

  /** Forgets the policies that are in use no more. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#kept.keys()) if (!ids.has(id)) this.#kept.delete(id);
  }
}
