/** What policies need of the other parts, given as arguments: policies/ imports none of them. */
import type { Logger } from 'pino';
import type { Catalogue, Trx } from '../catalogue/catalogue.ts';
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

/** What a policy has done by itself, for the audit log. */
export interface PolicyDeed {
  readonly operation: 'CreateSnapshot' | 'DeleteSnapshot';
  readonly policyId: string;
  /** The user who made the policy. */
  readonly creator: string;
  readonly desktopId: string;
  /** Undefined when none came of it. */
  readonly snapshotId?: string | undefined;
  /** What hindered it. */
  readonly failure?: unknown;
  /** Of a deletion or a failure, else empty: holds nothing that our own machinery alone is to know. */
  readonly reason: string;
  /** How long it took; of a deletion 0. */
  readonly seconds: number;
}

export interface PolicyPorts {
  /** Takes one snapshot of type AUTO; resolves when its point in time is durable. Throws as CreateSnapshot. */
  takeSnapshot(request: AutomaticTake): Promise<string>;
  /** Deletes snapshots; unknown ids are ignored. `gone` is told in the same transaction which ones have gone. */
  removeSnapshots(
    regionId: string,
    ids: readonly string[],
    gone: (trx: Trx, ids: readonly string[]) => Promise<void>,
  ): Promise<void>;
  readonly audit: {
    /** Soon after; waits for nothing and never throws. */
    tell(deed: PolicyDeed): void;
    /** In the transaction of the deeds. */
    tellIn(trx: Trx, deeds: readonly PolicyDeed[]): Promise<void>;
  };
}

export interface RunnerOptions {
  readonly catalogue: Catalogue;
  readonly ports: PolicyPorts;
  readonly settings: Settings['policies'];
  readonly clock: Clock;
  readonly log: Logger;
}
