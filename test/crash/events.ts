/**
 * What the child tells before and after everything it does, one JSON line each, and what follows from it.
 *
 * Invariants: a line about what is begun stands before the act, one about what is acknowledged after it, so that whatever
 * the moment of a kill, the lines say what must be there, what must not, and what may be either way.
 */
import type { DiskType } from '../../src/catalogue/schema.ts';
import { IMAGE, type Model, type Write } from './model.ts';

export type Event =
  | { readonly e: 'created'; readonly desktop: string }
  | ({ readonly e: 'write'; readonly disk: DiskType } & Write)
  /** All writes of the disk begun until now are flushed. */
  | { readonly e: 'written'; readonly disk: DiskType }
  /** A write failed: those begun and not flushed may be there or not. */
  | { readonly e: 'unsure'; readonly disk: DiskType }
  | { readonly e: 'taking'; readonly disk: DiskType; readonly name: string }
  | { readonly e: 'taken'; readonly name: string; readonly id: string }
  | { readonly e: 'take failed'; readonly name: string; readonly code: string }
  /** To a snapshot, or a rebuild to an image. */
  | { readonly e: 'resetting'; readonly disk: DiskType; readonly name: string }
  | { readonly e: 'reset'; readonly disk: DiskType; readonly name: string }
  | { readonly e: 'reset failed'; readonly disk: DiskType; readonly name: string; readonly code: string }
  | { readonly e: 'deleting'; readonly name: string }
  | { readonly e: 'deleted'; readonly name: string }
  /** `of`: the snapshot it is made of; null: the system disk as it is. */
  | { readonly e: 'imaging'; readonly name: string; readonly of: string | null }
  | { readonly e: 'imaged'; readonly name: string; readonly id: string }
  | { readonly e: 'image failed'; readonly name: string; readonly code: string }
  | { readonly e: 'unimaging'; readonly name: string }
  | { readonly e: 'unimaged'; readonly name: string }
  | { readonly e: 'removing' }
  | { readonly e: 'removed' }
  /** A step that ended with an error. */
  | { readonly e: 'failed'; readonly step: string; readonly reason: string }
  | { readonly e: 'end' };

/** A snapshot, or an image: what was held under a name. */
export interface TakenSnapshot {
  readonly name: string;
  readonly disk: DiskType;
  /** Null: never acknowledged. */
  id: string | null;
  model: Model;
  state: 'taking' | 'unknown' | 'taken' | 'failed' | 'deleting' | 'deleted';
}

interface DiskReplay {
  model: Model;
  /** Begun and not yet flushed. */
  pending: Write[];
  /** A reset to this content was begun and not acknowledged. */
  resetting: Model | null;
}

/** What the lines add up to. */
export class Replay {
  readonly snapshots = new Map<string, TakenSnapshot>();
  readonly images = new Map<string, TakenSnapshot>();
  readonly disks: Record<DiskType, DiskReplay>;
  readonly events: Event[] = [];
  removal: 'no' | 'begun' | 'done' = 'no';
  ended = false;

  /** `system` and `data`: the disks' content at the beginning. */
  constructor(system: Model, data: Model) {
    const fresh = (model: Model): DiskReplay => ({ model, pending: [], resetting: null });
    this.disks = { system: fresh(system), data: fresh(data) };
    const base = { name: IMAGE, disk: 'system', id: null, model: system.clone(), state: 'unknown' } as const;
    this.images.set(IMAGE, base);
  }

  /** Takes the next line. */
  add(event: Event): void {
    this.events.push(event);
    switch (event.e) {
      case 'write':
        this.#write(event.disk, event);
        break;
      case 'written': {
        const disk = this.disks[event.disk];
        for (const write of disk.pending.splice(0)) disk.model.apply(write);
        break;
      }
      case 'unsure': {
        const disk = this.disks[event.disk];
        for (const write of disk.pending.splice(0)) disk.model.allow(write);
        break;
      }
      case 'taking':
        this.snapshots.set(event.name, this.#taking(event.name, event.disk));
        break;
      case 'imaging': {
        const taking = this.#taking(event.name, 'system');
        const model = event.of === null ? taking.model : this.snapshots.get(event.of)!.model.clone();
        this.images.set(event.name, { ...taking, model });
        break;
      }
      case 'imaged':
        Object.assign(this.images.get(event.name)!, { id: event.id, state: 'taken' });
        break;
      case 'image failed':
        this.images.get(event.name)!.state = 'failed';
        break;
      case 'unimaging':
      case 'unimaged':
        this.images.get(event.name)!.state = event.e === 'unimaging' ? 'deleting' : 'deleted';
        break;
      case 'taken':
        Object.assign(this.snapshots.get(event.name)!, { id: event.id, state: 'taken' });
        break;
      case 'take failed':
        this.snapshots.get(event.name)!.state = 'failed';
        break;
      case 'resetting':
        this.disks[event.disk].resetting = (this.snapshots.get(event.name) ??
          this.images.get(event.name))!.model;
        break;
      case 'reset': {
        const disk = this.disks[event.disk];
        disk.model = disk.resetting!.clone();
        disk.resetting = null;
        break;
      }
      case 'reset failed':
        this.disks[event.disk].resetting = null;
        break;
      case 'deleting':
      case 'deleted':
        this.snapshots.get(event.name)!.state = event.e;
        break;
      case 'removing':
        this.removal = 'begun';
        break;
      case 'removed':
        this.removal = 'done';
        break;
      case 'end':
        this.ended = true;
        break;
    }
  }

  /** The child is dead: what it had begun is on the disk or not, and will not change any more. */
  died(): void {
    for (const disk of ['system', 'data'] as const) this.add({ e: 'unsure', disk });
    for (const held of [...this.snapshots.values(), ...this.images.values()]) {
      if (held.state === 'taking') held.state = 'unknown';
    }
  }

  /** Contents that a disk may have now. */
  contents(type: DiskType): Model[] {
    const { model, pending, resetting } = this.disks[type];
    const now = model.clone();
    for (const write of pending) now.allow(write);
    return resetting === null ? [now] : [now, resetting];
  }

  /** Which of its contents a disk turned out to have: of a reset that nobody answered, done or not. */
  found(type: DiskType, model: Model): void {
    this.disks[type] = { model: model.clone(), pending: [], resetting: null };
  }

  /** Acknowledged and not deleted. */
  get kept(): TakenSnapshot[] {
    return [...this.snapshots.values()].filter(({ state }) => state === 'taken');
  }

  /** Also part of what is being frozen: it may be in that snapshot. */
  #write(type: DiskType, write: Write): void {
    this.disks[type].pending.push(write);
    for (const held of [...this.snapshots.values(), ...this.images.values()]) {
      if (held.state === 'taking' && held.disk === type) held.model.allow(write);
    }
  }

  #taking(name: string, disk: DiskType): TakenSnapshot {
    const { model, pending } = this.disks[disk];
    const copy = model.clone();
    for (const write of pending) copy.allow(write);
    return { name, disk, id: null, model: copy, state: 'taking' };
  }
}
