/** How automatic snapshots are called. */
import { dateText, type TimeZone } from './time-zone.ts';

/**
 * `auto2.0_yyyyMMdd_<PolicyId>`, by the date of the time zone at the schedule's point: a run may come after midnight (its
 * turn, a retry, one made up), and is still that day's. Names need not be unique: both disks of a desktop, and all points
 * of one day, have the same.
 */
export function snapshotName(zone: TimeZone, point: number, policyId: string): string {
  return `auto2.0_${dateText(zone, point)}_${policyId}`;
}
