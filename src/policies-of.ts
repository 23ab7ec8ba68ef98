/** Runs the automatic snapshot policies on the snapshots of this service. */
import type { Logger } from 'pino';
import type { Catalogue } from './catalogue/catalogue.ts';
import { Claim } from './catalogue/nonces.ts';
import { describeError } from './errors.ts';
import { systemClock } from './ids.ts';
import type { PolicyPorts } from './policies/ports.ts';
import { PolicyRunner, TICK_MS } from './policies/runner.ts';
import type { Settings } from './settings.ts';
import type { Snapshots } from './snapshots/snapshots.ts';

/** To be called when disks and desktops are recovered. Throws Settings.Invalid. `close` waits for what is under way. */
export function runPolicies(options: {
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly snapshots: Pick<Snapshots, 'take' | 'remove'>;
  readonly log: Logger;
}): { close(): Promise<void> } {
  const { catalogue, settings, log } = options;
  const runner = new PolicyRunner({
    catalogue,
    settings: settings.policies,
    ports: portsOf(options.snapshots),
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

export function portsOf(snapshots: Pick<Snapshots, 'take' | 'remove'>): PolicyPorts {
  return {
    takeSnapshot: ({ policyId, retentionMs, ...request }) =>
      snapshots.take(
        { ...request, description: '', type: 'AUTO', policy: { id: policyId, retentionMs } },
        Claim.none(),
      ),
    removeSnapshots: (regionId, ids) => snapshots.remove(regionId, ids, Claim.none(), 'automatic'),
  };
}
