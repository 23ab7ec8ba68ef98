/**
 * A place for proofs: the real service as users start it, on a data directory of its own, with the demo guest.
 *
 * Invariants: everything is asked for at the door; the catalogue is only read, and only to see what the door does not
 * show (layers, settles); `close` ends all desktops and removes all files.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '../acceptance/support/client.ts';
import { Service } from '../acceptance/support/service.ts';
import { buildDemoImage } from '../images/build.ts';

export const run = promisify(execFile);
export const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
/** The whole tier takes more of everything that is random. */
export const FULL = process.env['OPENECD_TEST_TIER'] === 'full';
export type DiskType = 'system' | 'data';
type Fields = Record<string, unknown>;

const BOOT_S = 150;
const DEMO = {
  name: 'Demo',
  description: '',
  desktopType: 'ecd.basic.small',
  cpus: 1,
  memoryMib: 256,
  systemDiskGib: 0,
  dataDiskGib: 1,
  image: 'demo',
  firmware: 'bios',
};
/** The demo guest on a network; the id of the bundle is the network's name. */
export const demoOn = (network: string) => ({ ...DEMO, id: network, network });

export interface Snapshot {
  readonly SnapshotId: string;
  readonly Status: string;
  readonly Consistency: 'filesystem' | 'crash' | 'stopped';
  readonly StoredBytes: number;
}

export class Bed {
  readonly service: Service;
  /** Change it, then `restart`. */
  readonly settings: Fields;
  /** Of the next start of the service. */
  readonly env: Record<string, string>;
  client: Client;

  private constructor(service: Service, settings: Fields, env: Record<string, string>) {
    this.service = service;
    this.settings = settings;
    this.env = env;
    this.client = service.client();
  }

  /** With bundles `isolated` and `user`, unless the settings have others. @param through see ServiceOptions */
  static async open(settings: Fields = {}, through: readonly string[] = []): Promise<Bed> {
    const image = await buildDemoImage({ cacheDir: resolve(import.meta.dirname, '../.cache') });
    const all = { bundles: ['isolated', 'user'].map(demoOn), ...settings };
    const env: Record<string, string> = {};
    const args: string[] = [];
    const service = await Service.start({ args, env, through }, async ({ data, openecd }) => {
      args.push('--config', join(data, '../settings.json'));
      await writeFile(args[1]!, JSON.stringify(all));
      await openecd('image', 'import', '--data', data, '--name', 'demo', image);
    });
    return new Bed(service, all, env);
  }

  async close(): Promise<void> {
    await this.service.close();
  }

  /** Ends the service, which leaves the desktops alone, and starts it again with the settings and environment of now. */
  async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.service.down(signal);
    await this.up();
  }

  async up(): Promise<void> {
    await writeFile(this.file('../settings.json'), JSON.stringify(this.settings));
    await this.service.up();
    this.client = this.service.client();
  }

  /** A path below the data directory. */
  file(...parts: string[]): string {
    return join(this.service.data, ...parts);
  }

  /** Looks every 50 ms until the answer is neither null, undefined nor false. */
  async until<T>(
    what: string,
    look: () => Promise<T> | T,
    seconds = 60,
  ): Promise<Exclude<NonNullable<T>, false>> {
    const deadline = Date.now() + seconds * 1_000;
    for (;;) {
      const seen = await look();
      if (seen !== null && seen !== undefined && seen !== false)
        return seen as Exclude<NonNullable<T>, false>;
      if (Date.now() > deadline)
        throw new Error(`not within ${seconds} s: ${what}\n${this.service.log.slice(-3_000)}`);
      await pause(50);
    }
  }

  async create(bundle: string): Promise<string> {
    const { DesktopId } = await this.client.ok('CreateDesktops', { BundleId: bundle, Amount: '1' });
    return (DesktopId as string[])[0]!;
  }

  async status(desktop: string): Promise<unknown> {
    const { Desktops } = await this.client.ok('DescribeDesktops', { 'DesktopId.1': desktop });
    return (Desktops as Fields[])[0]?.['DesktopStatus'];
  }

  /** The desktop is Running and its guest runs commands. */
  async booted(desktop: string): Promise<void> {
    await this.until('Running', async () => (await this.status(desktop)) === 'Running', BOOT_S);
    await this.sh(desktop, 'while [ ! -e /run/booted ]; do usleep 50000; done', BOOT_S);
  }

  async start(desktop: string): Promise<void> {
    await this.until(
      'a disk that may be used',
      async () => (await this.client.call('StartDesktops', { 'DesktopId.1': desktop })).status === 200,
    );
    await this.booted(desktop);
  }

  async stop(desktop: string): Promise<void> {
    await this.client.ok('StopDesktops', { 'DesktopId.1': desktop });
    await this.until('Stopped', async () => (await this.status(desktop)) === 'Stopped', 90);
  }

  /** Runs a script in the guest by its agent; gives its output. */
  async sh(desktop: string, script: string, seconds = 60): Promise<string> {
    const asked = { 'DesktopId.1': desktop, Type: 'RunShellScript', Timeout: String(seconds) };
    const began = await this.client.ok('RunCommand', { ...asked, CommandContent: script });
    const query = {
      InvokeId: String(began['InvokeId']),
      IncludeOutput: 'true',
      ContentEncoding: 'PlainText',
    };
    const done = await this.until(
      script,
      async () => {
        const answer = await this.client.ok('DescribeInvocations', query);
        const [one] = (answer['Invocations'] as { InvokeDesktops: Fields[] }[])[0]!.InvokeDesktops;
        return one!['FinishTime'] === undefined ? null : one!;
      },
      seconds + 10,
    );
    if (done['InvocationStatus'] !== 'Success')
      throw new Error(`${script}: ${done['ErrorCode']} ${done['ErrorInfo']} ${done['Output']}`);
    return String(done['Output']);
  }

  async snapshot(desktop: string, disk: DiskType): Promise<string> {
    const asked = { DesktopId: desktop, SourceDiskType: disk, SnapshotName: 'proof' };
    return String((await this.client.ok('CreateSnapshot', asked))['SnapshotId']);
  }

  /** Waits until the snapshot is stored. */
  async stored(id: string, seconds = 120): Promise<Snapshot> {
    return await this.until(
      `${id} is stored`,
      async () => {
        const { Snapshots } = await this.client.ok('DescribeSnapshots', { SnapshotId: id });
        const snapshot = (Snapshots as Snapshot[])[0];
        if (snapshot?.Status === 'FAILED') throw new Error(`${id} FAILED\n${this.service.log.slice(-3_000)}`);
        return snapshot?.Status === 'ACCOMPLISHED' ? snapshot : null;
      },
      seconds,
    );
  }

  /** Writes what a snapshot holds into a raw file, out of the vault; gives its path. */
  async exported(id: string): Promise<string> {
    const file = this.file(`../${id}.raw`);
    await this.service.openecd(
      'vault',
      'export',
      '--data',
      this.service.data,
      '--snapshot',
      id,
      file,
      '--force',
    );
    return file;
  }

  /** Process id of a desktop's QEMU, the first word of what it wrote of itself. */
  qemuPid(desktop: string): number {
    return Number.parseInt(readFileSync(this.file('run', desktop, 'qemu.pid'), 'utf8'), 10);
  }
}

/** A port of the loopback that is free. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
