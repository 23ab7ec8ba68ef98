/**
 * A place for tests of desktops: a data directory, a catalogue, a pool, and a service's `Desktops` that can be ended and
 * begun again on it.
 *
 * Invariants: `close` ends every QEMU that was started here and removes the directory; it fails if a script that was run
 * in a guest stands in the log or in a run folder.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { demandNoLeaks } from '../acceptance/support/search.ts';
import { noteSecret, placesBelow } from '../acceptance/support/secrets.ts';
import { Catalogue } from '../src/catalogue/catalogue.ts';
import { Claim } from '../src/catalogue/nonces.ts';
import type { DesktopStatus } from '../src/catalogue/schema.ts';
import { Commands } from '../src/desktops/commands.ts';
import { type DesktopHooks, Desktops, type NewDesktops } from '../src/desktops/desktops.ts';
import { processOf } from '../src/desktops/find-process.ts';
import { killProcess } from '../src/desktops/lifecycle.ts';
import { type DesktopRow, findDesktop } from '../src/desktops/rows.ts';
import { runFolder } from '../src/desktops/run-folder.ts';
import { Qcow2Pool } from '../src/disks/qcow2/pool.ts';
import type { DiskPool } from '../src/disks/types.ts';
import { newId, systemClock } from '../src/ids.ts';
import { TCG } from '../src/qemu/kvm.ts';
import type { User } from '../src/qemu/process.ts';
import { parseSettings, type Settings } from '../src/settings.ts';

const run = promisify(execFile);
const NOBODY = 65_534;

export interface RoomOptions {
  readonly settings?: Record<string, unknown>;
  /** A golden image; a blank one of 64 MiB if none is given. */
  readonly image?: string;
}

export class Room {
  readonly dir: string;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly pool: DiskPool;
  readonly user: User | undefined;
  readonly imageId = newId.image();
  imageBytes = 0;
  /** What the hooks were told, as `name id`. */
  readonly told: string[] = [];
  /** Set to replace one. */
  hooks: Partial<DesktopHooks> = {};
  desktops: Desktops;
  commands: Commands;
  #logged = '';

  private constructor(dir: string, options: RoomOptions) {
    this.dir = dir;
    this.user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
    this.catalogue = Catalogue.open(join(dir, 'catalogue.sqlite'));
    this.settings = parseSettings(options.settings ?? {});
    this.pool = new Qcow2Pool({
      disksDir: join(dir, 'disks'),
      imagesDir: join(dir, 'images'),
      runDir: join(dir, 'run'),
      owner: this.user,
      log: this.log,
    });
    this.desktops = this.service();
    this.commands = this.commandsOf(this.desktops);
  }

  static async open(options: RoomOptions = {}): Promise<Room> {
    const dir = await mkdtemp(join(tmpdir(), 'oe-'));
    await chmod(dir, 0o711);
    for (const each of ['disks', 'images', 'run']) await mkdir(join(dir, each), { mode: 0o711 });
    const room = new Room(dir, options);
    const image = join(dir, 'images', `${room.imageId}.qcow2`);
    if (options.image === undefined) await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '64M']);
    else await copyFile(options.image, image);
    await chmod(image, 0o644);
    const { stdout } = await run('qemu-img', ['info', '--output=json', image]);
    room.imageBytes = (JSON.parse(stdout) as { 'virtual-size': number })['virtual-size'];
    await room.catalogue.db
      .insertInto('images')
      .values({
        id: room.imageId,
        name: 'test',
        description: '',
        os_type: 'Linux',
        platform: 'Linux',
        status: 'Available',
        progress: 100,
        size_bytes: room.imageBytes,
        root: null,
        created_at: 1,
        updated_at: 1,
      })
      .execute();
    await room.desktops.recover();
    return room;
  }

  /** Kept for the search, and shown with OPENECD_TEST_LOG set. */
  get log() {
    return pino(
      { level: 'trace' },
      {
        write: (line) => {
          this.#logged += line;
          if (process.env['OPENECD_TEST_LOG'] !== undefined) process.stdout.write(line);
        },
      },
    );
  }

  /** Another service on the same data. */
  service(pool: DiskPool = this.pool, firmware?: { code: string; vars: string }): Desktops {
    const told =
      (name: 'created' | 'running' | 'stopped') =>
      (id: string): void => {
        this.told.push(`${name} ${id}`);
        this.hooks[name]?.(id);
      };
    return new Desktops({
      catalogue: this.catalogue,
      settings: this.settings,
      pool,
      dataDir: this.dir,
      user: this.user,
      accelerator: TCG,
      firmware,
      log: this.log,
      clock: systemClock,
      hooks: {
        beforeStart: async (id, signal) => {
          this.told.push(`beforeStart ${id}`);
          await this.hooks.beforeStart?.(id, signal);
        },
        created: told('created'),
        running: told('running'),
        stopped: told('stopped'),
        deleted: async (id) => {
          this.told.push(`deleted ${id}`);
          await this.hooks.deleted?.(id);
        },
      },
    });
  }

  commandsOf(desktops: Desktops): Commands {
    return new Commands({ catalogue: this.catalogue, desktops, log: this.log, clock: systemClock });
  }

  /** The service ends and a new one begins. */
  async restart(between: () => Promise<void> = async () => {}): Promise<void> {
    await this.commands.close();
    await this.desktops.close();
    await between();
    this.desktops = this.service();
    this.commands = this.commandsOf(this.desktops);
    await this.desktops.recover();
    await this.commands.recover();
  }

  wanted(change: Partial<NewDesktops> = {}): NewDesktops {
    return {
      regionId: 'cn-hangzhou',
      bundle: { ...this.settings.bundles[0]!, memoryMib: 128 },
      image: { id: this.imageId, size_bytes: this.imageBytes, os_type: 'Linux' },
      amount: 1,
      name: 'test',
      nameSuffix: false,
      hostname: '',
      officeSiteId: '',
      policyGroupId: '',
      endUserIds: [],
      chargeType: 'PostPaid',
      creator: 'tester',
      ...change,
    };
  }

  /** A new desktop, when its creation has ended. */
  async create(change: Partial<NewDesktops> = {}): Promise<string> {
    const [id] = await this.desktops.create(this.wanted(change), Claim.none());
    await this.desktops.settled();
    return id!;
  }

  async row(id: string): Promise<DesktopRow> {
    const row = await findDesktop(this.catalogue.db, id);
    if (row === undefined) throw new Error(`${id} is not in the catalogue`);
    return row;
  }

  async status(id: string): Promise<DesktopStatus> {
    return (await this.row(id)).status;
  }

  /** Looks every 20 ms until `found` is true. */
  async until(what: string, found: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
    const deadline = Date.now() + seconds * 1_000;
    while (!(await found())) {
      if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Runs a shell script in a desktop and gives its output; fails when it does. */
  async sh(desktopId: string, script: string, timeoutSeconds = 60): Promise<string> {
    const result = await this.shResult(desktopId, script, timeoutSeconds);
    if (result.status !== 'Success')
      throw new Error(`${script}: ${result.errorCode} ${result.errorInfo} ${result.output}`);
    return result.output?.toString() ?? '';
  }

  async shResult(desktopId: string, script: string, timeoutSeconds = 60) {
    const invokeId = await this.sendCommand(desktopId, script, timeoutSeconds);
    await this.commands.settled();
    return await this.result(invokeId);
  }

  async sendCommand(desktopId: string, script: string, timeoutSeconds = 60): Promise<string> {
    noteSecret('CommandContent', script, 'script');
    return await this.commands.run(
      {
        regionId: 'cn-hangzhou',
        type: 'RunShellScript',
        content: script,
        contentEncoding: 'PlainText',
        desktopIds: [desktopId],
        endUserId: '',
        timeoutSeconds,
        creator: 'tester',
      },
      Claim.none(),
    );
  }

  async result(invokeId: string) {
    const page = await this.commands.list(
      { regionId: 'cn-hangzhou', invokeId, includeOutput: true },
      { limit: 1 },
    );
    return page.invocations[0]!.desktops[0]!;
  }

  async close(): Promise<void> {
    await this.commands.close();
    await this.desktops.close();
    for (const row of await this.catalogue.db.selectFrom('desktops').selectAll().execute()) {
      const found = await processOf(row, runFolder(this.dir, row.id));
      if (found !== null) await killProcess(found);
    }
    await this.pool.close();
    await this.catalogue.close();
    try {
      demandNoLeaks([['the log', this.#logged], ...(await placesBelow(join(this.dir, 'run')))]);
    } finally {
      await rm(this.dir, { recursive: true, force: true });
    }
  }
}
