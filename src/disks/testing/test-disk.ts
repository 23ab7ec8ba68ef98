/**
 * A disk of a pool under test, with what it must hold in memory: written through a storage daemon, as a guest would.
 *
 * Invariant: `contents` holds the whole disk at each freeze, bottom first, and last as it is now.
 */
import { newId } from '../../ids.ts';
import { NbdClient } from '../../qemu/nbd.ts';
import { StorageDaemon } from '../../qemu/storage-daemon.ts';
import { openReader } from '../reader.ts';
import type { DiskPool, FrozenView, Stack } from '../types.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

export type Change = readonly [offset: number, length: number, byte: number];

export class TestDisk {
  readonly pool: DiskPool;
  /** Where its storage daemons' sockets go. */
  readonly runDir: string;
  readonly contents: Buffer[];
  stack: Stack;

  private constructor(pool: DiskPool, runDir: string, stack: Stack, content: Buffer) {
    this.pool = pool;
    this.runDir = runDir;
    this.stack = stack;
    this.contents = [content];
  }

  /** A new disk with an empty active layer; over an image its content. */
  static async make(
    pool: DiskPool,
    runDir: string,
    sizeBytes: number,
    image: { readonly id: string; readonly content: Buffer } | null = null,
  ): Promise<TestDisk> {
    const empty: Stack = { diskId: newId.disk(), sizeBytes, imageId: image?.id ?? null, layers: [] };
    const active = newId.layer();
    await pool.prepare(empty, active);
    const content = Buffer.alloc(sizeBytes);
    image?.content.copy(content);
    return new TestDisk(pool, runDir, { ...empty, layers: [active] }, content);
  }

  get content(): Buffer {
    return this.contents.at(-1)!;
  }

  /** The stack without its active layer (or with fewer). */
  frozen(count = this.stack.layers.length - 1): Stack {
    return { ...this.stack, layers: this.stack.layers.slice(0, count) };
  }

  /** Writes bytes (0 as explicit zeros) into the active layer. */
  async write(...changes: readonly Change[]): Promise<void> {
    const open = await this.openActive();
    try {
      for (const [offset, length, byte] of changes) {
        if (byte === 0) await open.client.writeZeroes(offset, length);
        else await open.client.write(offset, Buffer.alloc(length, byte));
        this.content.fill(byte, offset, offset + length);
      }
      await open.client.flush();
    } finally {
      await open.close();
    }
  }

  /** The active layer open for writing in another process. */
  async openActive(): Promise<{ readonly client: NbdClient; close(): Promise<void> }> {
    const daemon = await StorageDaemon.start({ dir: this.runDir });
    try {
      await daemon.add(this.pool.blockdevs(this.stack));
      const node = this.pool.topNode(this.stack);
      const { socket, exportName } = await daemon.exportNbd({ node, name: 'test', writable: true });
      const client = await NbdClient.connect({ socket, exportName });
      return {
        client,
        close: async () => {
          await client.close();
          await daemon.stop();
        },
      };
    } catch (error) {
      await daemon.stop();
      throw error;
    }
  }

  /** A freeze without a QEMU. */
  async freeze(): Promise<void> {
    const prepared = newId.layer();
    await this.pool.prepare(this.stack, prepared);
    await this.pool.freezeOffline(this.stack, async () => this.switched(prepared));
  }

  /** Another layer is on top from now on. */
  switched(prepared: string): void {
    this.stack = { ...this.stack, layers: [...this.stack.layers, prepared] };
    this.contents.push(Buffer.from(this.content));
  }

  /** Layers 1 to `count` were merged into the bottom one. */
  async settled(count: number): Promise<void> {
    const merged = this.stack.layers.slice(1, count + 1);
    this.stack = { ...this.stack, layers: this.stack.layers.toSpliced(1, count) };
    this.contents.splice(0, count);
    await this.pool.release(this.stack.diskId, merged);
  }

  /** Freezes after each group of changes; the disk then has as many frozen layers more. */
  async grow(...groups: readonly (readonly Change[])[]): Promise<void> {
    for (const changes of groups) {
      await this.write(...changes);
      await this.freeze();
    }
  }
}

/** All of a view. */
export async function readAll(pool: DiskPool, stack: Stack): Promise<Buffer> {
  const view = await pool.openView(stack);
  try {
    return await readView(view);
  } finally {
    await view.close();
  }
}

export async function readView(view: FrozenView): Promise<Buffer> {
  const reader = await openReader(view.spec);
  const content = Buffer.alloc(reader.sizeBytes);
  await reader.readInto(content, 0);
  await reader.close();
  return content;
}

const BLOCK = 4 * KIB;

/** The blocks of 4 KiB that a view says were changed, and which of them read as zeros. */
export async function changedBlocks(view: FrozenView, layers: number | 'all'): Promise<Map<number, boolean>> {
  const blocks = new Map<number, boolean>();
  for await (const { offset, length, zero } of view.changedExtents(layers))
    for (let at = Math.floor(offset / BLOCK); at * BLOCK < offset + length; at++) blocks.set(at, zero);
  return blocks;
}

/** What `changedBlocks` must find: later groups hide earlier ones. */
export function blocksOf(...groups: readonly (readonly Change[])[]): Map<number, boolean> {
  const blocks = new Map<number, boolean>();
  for (const [offset, length, byte] of groups.flat())
    for (let at = Math.floor(offset / BLOCK); at * BLOCK < offset + length; at++) blocks.set(at, byte === 0);
  return blocks;
}

export const sorted = (blocks: ReadonlyMap<number, boolean>) => [...blocks].sort(([a], [b]) => a - b);
