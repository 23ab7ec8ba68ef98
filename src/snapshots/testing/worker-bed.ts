/**
 * Disks in a real catalogue over a pool, a vault and a scan that are not there: an archive lasts until the test lets it
 * end. Everything that happens to a disk is told in `told`.
 */
import pino from 'pino';
import { KeyedMutex, SharedMutex } from '../../async.ts';
import { Catalogue } from '../../catalogue/catalogue.ts';
import type { FrozenView, Stack } from '../../disks/types.ts';
import { EcdError } from '../../errors.ts';
import { defaultSettings } from '../../settings.ts';
import type { SnapshotContext } from '../context.ts';
import { SettleGate } from '../settle-gate.ts';
import { DiskWorkers } from '../worker.ts';

const SIZE = 1024 * 1024;
const MOST_LOOKS = 100_000;
const ROOT = { name: Buffer.alloc(32, 7), size: SIZE };

export class WorkerBed {
  readonly catalogue = Catalogue.open(':memory:');
  readonly stop = new AbortController();
  readonly workers: DiskWorkers;
  readonly ctx: SnapshotContext;
  readonly told: string[] = [];
  /** Disks whose files cannot be used, and why. */
  readonly broken = new Map<string, EcdError>();
  /** How often a worker looked for something to do. */
  looks = 0;
  /** How many more looks fail. */
  failing = 0;
  /** Files that are gone. */
  readonly unlinked: string[] = [];
  underWay = 0;
  mostAtOnce = 0;
  #free: ReturnType<typeof Promise.withResolvers<void>> | null = null;

  constructor(archivesAtOnce: number) {
    const settings = defaultSettings();
    const db = new Proxy(this.catalogue.db, {
      get: (target, name) => {
        if (name === 'selectFrom' || name === 'executeQuery') this.#look();
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const catalogue = new Proxy(this.catalogue, {
      get: (target, name) => {
        if (name === 'db') return db;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const parts = {
      catalogue,
      settings: { ...settings, snapshots: { ...settings.snapshots, archivesAtOnce } },
      vault: {
        session: async () => this.#session(),
        putRecord: async () => {},
        freeBytes: async () => 2 ** 40,
      },
      pool: {
        isUntouched: async () => false,
        check: async (stack: Stack) => this.#check(stack),
        openView: async (stack: Stack) => this.#view(stack),
        release: async (_: string, layers: readonly string[]) => void this.unlinked.push(...layers),
        prepare: async () => {},
        freeBytes: async () => 2 ** 40,
        freezeOffline: (_: Stack, commit: () => Promise<void>) => commit(),
        settle: async ({ diskId }: Stack) => void this.told.push(`settle ${diskId}`),
        releaseDisk: async (diskId: string) => void this.told.push(`release ${diskId}`),
      },
      scan: { scan: (request: { signal: AbortSignal }) => this.#scan(request.signal) },
      desktops: { live: () => null, qemuPid: () => undefined },
      log: pino({ level: 'silent' }),
      clock: () => 1,
      diskLock: new KeyedMutex(),
      recordLock: new SharedMutex(),
      gate: new SettleGate((id) => this.workers.kick(id)),
      signal: this.stop.signal,
      kick: (id: string) => this.workers.kick(id),
    };
    // Only what a worker uses is there, and what takes a snapshot of a Stopped desktop.
    this.ctx = parts as unknown as SnapshotContext;
    this.workers = new DiskWorkers(this.ctx);
  }

  /** From now on an archive lasts until `release`. */
  hold(): void {
    this.#free = Promise.withResolvers();
  }

  release(): void {
    this.#free?.resolve();
    this.#free = null;
  }

  /** A stopped desktop's disk: frozen layer `<id>-0` with a snapshot `s-<id>-0` that waits, an active and a prepared one. */
  async addDisk(id: string): Promise<void> {
    const { db } = this.catalogue;
    const texts = [
      'name',
      'hostname',
      'region_id',
      'bundle_id',
      'image_id',
      'office_site_id',
      'policy_group_id',
    ];
    const more = [
      'end_user_ids',
      'charge_type',
      'network',
      'firmware',
      'mac',
      'uuid',
      'creator',
      'stop_reason',
    ];
    const numbers = ['state_version', 'wanted_running', 'cpus', 'memory_mib', 'created_at'];
    const row = Object.fromEntries([
      ...[...texts, ...more].map((column) => [column, '']),
      ...numbers.map((column) => [column, 0]),
    ]);
    await db
      .insertInto('desktops')
      .values({ ...row, id: `ecd-${id}`, status: 'Stopped' } as never)
      .execute();
    const layers = { active_layer: `${id}-1`, prepared_layer: `${id}-2` };
    await db
      .insertInto('disks')
      .values({ id, desktop_id: `ecd-${id}`, type: 'system', size_bytes: SIZE, ...layers })
      .execute();
    for (const [at, state] of (['frozen', 'active', 'prepared'] as const).entries())
      await db
        .insertInto('layers')
        .values({
          id: `${id}-${at}`,
          disk_id: id,
          parent_id: at === 0 ? null : `${id}-${at - 1}`,
          state,
          created_at: at,
        })
        .execute();
    await this.#addSnapshot(id, 0);
  }

  /** The next freeze: the active layer `<id>-1` waits, the prepared one is on top. */
  async freeze(id: string): Promise<void> {
    const { db } = this.catalogue;
    await db.updateTable('layers').set({ state: 'frozen' }).where('id', '=', `${id}-1`).execute();
    await db.updateTable('layers').set({ state: 'active' }).where('id', '=', `${id}-2`).execute();
    const layers = { active_layer: `${id}-2`, prepared_layer: null };
    await db.updateTable('disks').set(layers).where('id', '=', id).execute();
    await this.#addSnapshot(id, 1);
  }

  async status(snapshotId: string) {
    const found = await this.catalogue.db
      .selectFrom('snapshots')
      .select(['status', 'failure'])
      .where('id', '=', snapshotId)
      .executeTakeFirstOrThrow();
    return found.failure === '' ? found.status : `${found.status} ${found.failure}`;
  }

  /** Kicks them all. */
  kick(...ids: string[]): void {
    for (const id of ids) this.workers.kick(id);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.workers.close();
    await this.catalogue.close();
  }

  async #addSnapshot(disk: string, at: number): Promise<void> {
    const texts = ['name', 'description', 'region_id', 'desktop_name', 'os_type', 'failure', 'creator'];
    await this.catalogue.db
      .insertInto('snapshots')
      .values({
        ...Object.fromEntries(texts.map((column) => [column, ''])),
        ...{ id: `s-${disk}-${at}`, disk_id: disk, desktop_id: `ecd-${disk}`, layer_id: `${disk}-${at}` },
        ...{ disk_type: 'system', type: 'USER', status: 'PROGRESSING', consistency: 'stopped' },
        ...{ disk_size_bytes: SIZE, created_at: at, done_bytes: 0 },
      } as never)
      .execute();
  }

  /** One that looks without end would let no test of it end. */
  #look(): void {
    if (++this.looks > MOST_LOOKS) this.stop.abort();
    if (this.failing === 0) return;
    this.failing--;
    throw new EcdError('Catalogue.Unavailable', { reason: 'test' });
  }

  #check(stack: Stack): void {
    const error = this.broken.get(stack.diskId);
    if (error === undefined) return;
    this.told.push(`broken ${stack.diskId}`);
    throw error;
  }

  #view(stack: Stack): FrozenView {
    const layer = stack.layers.at(-1)!;
    this.told.push(`begin ${layer}`);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.underWay);
    return {
      spec: { socket: '', exportName: '', sizeBytes: SIZE },
      async *changedExtents() {
        yield { offset: 0, length: SIZE, zero: false };
      },
      close: async () => {
        this.underWay--;
        this.told.push(`end ${layer}`);
      },
    };
  }

  async *#scan(signal: AbortSignal) {
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(new EcdError('Cancelled', { reason: 'aborted' }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    await Promise.race([
      this.#free?.promise ?? new Promise((resolve) => setImmediate(resolve)),
      stopped.promise,
    ]);
    yield { index: 0, name: ROOT.name };
  }

  #session() {
    return {
      known: async () => [],
      put: async () => {},
      buildTree: async (_parent: unknown, _size: number, changes: AsyncIterable<unknown>) => {
        for await (const _ of changes);
        return ROOT;
      },
      flush: async () => ({ newBytes: 1 }),
      close: async () => {},
    };
  }
}
