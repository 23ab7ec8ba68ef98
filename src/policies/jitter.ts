/**
 * When in a while after its schedule's point each desktop has its turn, so that not all freeze at once.
 *
 * Invariants: a desktop with one policy has the same delay every time, on every server; delays are spread evenly over
 * the whole while; a delay is less than half of the time to the next point, so that no point passes unnoticed.
 */
import { hash } from 'node:crypto';

const BITS_48 = 2 ** 48;

/** Milliseconds, less than `spreadMs` and than half of `intervalMs` (the time between two points). */
export function jitterMs(policyId: string, desktopId: string, spreadMs: number, intervalMs: number): number {
  const share = Number.parseInt(hash('sha256', `${policyId} ${desktopId}`).slice(0, 12), 16) / BITS_48;
  return Math.floor(share * Math.max(0, Math.min(spreadMs, Math.floor(intervalMs / 2))));
}
