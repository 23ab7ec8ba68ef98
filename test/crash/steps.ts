/**
 * The script of a case: steps as words, done one after another (or on both disks at once), each told before and after.
 *
 * Steps: `create`, `start`, `stop`, `remove`, `idle`, `collect`, `write DISK`, `big DISK`, `take DISK`, `reset N`,
 * `delete N` (N: the n-th snapshot begun, from 1), `image system`, `image N`, `unimage N` (the n-th image begun),
 * `rebuild` (from its own image), `rebuild N`,  `drop base DISK` (the bottom layer's file is gone), `busy SEED`.
 */
import { writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Claim } from '../../src/catalogue/nonces.ts';
import type { DiskType } from '../../src/catalogue/schema.ts';
import { describeError, EcdError } from '../../src/errors.ts';
import type { Event } from './events.ts';
import { imageOf } from './image-of.ts';
import { IMAGE, numbers, type Write } from './model.ts';
import { within } from './processes.ts';
import { REGION, run, type World } from './world.ts';

const KIB = 1024;
const CLUSTER = 128 * KIB;

/** For a child: one line on standard output, written before the next instruction. */
function print(event: Event): void {
  writeSync(1, `${JSON.stringify(event)}\n`);
}

interface Taken {
  readonly name: string;
  readonly disk: DiskType;
  /** Null when it failed or was deleted. */
  id: string | null;
}

export class Script {
  readonly #world: World;
  readonly #taken: Taken[] = [];
  readonly #images: { readonly name: string; id: string | null }[] = [];
  readonly #first: number;
  readonly #tell: (event: Event) => void;
  #writes: number;

  /** `first`: the number of its first write and name of its first snapshot, less one. */
  constructor(world: World, tell: (event: Event) => void = print, first = 0) {
    this.#world = world;
    this.#tell = tell;
    this.#writes = first;
    this.#first = first;
  }

  /** Does the steps; one that fails is told and does not stop the next. */
  async run(steps: readonly string[]): Promise<void> {
    for (const step of steps) {
      try {
        await this.#step(step);
      } catch (error) {
        this.#tell({ e: 'failed', step, reason: describeError(error) });
      }
    }
    this.#tell({ e: 'end' });
  }

  async #step(step: string): Promise<void> {
    const words = step.split(' ');
    const [verb, object] = words as [string, string];
    const world = this.#world;
    switch (verb) {
      case 'create':
        return this.#tell({ e: 'created', desktop: await world.create() });
      case 'start':
        return world.start(await this.#desktop());
      case 'stop':
        return world.stop(await this.#desktop());
      case 'idle':
        return world.idle();
      case 'collect':
        return void (await world.snapshots.collect());
      case 'write':
        return this.write(object as DiskType);
      case 'big':
        return this.#begin(object as DiskType, [{ offset: 8 * CLUSTER, length: 3072 * KIB, byte: 99 }]);
      case 'take':
        return void (await this.take(object as DiskType));
      case 'rebuild':
        return this.#rebuild(object === undefined ? null : Number(object) - 1);
      case 'reset':
        return this.reset(Number(object) - 1);
      case 'delete':
        return this.delete(Number(object) - 1);
      case 'image':
        return this.#image(object === 'system' ? null : Number(object) - 1);
      case 'unimage':
        return this.#unimage(Number(object) - 1);
      case 'drop':
        return this.#dropBase(words[2] as DiskType);
      case 'busy':
        return this.#busy(Number(object));
      case 'remove':
        this.#tell({ e: 'removing' });
        await world.desktops.remove([await this.#desktop()], Claim.none());
        this.#tell({ e: 'removed' });
        return world.idle();
      default:
        throw new Error(`no step ${step}`);
    }
  }

  async #desktop(): Promise<string> {
    const id = await this.#world.desktopId();
    if (id === null) throw new Error('there is no desktop');
    return id;
  }

  /** Some writes at places that follow from their number, small and large, of zeros, and a discard. */
  write(disk: DiskType): Promise<void> {
    const seed = ++this.#writes;
    const random = numbers(seed);
    const byte = (n: number) => ((seed * 5 + n) % 254) + 1;
    // Both disks have 8 MiB.
    const places = 8 * 8;
    const cluster = () => random(places - 2) * CLUSTER;
    return this.#begin(disk, [
      { offset: cluster(), length: 2 * CLUSTER, byte: byte(0) },
      { offset: cluster() + 4 * KIB, length: 4 * KIB, byte: byte(1) },
      { offset: cluster() + 512, length: 512, byte: byte(2) },
      { offset: cluster() + 60 * KIB, length: 72 * KIB, byte: byte(3) },
      { offset: cluster(), length: CLUSTER, byte: 0 },
      { offset: cluster() + 8 * KIB, length: 4 * KIB, byte: 0 },
    ]);
  }

  async #begin(disk: DiskType, writes: readonly Write[]): Promise<void> {
    const desktop = await this.#desktop();
    for (const write of writes) this.#tell({ e: 'write', disk, ...write });
    const commands = writes.map(({ offset, length, byte }) => {
      if (byte !== 0) return `write -P ${byte} ${offset} ${length}`;
      return length % CLUSTER === 0 ? `discard ${offset} ${length}` : `write -z ${offset} ${length}`;
    });
    try {
      if (!(await this.#writeLive(desktop, disk, commands)))
        await this.#writeOffline(desktop, disk, commands);
    } catch (error) {
      this.#tell({ e: 'unsure', disk });
      throw error;
    }
    this.#tell({ e: 'written', disk });
  }

  /** False when no QEMU runs (any more). */
  async #writeLive(desktop: string, disk: DiskType, commands: readonly string[]): Promise<boolean> {
    try {
      for (const command of [...commands, 'flush']) {
        const live = this.#world.desktops.live(desktop, disk);
        if (live === null) return false;
        const line = `qemu-io -d /machine/peripheral/${live.device}/virtio-backend "${command}"`;
        const said = await live.qmp.execute<string>('human-monitor-command', { 'command-line': line });
        if (said !== '') throw new Error(said);
      }
      return true;
    } catch (error) {
      if (EcdError.is(error, 'Qemu.ConnectionLost')) return false;
      throw error;
    }
  }

  async #writeOffline(desktop: string, disk: DiskType, commands: readonly string[]): Promise<void> {
    await until('the desktop is Stopped', async () => (await this.#world.status(desktop)) === 'Stopped');
    await this.#world.idle();
    const stack = await this.#world.stack(desktop, disk);
    const file = imageOf(this.#world, stack.diskId, stack.imageId, stack.layers);
    await run('qemu-io', ['-d', 'unmap', file, ...[...commands, 'flush'].flatMap((c) => ['-c', c])]);
  }

  async take(disk: DiskType): Promise<void> {
    const name = `snapshot ${this.#first + this.#taken.length + 1}`;
    const snapshot: Taken = { name, disk, id: null };
    this.#taken.push(snapshot);
    this.#tell({ e: 'taking', disk, name });
    try {
      snapshot.id = await this.#world.take(await this.#desktop(), disk, name);
    } catch (error) {
      return this.#tell({ e: 'take failed', name, code: codeOf(error) });
    }
    this.#tell({ e: 'taken', name, id: snapshot.id });
  }

  reset(at: number): Promise<void> {
    const { name, disk, id } = this.#taken[at]!;
    return this.#bring(disk, name, () => this.#world.reset(id!));
  }

  async #rebuild(at: number | null): Promise<void> {
    const { name, id } = at === null ? { name: IMAGE, id: undefined } : this.#images[at]!;
    const desktop = await this.#desktop();
    await this.#bring('system', name, () => this.#world.rebuild(desktop, id ?? undefined));
  }

  /** A disk gets the content of a snapshot or an image. */
  async #bring(disk: DiskType, name: string, work: () => Promise<void>): Promise<void> {
    this.#tell({ e: 'resetting', disk, name });
    try {
      await work();
      // An answer that came while it still goes on counts as well; so that the next step finds the disk free:
      this.#tell({ e: 'reset', disk, name });
    } catch (error) {
      this.#tell({ e: 'reset failed', disk, name, code: codeOf(error) });
    }
    await this.#world.idle();
  }

  async delete(at: number): Promise<void> {
    const snapshot = this.#taken[at]!;
    const { name, id } = snapshot;
    snapshot.id = null;
    this.#tell({ e: 'deleting', name });
    await this.#world.snapshots.remove(REGION, [id!], Claim.none());
    this.#tell({ e: 'deleted', name });
  }

  /** Of a snapshot, or of the system disk as it is. */
  async #image(at: number | null): Promise<void> {
    const name = `image ${this.#first + this.#images.length + 1}`;
    const image: { name: string; id: string | null } = { name, id: null };
    this.#images.push(image);
    const snapshot = at === null ? null : this.#taken[at]!;
    this.#tell({ e: 'imaging', name, of: snapshot?.name ?? null });
    const from = snapshot === null ? { desktopId: await this.#desktop() } : { snapshotId: snapshot.id! };
    try {
      image.id = await this.#world.image(name, from);
    } catch (error) {
      return this.#tell({ e: 'image failed', name, code: codeOf(error) });
    }
    this.#tell({ e: 'imaged', name, id: image.id });
  }

  async #unimage(at: number): Promise<void> {
    const { name, id } = this.#images[at]!;
    this.#tell({ e: 'unimaging', name });
    await this.#world.snapshots.removeImages([id!], Claim.none());
    this.#tell({ e: 'unimaged', name });
  }

  async #dropBase(disk: DiskType): Promise<void> {
    const { diskId, layers } = await this.#world.stack(await this.#desktop(), disk);
    await rm(join(this.#world.dir.disks, diskId, `${layers[0]}.qcow2`));
  }

  /** Whatever comes, on both disks at once, for ever. */
  async #busy(seed: number): Promise<void> {
    const random = numbers(seed);
    for (;;) {
      const desktop = await this.#desktop();
      if ((await this.#world.status(desktop)) === 'Stopped') await this.#world.start(desktop);
      await Promise.all([this.#some('system', 6, true, random), this.#some('data', 6, true, random)]);
      if ((await this.#world.status(desktop)) === 'Running') await this.#world.stop(desktop);
      await Promise.all([this.#some('system', 3, false, random), this.#some('data', 3, false, random)]);
    }
  }

  async #some(
    disk: DiskType,
    count: number,
    running: boolean,
    random: (below: number) => number,
  ): Promise<void> {
    for (let n = 0; n < count; n++) {
      const mine = [...this.#taken.entries()].filter(([, one]) => one.disk === disk && one.id !== null);
      const [at] = mine[random(Math.max(1, mine.length))] ?? [-1];
      const what = random(10);
      try {
        if (what < 4 && running) await this.write(disk);
        else if (what < 7) await this.take(disk);
        else if (what < 8 && at >= 0) await this.delete(at);
        // Others of this disk may be on their way: then it answers NotReady, which leaves the disk alone.
        else if (!running && at >= 0) await this.reset(at);
      } catch (error) {
        this.#tell({ e: 'failed', step: `${what} ${disk}`, reason: describeError(error) });
      }
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof EcdError ? `${error.code} (${describeError(error)})` : String(error);
}

async function until(what: string, found: () => Promise<boolean>): Promise<void> {
  const look = async () => {
    while (!(await found())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await within(20, what, look());
}
