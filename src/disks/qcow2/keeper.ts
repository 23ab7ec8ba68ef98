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

/** A daemon, and how many calls use it; a retired one ends with the last of them. */
interface Held {
  readonly daemon: StorageDaemon;
  users: number;
  retired: boolean;
}

export class Keeper {
  readonly #start: StartDaemon;
  readonly #starting = new Mutex();
  #held: Held | undefined;
  #opened = 0;

  constructor(start: StartDaemon) {
    this.#start = start;
  }

  /** Runs `work` while `file` is open for writing. Throws OperationDenied.DiskInUse when another process has it. */
  async withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
    // One node with all in it, and short names: QEMU reads commands byte by byte, at 5 us and several system calls each.
    const layer = { driver: 'file', filename: file };
    const nodes: BlockdevNode[] = [
      { driver: 'qcow2', 'node-name': `k${++this.#opened}`, file: layer, backing: null },
    ];
    return this.#use(async (held) => {
      await this.#open(held, nodes, file);
      try {
        await faults.hit('keeper.locked', { qsd: held.daemon.process.pid });
        return await work();
      } finally {
        await this.#shut(held, nodes);
      }
    });
  }

  /** Opens nodes read-only for a moment: an error says why they cannot be used. */
  async probe(nodes: readonly BlockdevNode[]): Promise<void> {
    const suffix = newId.layer().slice(2, 8);
    const renamed = nodes.map((node) => rename(node, suffix));
    await this.#use(async (held) => {
      await this.#open(held, renamed, String(nodes[0]?.['filename'] ?? ''));
      await this.#shut(held, renamed);
    });
  }

  async close(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.daemon.stop();
  }

  async #use<T>(work: (held: Held) => Promise<T>): Promise<T> {
    const held = await this.#starting.run(async () => {
      if (this.#held?.daemon.qmp.isOpen !== true) {
        await this.close();
        this.#held = { daemon: await this.#start(), users: 0, retired: false };
      }
      this.#held!.users++;
      return this.#held!;
    });
    try {
      return await work(held);
    } finally {
      held.users--;
      if (held.retired && held.users === 0) await held.daemon.stop();
    }
  }

  /** One that does not answer, or keeps a layer open, is not used again. */
  #retire(held: Held): void {
    held.retired = true;
    if (this.#held === held) this.#held = undefined;
  }

  async #open(held: Held, nodes: readonly BlockdevNode[], file: string): Promise<void> {
    const added: BlockdevNode[] = [];
    try {
      for (const node of nodes) {
        await held.daemon.qmp.execute('blockdev-add', node);
        added.push(node);
      }
    } catch (error) {
      if (EcdError.is(error, 'Qemu.TimedOut')) this.#retire(held);
      else await this.#shut(held, added);
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

  async #shut(held: Held, nodes: readonly BlockdevNode[]): Promise<void> {
    for (const node of nodes.toReversed()) {
      try {
        await held.daemon.qmp.execute('blockdev-del', { 'node-name': node['node-name'] });
      } catch {
        // A layer that stays open would keep its lock: it goes with the daemon.
        return this.#retire(held);
      }
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
