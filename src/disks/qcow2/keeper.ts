/**
 * One storage daemon that opens layers for a moment, to take their image lock: the only proof that nobody else has
 * a disk. It is started when first needed and again when it died.
 *
 * Invariant: a layer is open in it only while a call of `withLock` or `probe` runs.
 */
import { Mutex } from '../../async.ts';
import { EcdError } from '../../errors.ts';
import { faults } from '../../faults.ts';
import { newId } from '../../ids.ts';
import type { BlockdevNode } from '../../qemu/blockdev.ts';
import type { StorageDaemon } from '../../qemu/storage-daemon.ts';

export type StartDaemon = () => Promise<StorageDaemon>;

export class Keeper {
  readonly #start: StartDaemon;
  readonly #starting = new Mutex();
  #daemon: StorageDaemon | undefined;

  constructor(start: StartDaemon) {
    this.#start = start;
  }

  /** Runs `work` while `file` is open for writing. Throws OperationDenied.DiskInUse when another process has it. */
  async withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
    const daemon = await this.#running();
    const suffix = newId.layer().slice(2);
    const nodes: BlockdevNode[] = [
      { driver: 'file', 'node-name': `kf-${suffix}`, filename: file },
      {
        driver: 'qcow2',
        'node-name': `k-${suffix}`,
        file: `kf-${suffix}`,
        backing: null,
        'read-only': false,
      },
    ];
    await this.#open(daemon, nodes, file);
    try {
      await faults.hit('keeper.locked', { qsd: daemon.process.pid });
      return await work();
    } finally {
      await this.#shut(daemon, nodes);
    }
  }

  /** Opens nodes read-only for a moment: an error says why they cannot be used. */
  async probe(nodes: readonly BlockdevNode[]): Promise<void> {
    const daemon = await this.#running();
    const suffix = newId.layer().slice(2, 8);
    const renamed = nodes.map((node) => rename(node, suffix));
    await this.#open(daemon, renamed, String(nodes[0]?.['filename'] ?? ''));
    await this.#shut(daemon, renamed);
  }

  async close(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  #running(): Promise<StorageDaemon> {
    return this.#starting.run(async () => {
      if (this.#daemon?.qmp.isOpen) return this.#daemon;
      await this.#daemon?.stop();
      return (this.#daemon = await this.#start());
    });
  }

  async #open(daemon: StorageDaemon, nodes: readonly BlockdevNode[], file: string): Promise<void> {
    const added: BlockdevNode[] = [];
    try {
      for (const node of nodes) {
        await daemon.qmp.execute('blockdev-add', node);
        added.push(node);
      }
    } catch (error) {
      await this.#shut(daemon, added);
      const reason = error instanceof Error ? error.message : String(error);
      if (isLockRefusal(error)) throw new EcdError('OperationDenied.DiskInUse', { path: file }, error);
      if (!EcdError.is(error, 'Qemu.CommandFailed')) throw error;
      // Out of memory or descriptors, or a device that does not answer, says nothing about the file.
      throw new EcdError(
        isDamage(reason) ? 'Disk.Damaged' : 'Disk.Unavailable',
        { path: file, reason },
        error,
      );
    }
  }

  async #shut(daemon: StorageDaemon, nodes: readonly BlockdevNode[]): Promise<void> {
    for (const node of nodes.toReversed()) {
      await daemon.qmp
        .execute('blockdev-del', { 'node-name': node['node-name'] })
        .catch(async (error: unknown) => {
          // A layer that stays open here would keep its lock: better no daemon than that.
          await daemon.stop();
          if (!EcdError.is(error, 'Qemu.ConnectionLost')) throw error;
        });
    }
  }
}

/** Whether QEMU refused to open a file because another process holds its image lock. */
export function isLockRefusal(error: unknown): boolean {
  return (
    EcdError.is(error, 'Qemu.CommandFailed') && /Failed to get .*lock/.test(String(error.details['reason']))
  );
}

function isDamage(reason: string): boolean {
  return /not in qcow2 format|corrupt|invalid|No such file|unsupported|unknown|truncated|too (small|large|big)/i.test(
    reason,
  );
}

/** The same node under another name, its references too. Names stay below QEMU's 31 characters. */
function rename(node: BlockdevNode, suffix: string): BlockdevNode {
  const other = (name: unknown) => (typeof name === 'string' ? `${name}.${suffix}`.slice(-31) : name);
  return {
    ...node,
    'node-name': other(node['node-name']) as string,
    ...('file' in node ? { file: other(node['file']) } : {}),
    ...('backing' in node ? { backing: other(node['backing']) } : {}),
  };
}
