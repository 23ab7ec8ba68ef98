/** What the operations are given to work with: the parts below, wired by src/server.ts. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Commands } from '../desktops/commands.ts';
import type { Desktops } from '../desktops/desktops.ts';
import type { DiskPool } from '../disks/types.ts';
import type { Clock } from '../ids.ts';
import type { Policies } from '../policies/policies.ts';
import type { Settings } from '../settings.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { VaultReport } from '../snapshots/vault-report.ts';

export interface Services {
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly desktops: Desktops;
  readonly commands: Commands;
  readonly snapshots: Snapshots;
  readonly policies: Policies;
  readonly vault: Pick<VaultReport, 'state' | 'desktops'>;
  readonly disks: Pick<DiskPool, 'allocated'>;
  readonly clock: Clock;
}
