/**
 * What tests of desktops with a real QEMU share.
 *
 * Invariant: `useRoom` opens a room before each test of a file and closes it, with all that runs in it, after each.
 */
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { Room } from '../../../test/desktop-room.ts';
import { Claim } from '../../catalogue/nonces.ts';
import type { DiskPool } from '../../disks/types.ts';
import { EcdError } from '../../errors.ts';
import { faults } from '../../faults.ts';
import type { BlockdevNode } from '../../qemu/blockdev.ts';

/** A request's claim on nothing. */
export const none = Claim.none();

export interface Place {
  room: Room;
}

/** The room of the test that runs; a test may put another one in its place. */
export function useRoom(): Place {
  const place = {} as Place;
  beforeEach(async () => {
    place.room = await Room.open({ settings: { desktops: { shutdownSeconds: 1, quota: 3 } } });
  });
  afterEach(async () => {
    faults.clear();
    await place.room.close();
  });
  return place;
}

export async function fails(work: Promise<unknown>, code: string, details: object = {}): Promise<void> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(EcdError);
  expect(error).toMatchObject({ code, details });
}

export function killed(pid: number): void {
  process.kill(pid, 'SIGKILL');
}

export async function setStatus(
  room: Room,
  id: string,
  status: 'Starting' | 'Stopping' | 'Pending',
): Promise<void> {
  await room.catalogue.db
    .updateTable('desktops')
    .set((eb) => ({ status, state_version: eb('state_version', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

/** A zombie, which its parent has not looked at yet, is not alive. */
export function alive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export function poorPool(target: DiskPool, name: string | symbol): unknown {
  if (name === 'freeBytes') return () => Promise.resolve(1);
  return whole(target, name);
}

export async function rebooted(dir: string): Promise<void> {
  await writeFile(join(dir, 'boot-id'), 'another-boot\n');
}

export async function filesUnder(dir: string): Promise<string[]> {
  return await readdir(dir, { recursive: true });
}

/** The first three reads of the golden image's data fail; the first is QEMU's own, which looks for a geometry. */
export function failingPool(target: DiskPool, name: string | symbol): unknown {
  if (name !== 'blockdevs') return whole(target, name);
  return (stack: Parameters<DiskPool['blockdevs']>[0]): BlockdevNode[] => {
    const nodes = target.blockdevs(stack);
    if (stack.imageId === null) return [...nodes];
    const [file, ...rest] = nodes;
    const name = file!['node-name'];
    const at = (state: number) => ({ event: 'read_aio', state });
    return [
      { ...file!, 'node-name': 'inner' },
      {
        driver: 'blkdebug',
        'node-name': name,
        image: 'inner',
        'inject-error': [1, 2, 3].map((state) => ({ ...at(state), errno: 5, once: true })),
        'set-state': [1, 2, 3].map((state) => ({ ...at(state), new_state: state + 1 })),
      },
      ...rest,
    ];
  };
}

function whole(target: DiskPool, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}
