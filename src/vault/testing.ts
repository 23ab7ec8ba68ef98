/** What the vault's tests share. Small formats keep them quick: chunks of 512 bytes, pages of 4 names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { encodeChunk, type Name } from './codec.ts';
import type { Root } from './root.ts';
import type { VaultSession } from './session.ts';
import { type OpenOptions, Vault } from './vault.ts';

export const CHUNK = 512;
export const FANOUT = 4;

/** A directory that is removed when the test ends. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'openecd-vault-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Opens the vault under `base` with a small format; closed when the test ends. */
export async function openVault(base: string, options: Partial<OpenOptions> = {}): Promise<Vault> {
  const vault = await Vault.open({
    dir: join(base, 'vault'),
    indexFile: join(base, 'index.sqlite'),
    create: { chunkSize: CHUNK, fanout: FANOUT },
    ...options,
  });
  onTestFinished(() => vault.close());
  return vault;
}

/** A chunk that follows from its number: half of it compresses; number 0 is all zeros. */
export function chunkOf(seed: number, size = CHUNK): Buffer {
  const chunk = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; seed !== 0 && at + 4 <= size / 2; at += 4) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    chunk.writeInt32LE(state, at);
  }
  if (seed !== 0) chunk.writeInt32LE(seed, size - 4);
  return chunk;
}

/** Stores a disk given as the seeds of its chunks; answers its root. */
export async function store(
  session: VaultSession,
  seeds: readonly number[],
  parent: Root | null = null,
): Promise<Root> {
  const changes: { index: number; name: Name }[] = [];
  for (const [index, seed] of seeds.entries()) {
    const encoded = encodeChunk(chunkOf(seed));
    if (seed === 0) changes.push({ index, name: Buffer.alloc(32) });
    else {
      await session.put([encoded]);
      changes.push({ index, name: encoded.name });
    }
  }
  return session.buildTree(parent, seeds.length * CHUNK, changes);
}

/** One session that stores a disk durably. */
export async function saved(
  vault: Vault,
  seeds: readonly number[],
  parent: Root | null = null,
): Promise<Root> {
  const session = await vault.session();
  try {
    const root = await store(session, seeds, parent);
    await session.flush();
    return root;
  } finally {
    await session.close();
  }
}

/** Reads a disk back in full. */
export async function restore(vault: Vault, root: Root): Promise<Buffer> {
  const disk = Buffer.alloc(root.size);
  for await (const { index, name } of vault.leaves(root))
    (await vault.getChunk(name)).copy(disk, index * CHUNK);
  return disk;
}

export function diskOf(seeds: readonly number[]): Buffer {
  return Buffer.concat(seeds.map((seed) => chunkOf(seed)));
}

/** A small reproducible source of numbers in [0, below). */
export function numbers(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}
