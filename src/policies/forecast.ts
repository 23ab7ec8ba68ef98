/** The preview of a policy that is on record. */
import type { Queries } from '../catalogue/catalogue.ts';
import { boundDisks, type PolicyRow, policyById } from '../catalogue/policies.ts';
import { automaticSnapshots } from '../catalogue/policy-runs.ts';
import { EcdError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { toSnapshot } from './cleaner.ts';
import { parseCron } from './cron.ts';
import { type PreviewDesktop, type PreviewEvent, preview } from './preview.ts';
import { DAY_MS } from './retention.ts';
import { takes } from './run.ts';
import { parseTimeZone } from './time-zone.ts';

export interface Forecast {
  readonly policy: PolicyRow;
  readonly from: number;
  readonly to: number;
  readonly desktops: readonly PreviewDesktop[];
  readonly events: readonly PreviewEvent[];
}

/** The coming `days` from `now`. Throws InvalidAutoSnapshotPolicyId.NotFound, Settings.Invalid. */
export async function forecast(
  queries: Queries,
  settings: Settings['policies'],
  policyId: string,
  now: number,
  days: number,
): Promise<Forecast> {
  const policy = await policyById(queries, policyId);
  if (policy === undefined) throw new EcdError('InvalidAutoSnapshotPolicyId.NotFound');
  const disks = Map.groupBy(await boundDisks(queries, policyId), (disk) => disk.desktop_id);
  const desktops: PreviewDesktop[] = [];
  for (const [id, own] of disks) {
    const rows = await automaticSnapshots(queries, id);
    desktops.push({
      id,
      disks: own.map((disk) => disk.disk_type).filter((type) => takes(policy, type)),
      snapshots: rows.map((row) => ({ ...toSnapshot(row), diskType: row.disk_type, name: row.name })),
    });
  }
  const to = now + days * DAY_MS;
  const events = preview({
    policyId,
    cron: parseCron(policy.cron_expression),
    zone: parseTimeZone(settings.timeZone),
    retentionDays: policy.retention_days,
    desktops,
    from: now,
    to,
    limit: settings.maxAutoPerDesktop,
    jitterMs: settings.jitterSeconds * 1000,
  });
  return { policy, from: now, to, desktops, events };
}
