/** How automatic snapshots are called. */
import { dateText, type TimeZone } from './time-zone.ts';

/** `auto2.0_yyyyMMdd_<PolicyId>`, by the date of the time zone. */
export function snapshotName(zone: TimeZone, instant: number, policyId: string): string {
  return `auto2.0_${dateText(zone, instant)}_${policyId}`;
}
