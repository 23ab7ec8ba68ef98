/**
 * A whole service without its door, on a data directory: wired and recovered as server.ts does it.
 *
 * Invariants: it can be opened again on the same directory after whatever end; `end` leaves no process of the directory.
 */
import { execFile } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { Claim } from '../../src/catalogue/nonces.ts';
import type { DiskType } from '../../src/catalogue/schema.ts';
import { type DiskRow, diskOf, loadStack } from '../../src/catalogue/stacks.ts';
import { DataDir } from '../../src/data-dir.ts';
import { Desktops, type NewDesktops } from '../../src/desktops/desktops.ts';
import { Qcow2Pool } from '../../src/disks/qcow2/pool.ts';
import { openReader } from '../../src/disks/reader.ts';
import type { Stack } from '../../src/disks/types.ts';
import { newId, systemClock } from '../../src/ids.ts';
import { TCG } from '../../src/qemu/kvm.ts';
import { parseSettings, type Settings } from '../../src/settings.ts';
import type { ImageRequest } from '../../src/snapshots/images.ts';
import { ScanPool } from '../../src/snapshots/scan.ts';
import { Snapshots } from '../../src/snapshots/snapshots.ts';
import { Vault } from '../../src/vault/index.ts';
import { IMAGE } from './model.ts';
import { within } from './processes.ts';

export const run = promisify(execFile);
export const REGION = 'cn-hangzhou';
const NOBODY = 65_534;
const MIB = 1024 ** 2;
export const SYSTEM_BYTES = 8 * MIB;
export const DATA_BYTES = 8 * MIB;
const GIB = 1024 ** 3;

export interface WorldOptions {
  readonly settings?: { readonly snapshots?: object };
  readonly vaultDir?: string;
  readonly logLevel?: string;
  /** Takes the log's lines. Default: standard error. */
  readonly logTo?: (line: string) => void;
}

export class World {
  readonly dir: DataDir;
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly pool: Qcow2Pool;
  readonly scan: ScanPool;
  readonly desktops: Desktops;
  readonly snapshots: Snapshots;
  readonly settings: Settings;
  readonly #release: () => void;
  readonly #stop = new AbortController();

  private constructor(
    dir: DataDir,
    catalogue: Catalogue,
    vault: Vault,
    options: WorldOptions,
    release: () => void,
  ) {
    this.dir = dir;
    this.catalogue = catalogue;
    this.vault = vault;
    this.#release = release;
    const { logLevel = 'silent', logTo } = options;
    const to = logTo === undefined ? pino.destination({ dest: 2, sync: true }) : { write: logTo };
    const log = pino({ level: logLevel }, to);
    const settings = parseSettings({
      desktops: { shutdownSeconds: 1 },
      snapshots: { reserveBytes: 0, ...options.settings?.snapshots },
    });
    this.settings = settings;
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
    this.pool = new Qcow2Pool({
      disksDir: dir.disks,
      imagesDir: dir.images,
      runDir: dir.daemons,
      owner: user,
      log,
    });
    this.scan = new ScanPool({ threads: 1, chunkSize: vault.chunkSize });
    const changed = (id: string) => void this.snapshots.desktopChanged(id).catch(() => {});
    this.desktops = new Desktops({
      catalogue,
      settings,
      pool: this.pool,
      dataDir: dir.path,
      user,
      accelerator: TCG,
      log,
      clock: systemClock,
      hooks: {
        beforeStart: (id, signal) => this.snapshots.beforeStart(id, signal),
        created: changed,
        running: changed,
        stopped: changed,
        deleted: (id) => this.snapshots.desktopChanged(id),
      },
    });
    this.snapshots = new Snapshots({
      catalogue,
      vault,
      pool: this.pool,
      scan: this.scan,
      desktops: {
        live: this.desktops.live.bind(this.desktops),
        qemuPid: (id) => this.desktops.qemuPid(id) ?? undefined,
        quiesce: this.desktops.quiesce.bind(this.desktops),
        stopAndWait: this.desktops.stopAndWait.bind(this.desktops),
      },
      settings,
      log,
      clock: systemClock,
    });
  }

  /** Opens the directory and brings everything into order. */
  static async open(path: string, options: WorldOptions = {}): Promise<World> {
    const dir = DataDir.open(path, { create: true });
    const lock = dir.lockService();
    const catalogue = Catalogue.open(dir.catalogue);
    const vault = await Vault.open({
      dir: options.vaultDir ?? dir.vault,
      indexFile: dir.vaultIndex,
      // Small, so that even these disks have trees of several levels.
      create: { chunkSize: 64 * 1024, fanout: 8 },
    });
    const world = new World(dir, catalogue, vault, options, () => lock.release());
    await world.desktops.reconnect();
    await world.snapshots.recover();
    await world.desktops.resume();
    return world;
  }

  /** An image with this content in the images' directory, archived. */
  async importImage(writes: readonly string[]): Promise<string> {
    const id = newId.image();
    const file = join(this.dir.images, `${id}.qcow2`);
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(SYSTEM_BYTES)]);
    await run('qemu-io', ['-f', 'qcow2', file, ...writes.flatMap((write) => ['-c', write])]);
    if (process.getuid?.() === 0) await chown(file, NOBODY, NOBODY);
    const times = { created_at: 1, updated_at: 1 };
    await this.catalogue.db
      .insertInto('images')
      .values({
        ...{ id, name: IMAGE, description: '', os_type: 'Linux', platform: 'Linux', root: null },
        ...{ status: 'Creating', progress: 0, size_bytes: SYSTEM_BYTES, ...times },
      })
      .execute();
    await this.makeImages();
    return id;
  }

  /** Makes the images that are Creating. False: there was none, or some still wait. */
  async makeImages(): Promise<boolean> {
    const creating = await this.catalogue.db
      .selectFrom('images')
      .select('id')
      .where('status', '=', 'Creating')
      .execute();
    for (const { id } of creating) await this.snapshots.images.make(id, this.#stop.signal);
    return creating.length > 0;
  }

  /** A new desktop with a data disk, when its creation has ended. */
  async create(): Promise<string> {
    const images = this.catalogue.db.selectFrom('images').selectAll().where('name', '=', IMAGE);
    const image = await images.executeTakeFirstOrThrow();
    const wanted: NewDesktops = {
      regionId: REGION,
      bundle: {
        ...this.settings.bundles[0]!,
        memoryMib: 64,
        systemDiskGib: 0,
        dataDiskGib: DATA_BYTES / GIB,
        network: 'none',
      },
      image,
      amount: 1,
      name: 'test',
      nameSuffix: false,
      hostname: '',
      officeSiteId: '',
      policyGroupId: '',
      endUserIds: [],
      chargeType: 'PostPaid',
      creator: 'tester',
    };
    const [id] = await this.desktops.create(wanted, Claim.none());
    await this.desktops.settled();
    return id!;
  }

  /** The one desktop that is not deleted. */
  async desktopId(): Promise<string | null> {
    const row = await this.catalogue.db
      .selectFrom('desktops')
      .select('id')
      .where('status', '!=', 'Deleted')
      .executeTakeFirst();
    return row?.id ?? null;
  }

  async status(id: string): Promise<string> {
    const rows = this.catalogue.db.selectFrom('desktops').select('status').where('id', '=', id);
    return (await rows.executeTakeFirst())?.status ?? 'none';
  }

  async disk(desktopId: string, type: DiskType): Promise<DiskRow> {
    return (await diskOf(this.catalogue.db, desktopId, type))!;
  }

  async stack(desktopId: string, type: DiskType): Promise<Stack> {
    return loadStack(this.catalogue.db, await this.disk(desktopId, type));
  }

  take(desktopId: string, diskType: DiskType, name: string): Promise<string> {
    const request = { regionId: REGION, desktopId, diskType, name, description: '', creator: 'tester' };
    return this.snapshots.take({ ...request, type: 'USER' }, Claim.none());
  }

  image(name: string, from: ImageRequest['from']): Promise<string> {
    const request = { regionId: REGION, name, description: '', creator: 'tester', from };
    return this.snapshots.images.create(request, Claim.none());
  }

  reset(snapshotId: string): Promise<void> {
    return this.snapshots.reset({ regionId: REGION, snapshotId, stopDesktop: false }, Claim.none());
  }

  rebuild(desktopId: string, imageId: string | undefined): Promise<void> {
    return this.snapshots.rebuild({ regionId: REGION, desktopId, imageId }, Claim.none());
  }

  async start(desktopId: string): Promise<void> {
    await this.desktops.start([desktopId], Claim.none());
    await this.desktops.settled();
  }

  async stop(desktopId: string): Promise<void> {
    await this.desktops.stop([desktopId], Claim.none(), { force: true });
    await this.desktops.settled();
  }

  /** Waits until nothing is left to do. Throws after the time: something is tried again and again in vain. */
  async idle(seconds = 30): Promise<void> {
    const all = async () => {
      for (let round = 0; round < 2; round++) {
        await this.desktops.settled();
        await this.snapshots.idle();
        if (await this.makeImages()) round = -1;
      }
    };
    await within(seconds, 'the work in the background ends', all());
  }

  /** A disk's whole content, read from a stack that nobody writes to. */
  async readStack(stack: Stack): Promise<Buffer> {
    const view = await this.pool.openView(stack);
    try {
      const reader = await openReader(view.spec);
      const disk = Buffer.alloc(stack.sizeBytes);
      await reader.readInto(disk, 0);
      await reader.close();
      return disk;
    } finally {
      await view.close();
    }
  }

  /** The service ends; desktops run on. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.snapshots.close();
    await this.desktops.close();
    await this.scan.close();
    await this.pool.close();
    await this.vault.close();
    await this.catalogue.close();
    this.#release();
  }
}
