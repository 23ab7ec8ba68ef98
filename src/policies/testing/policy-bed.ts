/**
 * A real catalogue with desktops, a clock that a test moves, and snapshots that are rows only, for tests of policies.
 *
 * `removeSnapshots` deletes whatever it is asked to: what must stay is kept by the policies alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Insertable } from 'kysely';
import { type LogFn, type Logger, pino } from 'pino';
import { AuditLog } from '../../access/audit.ts';
import { type AuditRecord, readAudit } from '../../catalogue/audit-rows.ts';
import { Catalogue } from '../../catalogue/catalogue.ts';
import { Claim } from '../../catalogue/nonces.ts';
import type { DiskType, PolicyRunTable, SnapshotTable } from '../../catalogue/schema.ts';
import { auditPortOf } from '../../policies-of.ts';
import { defaultSettings, type Settings } from '../../settings.ts';
import { type NewPolicy, Policies } from '../policies.ts';
import type { AutomaticTake, PolicyPorts } from '../ports.ts';
import { PolicyRunner } from '../runner.ts';

export const REGION = 'cn-hangzhou';

export interface Take extends AutomaticTake {
  readonly at: number;
}

export class PolicyBed {
  now: number;
  catalogue: Catalogue;
  runner: PolicyRunner;
  readonly takes: Take[] = [];
  readonly removed: string[] = [];
  readonly logs: Record<string, unknown>[] = [];
  readonly settings: Settings;
  /** How the next snapshots begin. */
  taken: SnapshotTable['status'] = 'ACCOMPLISHED';
  /** Called before a snapshot is made; what it throws is the answer. */
  beforeTake: (take: Take) => Promise<void> | void = () => {};
  beforeRemove: (ids: readonly string[]) => Promise<void> | void = () => {};
  readonly #folder = mkdtempSync(join(tmpdir(), 'openecd-policies-'));
  readonly #inMemory: boolean;
  #audit: AuditLog;
  #serial = 0;

  constructor(start: string, policies: Partial<Settings['policies']> = {}, options = { inMemory: true }) {
    this.now = Date.parse(start);
    this.#inMemory = options.inMemory;
    const settings = defaultSettings();
    this.settings = { ...settings, policies: { ...settings.policies, jitterSeconds: 0, ...policies } };
    this.catalogue = Catalogue.open(this.#file());
    this.#audit = this.#newAudit();
    this.runner = this.#newRunner();
  }

  #newAudit(): AuditLog {
    return new AuditLog(this.catalogue, { reads: false, clock: () => this.now, log: this.#log() });
  }

  #file(): string {
    return this.#inMemory ? ':memory:' : join(this.#folder, 'catalogue.db');
  }

  #newRunner(): PolicyRunner {
    const ports: PolicyPorts = {
      takeSnapshot: async (request) => {
        const take = { ...request, at: this.now };
        this.takes.push(take);
        await this.beforeTake(take);
        return this.snapshot({
          name: request.name,
          desktop_id: request.desktopId,
          disk_type: request.diskType,
          type: 'AUTO',
          status: this.taken,
          creator: request.creator,
          created_at: this.now,
          policy_id: request.policyId,
          expires_at: this.now + request.retentionMs,
        });
      },
      removeSnapshots: async (_region, ids, gone) => {
        await this.beforeRemove(ids);
        this.removed.push(...ids);
        await this.catalogue.transaction(async (trx) => {
          const query = trx.deleteFrom('snapshots').where('id', 'in', [...ids]);
          const rows = await query.returning('id').execute();
          await gone(
            trx,
            rows.map(({ id }) => id),
          );
        });
      },
      audit: auditPortOf(this.#audit),
    };
    return new PolicyRunner({
      catalogue: this.catalogue,
      ports,
      settings: this.settings.policies,
      clock: () => this.now,
      log: this.#log(),
    });
  }

  #log(): Logger {
    const logs = this.logs;
    return pino({
      hooks: {
        logMethod(this: Logger, args: Parameters<LogFn>, _method: LogFn, level: number) {
          const [details, message] = args as unknown as [object, string];
          logs.push({ ...details, level, message });
        },
      },
    });
  }

  /** As after a restart: nothing is remembered but the catalogue. Real files only. */
  async restart(): Promise<void> {
    await this.runner.close();
    await this.#audit.close();
    await this.catalogue.close();
    this.catalogue = Catalogue.open(this.#file());
    this.#audit = this.#newAudit();
    this.runner = this.#newRunner();
  }

  /** As after kill -9: what was under way is never heard of again. */
  crash(): void {
    this.runner = this.#newRunner();
  }

  /** Moves the clock and lets the runner look. */
  async at(time: string | number): Promise<void> {
    this.now = typeof time === 'number' ? time : Date.parse(time);
    await this.runner.tick();
    await this.runner.idle();
  }

  get policies(): Policies {
    return new Policies({ catalogue: this.catalogue, settings: this.settings, clock: () => this.now });
  }

  policy(policy: Partial<NewPolicy> = {}): Promise<string> {
    const normal = { name: 'nightly', cronExpression: '0 0 2 ? * 1-7', retentionDays: 3 };
    const rest = { diskType: 'SYSTEM' as const, regionId: REGION, creator: 'alice' };
    return this.policies.create({ ...normal, ...rest, ...policy }, Claim.none());
  }

  async desktop(policyId?: string, disks: readonly DiskType[] = ['system', 'data']): Promise<string> {
    const id = this.#id('ecd', 17);
    const empty = {
      bundle_id: 'b',
      image_id: 'm',
      office_site_id: '',
      policy_group_id: '',
      end_user_ids: '[]',
    };
    await this.catalogue.db
      .insertInto('desktops')
      .values({
        ...{ id, name: id, hostname: id, region_id: REGION, status: 'Running', state_version: 1, ...empty },
        ...{ wanted_running: 1, charge_type: 'PostPaid', cpus: 1, memory_mib: 256, network: 'none' },
        ...{ firmware: 'bios', mac: '', uuid: id, creator: 'alice', created_at: this.now, stop_reason: '' },
      })
      .execute();
    for (const type of disks) {
      const disk = { id: `${id}-${type}`, desktop_id: id, type, size_bytes: 1024, active_layer: 'l' };
      await this.catalogue.db.insertInto('disks').values(disk).execute();
    }
    if (policyId !== undefined) await this.policies.apply(REGION, policyId, [id], Claim.none());
    return id;
  }

  async snapshot(row: Partial<Insertable<SnapshotTable>>): Promise<string> {
    const id = row.id ?? this.#id('s', 20);
    await this.catalogue.db
      .insertInto('snapshots')
      .values({
        ...{ id, name: 'mine', description: '', region_id: REGION, desktop_id: 'ecd-x', desktop_name: 'x' },
        ...{ disk_id: 'd', disk_type: 'system', disk_size_bytes: 1024, os_type: 'Linux', type: 'USER' },
        ...{ status: 'ACCOMPLISHED', failure: '', creator: 'alice', created_at: this.now, done_bytes: 0 },
        ...row,
      })
      .execute();
    return id;
  }

  /** What is there of a desktop, oldest first. */
  async snapshots(
    desktopId: string,
  ): Promise<{ id: string; created_at: number; expires_at: number | null }[]> {
    return this.catalogue.db
      .selectFrom('snapshots')
      .select(['id', 'created_at', 'expires_at'])
      .where('desktop_id', '=', desktopId)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
  }

  async runs(desktopId: string): Promise<Pick<PolicyRunTable, 'point' | 'status' | 'reason'>[]> {
    return this.catalogue.db
      .selectFrom('policy_runs')
      .select(['point', 'status', 'reason'])
      .where('desktop_id', '=', desktopId)
      .orderBy('point')
      .execute();
  }

  /** What the audit log says, oldest first. */
  async audited(): Promise<AuditRecord[]> {
    await this.#audit.flush();
    return Array.fromAsync(readAudit(this.catalogue.db, 0));
  }

  async store(status: 'ACCOMPLISHED' | 'FAILED' = 'ACCOMPLISHED'): Promise<void> {
    await this.catalogue.db
      .updateTable('snapshots')
      .set({ status })
      .where('status', '=', 'PROGRESSING')
      .execute();
  }

  async close(): Promise<void> {
    await this.runner.close();
    await this.#audit.close();
    await this.catalogue.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #id(prefix: string, length: number): string {
    return `${prefix}-${String(++this.#serial).padStart(length, '0')}`;
  }
}
