/**
 * The demo guest under the same QEMU command line, on plain qcow2 files and without OpenECD: what is compared with.
 *
 * Invariant: `close` ends its QEMU.
 */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GuestAgent } from '../src/qemu/agent.ts';
import type { Accelerator } from '../src/qemu/kvm.ts';
import type { MachineDisk } from '../src/qemu/machine.ts';
import { agentPortOpen, startMachine } from '../src/qemu/machine-process.ts';
import { type ProcessRef, terminate } from '../src/qemu/process.ts';
import type { QmpClient } from '../src/qemu/qmp.ts';
import { onInterrupt, until } from './run.ts';

export interface PlainDisk {
  /** `system` is booted from. Also the name of its node. */
  readonly device: string;
  readonly file: string;
}

export class PlainGuest {
  readonly qmp: QmpClient;
  readonly #process: ProcessRef;
  readonly #agent: GuestAgent;
  readonly #forget: () => void;

  private constructor(process: ProcessRef, qmp: QmpClient, agent: GuestAgent, forget: () => void) {
    this.#process = process;
    this.#forget = forget;
    this.qmp = qmp;
    this.#agent = agent;
  }

  /** Starts it and waits for its agent. `dir`: short, for its sockets. */
  static async start(
    dir: string,
    disks: readonly PlainDisk[],
    accelerator: Accelerator,
  ): Promise<PlainGuest> {
    await mkdir(dir, { recursive: true });
    const sockets = { qmp: join(dir, 'qmp'), agent: join(dir, 'ga'), vnc: join(dir, 'vnc') };
    const spec = {
      name: 'plain',
      uuid: randomUUID(),
      cpus: 1,
      memoryMiB: 256,
      accelerator,
      firmware: 'bios' as const,
      disks: disks.map(machineDisk),
      network: 'isolated' as const,
      mac: '52:54:00:be:9c:01',
      sockets,
    };
    const { process: started, qmp } = await startMachine({ spec, dir });
    const forget = onInterrupt(() => process.kill(started.pid, 'SIGKILL'));
    try {
      await until('the guest agent', 300, async () => ((await agentPortOpen(qmp)) ? true : undefined), 200);
      const agent = await GuestAgent.connect(sockets.agent);
      await agent.sync(30_000);
      return new PlainGuest(started, qmp, agent, forget);
    } catch (error) {
      await terminate(started, 0);
      forget();
      throw error;
    }
  }

  /** Runs a shell script and gives its output. */
  async shell(script: string, limitSeconds = 120): Promise<string> {
    const result = await this.#agent.exec({
      path: '/bin/sh',
      args: ['-c', script],
      env: ['PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin'],
      timeoutMs: limitSeconds * 1000,
      maxOutputBytes: 1 << 20,
    });
    if (result.exitCode !== 0) throw new Error(`in the guest: ${script}\n${result.stderr.toString()}`);
    return result.stdout.toString();
  }

  async close(): Promise<void> {
    this.#agent.close();
    await terminate(this.#process, 0);
    this.#forget();
    this.qmp.close();
  }
}

function machineDisk({ device, file }: PlainDisk): MachineDisk {
  return {
    device,
    serial: device,
    topNode: device,
    nodes: [
      { driver: 'file', 'node-name': `f-${device}`, filename: file, discard: 'unmap' },
      { driver: 'qcow2', 'node-name': device, file: `f-${device}`, discard: 'unmap' },
    ],
  };
}
