/**
 * Automatic snapshot policies as records: made, changed, deleted, given to desktops and taken from them.
 *
 * Invariants: a request is one transaction with its nonce, all or nothing; what is on record can be read by cron.ts;
 * no change of a policy touches a snapshot or its end.
 */
import type { Catalogue, Queries, Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import {
  bindDesktops,
  desktopsAmong,
  forgetPoints,
  type PolicyRow,
  policyById,
  unbindDesktops,
} from '../catalogue/policies.ts';
import { EcdError } from '../errors.ts';
import { type Clock, newId } from '../ids.ts';
import type { Settings } from '../settings.ts';
import { parseCron } from './cron.ts';
import { MAX_RETENTION_DAYS, MIN_RETENTION_DAYS } from './retention.ts';

const NAME = /^(?!https?:\/\/)\P{Cc}{2,128}$/u;

export type PolicyDisks = PolicyRow['disk_type'];

export interface NewPolicy {
  readonly regionId: string;
  readonly name: string;
  readonly cronExpression: string;
  readonly retentionDays: number;
  readonly diskType: PolicyDisks;
  readonly creator: string;
}

/** What is to be another; undefined stays. */
export interface PolicyChange {
  readonly name?: string | undefined;
  readonly cronExpression?: string | undefined;
  readonly retentionDays?: number | undefined;
  readonly diskType?: PolicyDisks | undefined;
}

export interface PoliciesOptions {
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly clock: Clock;
}

export class Policies {
  readonly #options: PoliciesOptions;

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  /** Gives its id. Throws the codes of malformed parts, AutoSnapshotPolicy.QuotaExceed. */
  async create(wanted: NewPolicy, claim: Claim): Promise<string> {
    check(wanted);
    return this.#options.catalogue.transaction(async (trx) => {
      await claim.record(trx);
      const { count } = await trx
        .selectFrom('snapshot_policies')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('region_id', '=', wanted.regionId)
        .executeTakeFirstOrThrow();
      if (count >= this.#options.settings.policies.quota) {
        throw new EcdError('AutoSnapshotPolicy.QuotaExceed', { count });
      }
      const id = newId.policy();
      await trx
        .insertInto('snapshot_policies')
        .values({
          id,
          name: wanted.name,
          region_id: wanted.regionId,
          cron_expression: wanted.cronExpression,
          retention_days: wanted.retentionDays,
          disk_type: wanted.diskType,
          creator: wanted.creator,
          created_at: this.#options.clock(),
        })
        .execute();
      return id;
    });
  }

  /** Runs from now on follow the change. Throws as `create`, and InvalidAutoSnapshotPolicyId.NotFound. */
  async modify(regionId: string, id: string, change: PolicyChange, claim: Claim): Promise<void> {
    check(change);
    const { catalogue, clock } = this.#options;
    await catalogue.transaction(async (trx) => {
      const policy = await requirePolicy(trx, regionId, id);
      await claim.record(trx);
      const cronExpression = change.cronExpression ?? policy.cron_expression;
      await trx
        .updateTable('snapshot_policies')
        .set({
          name: change.name ?? policy.name,
          cron_expression: cronExpression,
          retention_days: change.retentionDays ?? policy.retention_days,
          disk_type: change.diskType ?? policy.disk_type,
        })
        .where('id', '=', id)
        .execute();
      if (cronExpression !== policy.cron_expression) await forgetPoints(trx, id, clock());
    });
  }

  /** Unknown ids are ignored. Desktops that had one of them have none afterwards. */
  async remove(regionId: string, ids: readonly string[], claim: Claim): Promise<void> {
    await this.#options.catalogue.transaction(async (trx) => {
      await claim.record(trx);
      await trx
        .deleteFrom('snapshot_policies')
        .where('id', 'in', [...ids])
        .where('region_id', '=', regionId)
        .execute();
    });
  }

  /** Throws InvalidAutoSnapshotPolicyId.NotFound, InvalidDesktopId.NotFound. */
  async apply(regionId: string, id: string, desktopIds: readonly string[], claim: Claim): Promise<void> {
    const { catalogue, clock } = this.#options;
    await catalogue.transaction(async (trx) => {
      await requirePolicy(trx, regionId, id);
      await requireDesktops(trx, regionId, desktopIds);
      await claim.record(trx);
      await bindDesktops(trx, id, desktopIds, clock());
    });
  }

  /** Those without a policy, or with another one than `id`, stay as they are. Throws as `apply`. */
  async cancel(
    regionId: string,
    id: string | undefined,
    desktopIds: readonly string[],
    claim: Claim,
  ): Promise<void> {
    await this.#options.catalogue.transaction(async (trx) => {
      if (id !== undefined) await requirePolicy(trx, regionId, id);
      await requireDesktops(trx, regionId, desktopIds);
      await claim.record(trx);
      await unbindDesktops(trx, desktopIds, id);
    });
  }
}

/** The policy of a region. Throws InvalidAutoSnapshotPolicyId.NotFound. */
export async function requirePolicy(queries: Queries, regionId: string, id: string): Promise<PolicyRow> {
  const policy = await policyById(queries, id);
  if (policy?.region_id !== regionId) throw new EcdError('InvalidAutoSnapshotPolicyId.NotFound');
  return policy;
}

async function requireDesktops(trx: Trx, regionId: string, ids: readonly string[]): Promise<void> {
  const found = await desktopsAmong(trx, ids);
  const here = found.filter((desktop) => desktop.region_id === regionId && desktop.status !== 'Deleted');
  if (here.length < new Set(ids).size) throw new EcdError('InvalidDesktopId.NotFound');
}

function check({ name, retentionDays, cronExpression }: PolicyChange): void {
  if (name !== undefined && !NAME.test(name)) throw new EcdError('InvalidSnapshotPolicyName.Malformed');
  if (retentionDays !== undefined && !isRetention(retentionDays)) {
    throw new EcdError('InvalidRetentionDays.Malformed');
  }
  if (cronExpression !== undefined) parseCron(cronExpression);
}

function isRetention(days: number): boolean {
  return Number.isInteger(days) && days >= MIN_RETENTION_DAYS && days <= MAX_RETENTION_DAYS;
}
