/** A real QEMU, stopped before its first instruction, that has a disk of a pool open; written to through its monitor. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TCG } from '../../qemu/kvm.ts';
import { startMachine } from '../../qemu/machine-process.ts';
import { NbdClient } from '../../qemu/nbd.ts';
import { terminate } from '../../qemu/process.ts';
import type { LiveDisk } from '../types.ts';
import type { TestDisk } from './test-disk.ts';

export class LiveMachine {
  readonly live: LiveDisk;
  readonly #disk: TestDisk;
  readonly #dir: string;
  readonly #end: () => Promise<void>;
  #reads = 0;

  private constructor(live: LiveDisk, disk: TestDisk, dir: string, end: () => Promise<void>) {
    this.live = live;
    this.#disk = disk;
    this.#dir = dir;
    this.#end = end;
  }

  static async start(disk: TestDisk): Promise<LiveMachine> {
    const dir = await mkdtemp(join(tmpdir(), 'lm-'));
    const spec = {
      ...{ name: 'test', uuid: '7a6f3f3e-1f0a-4a8c-9a51-0f1d0c0b0a09', cpus: 1, memoryMiB: 32 },
      ...({ accelerator: TCG, firmware: 'bios', network: 'none', mac: '', incomingPaused: true } as const),
      sockets: { qmp: join(dir, 'qmp'), agent: join(dir, 'ga'), vnc: join(dir, 'vnc') },
      disks: [
        {
          ...{ device: 'system', serial: 'test', topNode: disk.pool.topNode(disk.stack) },
          nodes: disk.pool.blockdevs(disk.stack),
        },
      ],
    };
    const { process, qmp } = await startMachine({ spec, dir });
    return new LiveMachine({ qmp, device: 'system' }, disk, dir, async () => {
      await qmp.execute('quit').catch(() => {});
      await terminate(process, 5_000);
      qmp.close();
      await rm(dir, { recursive: true, force: true });
    });
  }

  /** Writes into whatever QEMU has on top. Lengths and offsets: multiples of 512. */
  async write(offset: number, length: number, byte: number): Promise<void> {
    const command = `write -P ${byte} ${offset} ${length}`;
    const line = `qemu-io -d /machine/peripheral/system/virtio-backend "${command}"`;
    const answer = await this.live.qmp.execute('human-monitor-command', { 'command-line': line });
    // What the command did goes to QEMU's output; a command that could not be run is answered.
    if (answer !== '') throw new Error(String(answer));
    this.#disk.content.fill(byte, offset, offset + length);
  }

  /** All that QEMU reads now. */
  async read(): Promise<Buffer> {
    const { qmp } = this.live;
    const node = this.#disk.pool.topNode(this.#disk.stack);
    const socket = join(this.#dir, `nbd-${this.#reads++}`);
    const addr = { type: 'unix', data: { path: socket } };
    await qmp.execute('nbd-server-start', { addr });
    try {
      await qmp.execute('block-export-add', { type: 'nbd', id: 'read', 'node-name': node, name: 'read' });
      const client = await NbdClient.connect({ socket, exportName: 'read' });
      const content = Buffer.alloc(client.size);
      await client.readInto(content, 0);
      await client.close();
      return content;
    } finally {
      await qmp.execute('nbd-server-stop');
    }
  }

  /** Names of all nodes of the block graph. */
  async nodes(): Promise<string[]> {
    const found = await this.live.qmp.execute<{ 'node-name': string }[]>('query-named-block-nodes', {
      flat: true,
    });
    return found.map((each) => each['node-name']).sort();
  }

  async quit(): Promise<void> {
    await this.#end();
  }
}
