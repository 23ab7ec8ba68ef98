/** Runs the automatic snapshot policies on the snapshots of this service. */
import type { Logger } from 'pino';
import type { AuditEntry, AuditLog } from './access/audit.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { Claim } from './catalogue/nonces.ts';
import { CATALOGUE, describeError, publicError } from './errors.ts';
import { newId, systemClock } from './ids.ts';
import type { PolicyDeed, PolicyPorts } from './policies/ports.ts';
import { PolicyRunner, TICK_MS } from './policies/runner.ts';
import type { Settings } from './settings.ts';
import type { Snapshots } from './snapshots/snapshots.ts';

/** To be called when disks and desktops are recovered. Throws Settings.Invalid. `close` waits for what is under way. */
export function runPolicies(options: {
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly snapshots: Pick<Snapshots, 'take' | 'remove'>;
  readonly audit: AuditLog;
  readonly log: Logger;
}): { close(): Promise<void> } {
  const { catalogue, settings, log } = options;
  const runner = new PolicyRunner({
    catalogue,
    settings: settings.policies,
    ports: portsOf(options.snapshots, options.audit),
    clock: systemClock,
    log,
  });
  const timer = setInterval(() => {
    runner
      .tick()
      .catch((error: unknown) => log.warn({ error: describeError(error) }, 'running the policies failed'));
  }, TICK_MS);
  return {
    close() {
      clearInterval(timer);
      return runner.close();
    },
  };
}

export function portsOf(
  snapshots: Pick<Snapshots, 'take' | 'remove'>,
  audit: Pick<AuditLog, 'record' | 'write' | 'flush'>,
): PolicyPorts {
  return {
    takeSnapshot: ({ policyId, retentionMs, ...request }) =>
      snapshots.take(
        { ...request, description: '', type: 'AUTO', policy: { id: policyId, retentionMs } },
        Claim.none(),
      ),
    async removeSnapshots(regionId, ids, gone) {
      // The row of a making that still waits is to stand before that of the deletion.
      await audit.flush();
      await snapshots.remove(regionId, ids, Claim.none(), gone);
    },
    audit: auditPortOf(audit),
  };
}

/** Tells the audit log. */
export function auditPortOf(audit: Pick<AuditLog, 'record' | 'write'>): PolicyPorts['audit'] {
  return {
    tell: (deed) => audit.record(entryOf(deed)),
    tellIn: (trx, deeds) => audit.write(trx, deeds.map(entryOf)),
  };
}

/** As an entry of a request, with an id of its own, that no key asked for and that came from nowhere. */
function entryOf(deed: PolicyDeed): AuditEntry {
  const failure = deed.failure === undefined ? null : publicError(deed.failure);
  const snapshot = deed.snapshotId === undefined ? [] : [`snapshot/${deed.snapshotId}`];
  return {
    requestId: newId.request(),
    operation: deed.operation,
    kind: 'write',
    accessKeyId: '',
    userName: deed.creator,
    resources: [`desktop/${deed.desktopId}`, ...snapshot, `snapshotpolicy/${deed.policyId}`],
    source: '',
    status: failure === null ? 200 : CATALOGUE[failure.code].status,
    code: failure?.publicCode ?? 'OK',
    seconds: deed.seconds,
    policyId: deed.policyId,
    reason: deed.reason,
  };
}
