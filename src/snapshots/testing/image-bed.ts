/** Images over a real catalogue and a real vault, with a pool that keeps golden files in memory. */
import { KeyedMutex, SharedMutex } from '../../async.ts';
import { Catalogue } from '../../catalogue/catalogue.ts';
import type { SnapshotTable } from '../../catalogue/schema.ts';
import type { LayerWriter, Stack } from '../../disks/types.ts';
import { defaultSettings } from '../../settings.ts';
import { type Root, rootKey, type Vault } from '../../vault/index.ts';
import { openVault, saved, tempDir } from '../../vault/testing.ts';
import type { SnapshotContext } from '../context.ts';
import { Images } from '../images.ts';
import { allRoots } from '../roots.ts';

export const REGION = 'cn-hangzhou';

export class ImageBed {
  readonly catalogue = Catalogue.open(':memory:');
  readonly vault: Vault;
  readonly images: Images;
  readonly ctx: SnapshotContext;
  /** Golden files that have their name. */
  readonly files = new Map<string, Buffer>();
  /** Half-made ones. */
  readonly drafts = new Map<string, Buffer>();
  /** Called before each write, with how many there were. */
  onWrite: (count: number) => void | Promise<void> = () => {};
  writes = 0;
  now = 1_000_000;
  free = 2 ** 40;
  readonly stop = new AbortController();
  /** Layers that were made, each with the stack below it; and those that were unlinked. */
  readonly prepared: [layer: string, below: Stack][] = [];
  readonly released: string[] = [];
  lockFree = true;
  /** Throws when the files cannot be used. */
  check: () => void = () => {};

  private constructor(vault: Vault) {
    this.vault = vault;
    const settings = defaultSettings();
    this.ctx = {
      catalogue: this.catalogue,
      vault,
      pool: {
        freeBytes: async () => this.free,
        freezeOffline: (_: unknown, commit: () => Promise<void>) => commit(),
        prepare: async (stack: Stack, layer: string) => void this.prepared.push([layer, stack]),
        lockFree: async () => this.lockFree,
        check: async () => this.check(),
        release: async (_: string, layers: readonly string[]) => void this.released.push(...layers),
        writeLayer: async (below: Stack, layer: string) => this.#writer(layer, below.sizeBytes),
        writeImage: async (id: string, bytes: number) => this.#writer(id, bytes),
        releaseImage: async (id: string) => this.#release(id),
      },
      desktops: { live: () => null, qemuPid: () => undefined },
      settings: { ...settings, snapshots: { ...settings.snapshots, quotaPerDisk: 1, maxWaitingLayers: 2 } },
      log: { warn() {}, error() {}, info() {}, debug() {} },
      clock: () => ++this.now,
      diskLock: new KeyedMutex(),
      recordLock: new SharedMutex(),
      gate: { pause: async () => ({ resume() {} }) },
      signal: this.stop.signal,
      kick() {},
    } as unknown as SnapshotContext;
    this.images = new Images(this.ctx);
  }

  static async open(): Promise<ImageBed> {
    const bed = new ImageBed(await openVault(await tempDir()));
    await bed.#desktop();
    return bed;
  }

  get db() {
    return this.catalogue.db;
  }

  /** A desktop of an image, Stopped, with a system disk of 10 chunks and a data disk. */
  async #desktop(): Promise<void> {
    await this.image('m-base');
    await this.db
      .insertInto('desktops')
      .values({
        ...{
          id: 'ecd-1',
          name: 'lab',
          hostname: 'lab',
          region_id: REGION,
          creator: 'alice',
          stop_reason: '',
        },
        ...{ status: 'Stopped', state_version: 1, wanted_running: 0, bundle_id: 'b', image_id: 'm-base' },
        ...{ office_site_id: '', policy_group_id: '', end_user_ids: '[]', charge_type: 'PostPaid', cpus: 1 },
        ...{ memory_mib: 1, network: 'none', firmware: 'bios', mac: '', uuid: 'u', created_at: 1 },
      })
      .execute();
    for (const type of ['system', 'data'] as const) {
      const disk = {
        id: `d-${type}`,
        desktop_id: 'ecd-1',
        type,
        size_bytes: 5120,
        active_layer: `l-${type}`,
      };
      await this.db.insertInto('disks').values(disk).execute();
      const layer = { id: `l-${type}`, disk_id: disk.id, parent_id: null, image_id: null, created_at: 1 };
      await this.db
        .insertInto('layers')
        .values({ ...layer, state: 'active', root: null })
        .execute();
    }
  }

  async image(
    id: string,
    more: { name?: string; status?: 'Available' | 'CreateFailed' } = {},
  ): Promise<void> {
    await this.db
      .insertInto('images')
      .values({
        ...{ id, name: 'base', description: '', os_type: 'Linux', platform: 'Debian', status: 'Available' },
        ...{ progress: 100, size_bytes: 5120, root: null, created_at: 1, updated_at: 1 },
        ...more,
      })
      .execute();
  }

  /** An accomplished snapshot with this content. */
  async snapshot(id: string, root: Root, more: Partial<SnapshotTable> = {}): Promise<void> {
    await this.db
      .insertInto('snapshots')
      .values({
        ...{ id, name: id, description: '', region_id: REGION, desktop_id: 'ecd-1', desktop_name: 'lab' },
        ...{ disk_id: 'd-system', disk_type: 'system', disk_size_bytes: root.size, os_type: 'Linux' },
        ...{ type: 'USER', status: 'ACCOMPLISHED', failure: '', creator: 'alice', consistency: 'stopped' },
        ...{ created_at: 5, archived_at: 6, root: rootKey(root), layer_id: null, done_bytes: 0 },
        ...more,
      })
      .execute();
  }

  /** Content of these chunks in the vault. */
  content(seeds: readonly number[]): Promise<Root> {
    return saved(this.vault, seeds);
  }

  row(id: string) {
    return this.db.selectFrom('images').selectAll().where('id', '=', id).executeTakeFirst();
  }

  make(id: string): Promise<void> {
    return this.images.make(id, this.stop.signal);
  }

  collect() {
    return this.vault.collect({ roots: () => allRoots(this.catalogue, this.vault) });
  }

  async records(): Promise<Map<string, Record<string, unknown>>> {
    const found = new Map<string, Record<string, unknown>>();
    for await (const { id, record } of this.vault.records()) found.set(id, record as Record<string, unknown>);
    return found;
  }

  /** What deleted things leave until they are gone. */
  async leftovers(): Promise<number> {
    const [files, records] = await Promise.all([
      this.db.selectFrom('image_garbage').selectAll().execute(),
      this.db.selectFrom('dropped_records').selectAll().execute(),
    ]);
    return files.length + records.length + this.drafts.size;
  }

  #release(id: string): void {
    this.drafts.delete(id);
    this.files.delete(id);
  }

  #writer(id: string, bytes: number): LayerWriter {
    const draft = Buffer.alloc(bytes);
    this.drafts.set(id, draft);
    return {
      write: async (offset, data) => {
        await this.onWrite(++this.writes);
        data.copy(draft, offset);
      },
      zero: async (offset, length) => void draft.fill(0, offset, offset + length),
      finish: async () => {
        this.drafts.delete(id);
        this.files.set(id, draft);
      },
      discard: async () => this.#release(id),
    };
  }
}
