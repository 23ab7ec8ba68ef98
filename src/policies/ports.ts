/** What policies need of the other parts, given as arguments: policies/ imports none of them. */
import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DiskType } from '../catalogue/schema.ts';
import type { Clock } from '../ids.ts';
import type { Settings } from '../settings.ts';

export interface AutomaticTake {
  readonly regionId: string;
  readonly desktopId: string;
  readonly diskType: DiskType;
  readonly name: string;
  readonly creator: string;
  readonly policyId: string;
  readonly retentionMs: number;
}

export interface PolicyPorts {
  /** Takes one snapshot of type AUTO; resolves when its point in time is durable. Throws as CreateSnapshot. */
  takeSnapshot(request: AutomaticTake): Promise<string>;
  /** Deletes snapshots; unknown ids are ignored. */
  removeSnapshots(regionId: string, ids: readonly string[]): Promise<void>;
}

export interface RunnerOptions {
  readonly catalogue: Catalogue;
  readonly ports: PolicyPorts;
  readonly settings: Settings['policies'];
  readonly clock: Clock;
  readonly log: Logger;
}
