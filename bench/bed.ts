/**
 * A service in this process, reached through its door like any other, so that a benchmark can look inside at the named
 * points of `faults` while it asks from outside.
 *
 * Invariant: `close` ends every desktop and the service.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pino from 'pino';
import { buildDemoImage } from '../images/build.ts';
import { Catalogue } from '../src/catalogue/catalogue.ts';
import type { DiskType } from '../src/catalogue/schema.ts';
import { type DiskRow, diskOf, loadStack } from '../src/catalogue/stacks.ts';
import { ensureAdminKey } from '../src/cli/admin-key.ts';
import { type ClientKey, call } from '../src/cli/client.ts';
import { DataDir } from '../src/data-dir.ts';
import { Qcow2Pool } from '../src/disks/qcow2/pool.ts';
import { faults } from '../src/faults.ts';
import { NbdClient } from '../src/qemu/nbd.ts';
import { kill, readPidFile, type User } from '../src/qemu/process.ts';
import { StorageDaemon } from '../src/qemu/storage-daemon.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { parseSettings, type Settings } from '../src/settings.ts';
import { qemuUser } from '../src/system-user.ts';
import { onInterrupt, run, until } from './run.ts';

export const REGION = 'cn-hangzhou';
const OPENECD = resolve(import.meta.dirname, '../bin/openecd');
const CACHE = resolve(import.meta.dirname, '../.cache');

/** The demo guest with a data disk of so many GiB. */
export function bundle(dataDiskGib: number): Record<string, unknown> {
  return { id: `data-${dataDiskGib}`, name: 'bench', cpus: 1, memoryMib: 256, dataDiskGib, image: 'demo' };
}

export class Bed {
  readonly dir: DataDir;
  readonly settings: Settings;
  readonly catalogue: Catalogue;
  readonly user: User | undefined;
  readonly key: ClientKey;
  readonly #server: RunningServer;
  #forget = () => {};

  private constructor(
    dir: DataDir,
    settings: Settings,
    catalogue: Catalogue,
    key: ClientKey,
    server: RunningServer,
  ) {
    this.dir = dir;
    this.settings = settings;
    this.catalogue = catalogue;
    this.key = key;
    this.#server = server;
    this.user = qemuUser(settings.qemuUser);
  }

  /** A service with the demo image and these settings, in `path`. */
  static async open(path: string, given: Record<string, unknown>): Promise<Bed> {
    faults.clear();
    const dir = DataDir.open(path, { create: true });
    // A desktop that is stopped to get at its disk may not have booted yet, and then does not hear that it shall.
    const settings = parseSettings({ desktops: { shutdownSeconds: 5 }, ...given });
    const catalogue = Catalogue.open(dir.catalogue);
    await ensureAdminKey(dir, catalogue);
    const { AccessKeyId, AccessKeySecret } = JSON.parse(readFileSync(dir.adminKey, 'utf8')) as Record<
      string,
      string
    >;
    const key = { accessKeyId: AccessKeyId!, accessKeySecret: AccessKeySecret! };
    const log = pino({ level: 'info' }, pino.destination({ dest: join(path, 'service.json'), sync: true }));
    const listen = { host: '127.0.0.1', port: 0 };
    const server = await startServer({ dataDir: dir.path, vaultDir: dir.vault, settings, listen, log });
    const bed = new Bed(dir, settings, catalogue, key, server);
    bed.#forget = onInterrupt(() => killMachines(dir));
    await bed.importImage('demo', await buildDemoImage({ cacheDir: CACHE }));
    return bed;
  }

  async importImage(name: string, file: string): Promise<string> {
    const said = await run(OPENECD, [
      'image',
      'import',
      '--data',
      this.dir.path,
      '--name',
      name,
      '--json',
      file,
    ]);
    return (JSON.parse(said) as { ImageId: string }).ImageId;
  }

  call(action: string, parameters: Record<string, string> = {}): Promise<Record<string, unknown>> {
    return call(this.#server.url, this.key, action, { RegionId: REGION, ...parameters });
  }

  /** A new desktop, when it is Running. */
  async create(dataDiskGib: number): Promise<string> {
    const answer = await this.call('CreateDesktops', {
      BundleId: `data-${dataDiskGib}`,
      DesktopName: 'bench',
      Amount: '1',
    });
    const id = (answer['DesktopId'] as string[])[0]!;
    await this.status(id, 'Running');
    return id;
  }

  status(desktopId: string, wanted: 'Running' | 'Stopped'): Promise<true> {
    return until(`desktop ${wanted}`, 180, async () => {
      const answer = await this.call('DescribeDesktops', { 'DesktopId.1': desktopId });
      const [desktop] = answer['Desktops'] as { DesktopStatus: string }[];
      return desktop?.DesktopStatus === wanted ? true : undefined;
    });
  }

  async start(desktopId: string): Promise<void> {
    await this.call('StartDesktops', { 'DesktopId.1': desktopId });
    await this.status(desktopId, 'Running');
  }

  async stop(desktopId: string): Promise<void> {
    await this.call('StopDesktops', { 'DesktopId.1': desktopId });
    await this.status(desktopId, 'Stopped');
  }

  /** Runs a shell script in the guest and gives its output. Waits for the guest to boot. */
  async shell(desktopId: string, script: string, limitSeconds = 120): Promise<string> {
    const parameters = {
      Type: 'RunShellScript',
      'DesktopId.1': desktopId,
      CommandContent: script,
      Timeout: String(limitSeconds),
    };
    const started = await until('the guest agent', 300, () =>
      this.call('RunCommand', parameters).catch((error: { details?: { code?: unknown } }) => {
        if (error.details?.code !== 'OperationDenied.NoAgent') throw error;
        return undefined;
      }),
    );
    const one = await until('the end of a script', limitSeconds + 30, async () => {
      const asked = { InvokeId: String(started['InvokeId']), IncludeOutput: 'true' };
      const answer = await this.call('DescribeInvocations', asked);
      const [invocation] = answer['Invocations'] as { InvokeDesktops: Invoked[] }[];
      const found = invocation?.InvokeDesktops[0];
      return found !== undefined && !['Pending', 'Running'].includes(found.InvocationStatus)
        ? found
        : undefined;
    });
    const output = Buffer.from(one.Output ?? '', 'base64').toString();
    if (one.InvocationStatus !== 'Success')
      throw new Error(`in the guest: ${script}\n${one.InvocationStatus} ${output}`);
    return output;
  }

  async snapshot(desktopId: string, type: DiskType): Promise<string> {
    const answer = await this.call('CreateSnapshot', {
      DesktopId: desktopId,
      SourceDiskType: type,
      SnapshotName: 'bench',
    });
    return String(answer['SnapshotId']);
  }

  /** The snapshot's listed row once it is ACCOMPLISHED. */
  archived(snapshotId: string, limitSeconds = 600): Promise<Record<string, unknown>> {
    return until('a snapshot in the vault', limitSeconds, async () => {
      const answer = await this.call('DescribeSnapshots', { SnapshotId: snapshotId });
      const [row] = answer['Snapshots'] as Record<string, unknown>[];
      if (row === undefined || row['Status'] === 'FAILED')
        throw new Error(`snapshot ${snapshotId} has failed`);
      return row['Status'] === 'ACCOMPLISHED' ? row : undefined;
    });
  }

  async disk(desktopId: string, type: DiskType): Promise<DiskRow> {
    return (await diskOf(this.catalogue.db, desktopId, type))!;
  }

  /** Waits until nothing is left to do for a disk: all archived, merged, and the next layer prepared. */
  idle(desktopId: string, type: DiskType, limitSeconds = 600): Promise<true> {
    return until('an idle disk', limitSeconds, async () => {
      const disk = await this.disk(desktopId, type);
      const { layers } = await loadStack(this.catalogue.db, disk);
      const done = disk.prepared_layer !== null && disk.settling_layer === null && disk.intent === null;
      return done && layers.length <= 2 ? true : undefined;
    });
  }

  layerFile(diskId: string, layerId: string): string {
    return join(this.dir.disks, diskId, `${layerId}.qcow2`);
  }

  /** Opens the disk of a Stopped desktop for writing from here. */
  async writing<T>(
    desktopId: string,
    type: DiskType,
    work: (client: NbdClient, url: string) => Promise<T>,
  ): Promise<T> {
    const disk = await this.disk(desktopId, type);
    const stack = await loadStack(this.catalogue.db, disk);
    const runDir = join(this.dir.run, 'bench');
    mkdirSync(runDir, { recursive: true, mode: 0o755 });
    const log = pino({ level: 'silent' });
    const pool = new Qcow2Pool({ disksDir: this.dir.disks, imagesDir: this.dir.images, runDir, log });
    const daemon = await StorageDaemon.start({ dir: runDir });
    try {
      await daemon.add(pool.blockdevs(stack));
      const { socket, exportName } = await daemon.exportNbd({
        node: pool.topNode(stack),
        name: 'disk',
        writable: true,
      });
      const client = await NbdClient.connect({ socket, exportName });
      try {
        const result = await work(client, `nbd+unix:///${exportName}?socket=${socket}`);
        await client.flush();
        return result;
      } finally {
        client.close();
      }
    } finally {
      await daemon.stop();
      await pool.close();
    }
  }

  async close(): Promise<void> {
    faults.clear();
    await this.#server.close();
    killMachines(this.dir);
    await this.catalogue.close();
    this.#forget();
  }
}

/** Ends the QEMU of every desktop of a data directory. */
function killMachines(dir: DataDir): void {
  for (const name of readdirSync(dir.run)) {
    const ref = readPidFile(join(dir.run, name, 'qemu.pid'));
    if (ref !== null) kill(ref, 'SIGKILL');
  }
}

interface Invoked {
  readonly InvocationStatus: string;
  readonly Output?: string;
}
