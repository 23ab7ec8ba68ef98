/**
 * A disk in memory: files of a few blocks, the catalogue's rows, a vault of whole contents. Does what decide.ts decides
 * the way the rest of snapshots/ does, and checks after each act that every snapshot can still be had.
 *
 * Invariant: what was true at a freeze is kept apart (`truth`), from the guest's view alone.
 */
import { chain, type DiskRow, type LayerRow } from '../../catalogue/stacks.ts';
import { changesSince, nextStep, resetWay, settleStep } from '../decide.ts';
import type { DiskState } from '../state.ts';

export const BLOCKS = 5;
type Content = readonly number[];

interface Snapshot {
  readonly id: string;
  readonly truth: Content;
  layer: string | null;
  /** Null while PROGRESSING. */
  root: string | null;
  failed: boolean;
}

const rootOf = (content: Content): string => `root:${content.join(',')}`;

export class DiskModel {
  readonly image: Content | null;
  readonly files = new Map<string, Map<number, number>>();
  readonly vault = new Map<string, Content>();
  readonly snapshots: Snapshot[] = [];
  readonly trace: string[] = [];
  layers: LayerRow[] = [];
  disk: DiskRow;
  deleted = false;
  released = false;
  longest = 0;
  #made = 0;

  constructor(image: Content | null) {
    this.image = image;
    if (image !== null) this.vault.set(rootOf(image), image);
    const active = this.#add(null, 'active', null);
    this.disk = {
      id: 'd-1',
      desktop_id: 'ecd-1',
      type: 'system',
      size_bytes: BLOCKS,
      active_layer: active,
      prepared_layer: null,
      settling_layer: null,
      intent: null,
    };
  }

  state(): DiskState {
    const wanted = this.snapshots.filter((each) => each.root === null && !each.failed && each.layer !== null);
    return {
      disk: this.disk,
      desktopStatus: this.deleted ? 'Deleted' : 'Running',
      layers: this.layers,
      wanted: new Set(wanted.map((each) => each.layer!)),
      imageRoots: new Map(this.image === null ? [] : [['m-1', rootOf(this.image)]]),
    };
  }

  /** What a reader of the stack up to `top` sees. */
  view(top: string): number[] {
    const layers = chain(this.layers, top);
    const content = [...(layers[0]!.image_id === null ? Array<number>(BLOCKS).fill(0) : this.image!)];
    for (const { id } of layers) for (const [block, value] of this.#file(id)) content[block] = value;
    return content;
  }

  write(block: number, value: number): void {
    if (!this.deleted) this.#file(this.disk.active_layer).set(block, value);
  }

  /** The point in time; `acknowledged` false: the call failed after the switch. */
  freeze(acknowledged: boolean): void {
    const { active_layer: frozen, prepared_layer: prepared } = this.disk;
    if (this.deleted || prepared === null) return;
    const id = `s-${this.snapshots.length}`;
    this.#log(`freeze ${frozen} for ${id}, ${prepared} on top, acknowledged ${acknowledged}`);
    this.#change(frozen, { state: 'frozen' });
    this.#change(prepared, { state: 'active' });
    this.disk = { ...this.disk, active_layer: prepared, prepared_layer: null };
    const layer = acknowledged ? frozen : null;
    this.snapshots.push({ id, truth: this.view(frozen), layer, root: null, failed: !acknowledged });
  }

  remove(at: number): void {
    if (this.snapshots.length === 0) return;
    const [gone] = this.snapshots.splice(at % this.snapshots.length, 1);
    this.#log(`delete ${gone!.id}`);
  }

  removeDesktop(): void {
    this.#log('delete the desktop');
    this.deleted = true;
  }

  /** Does the next step; a settle is left after `share` of its copying when that is below 1. False: nothing to do. */
  step(share = 1): boolean {
    const step = nextStep(this.state());
    if (step === null || this.released) return false;
    this.#log(`${JSON.stringify(step)}${step.kind === 'settle' ? ` up to ${share}` : ''}`);
    if (step.kind === 'release') this.#release();
    else if (step.kind === 'drop') this.#drop(step.layers);
    else if (step.kind === 'prepare') this.#prepare();
    else if (step.kind === 'archive') this.#archive(step.layer, step.depth, step.parentRoot);
    else if (step.kind === 'settle') this.#settle(step.count, share);
    else throw new Error('the model leaves no freeze open');
    return true;
  }

  /** Resets to one of the accomplished snapshots; `sound` false: what is below cannot be read, so from the vault alone. */
  reset(at: number, sound: boolean): void {
    const ready = this.snapshots.filter((each) => each.root !== null);
    if (this.deleted || ready.length === 0) return;
    const target = ready[at % ready.length]!;
    const way = resetWay(this.state(), { layer: target.layer, root: target.root! });
    this.#log(`reset to ${target.id}: ${JSON.stringify(way)}, sound ${sound}`);
    let parent = way.kind === 'onto' ? way.layer : way.over;
    const below = sound && parent !== null ? chain(this.layers, parent).map((each) => each.id) : [];
    if (!sound || way.kind === 'difference') {
      const source = sound && way.kind === 'difference' ? way.root : null;
      const image = sound && way.kind === 'difference' && parent === null ? way.imageId : null;
      if (!sound) parent = null;
      parent = this.#fill(parent, image, source, target.root!);
    }
    const active = this.#add(parent, 'active', null, null);
    const { prepared_layer: prepared, active_layer: old, settling_layer: settling } = this.disk;
    const kept = settling !== null && below.includes(settling) ? settling : null;
    if (settling !== null && kept === null) this.#forgetHalfMerged(settling);
    this.disk = { ...this.disk, active_layer: active, prepared_layer: null, settling_layer: kept };
    this.#discard(prepared === null ? [old] : [prepared, old]);
    this.#expect(this.view(active), target.truth, `the disk after the reset to ${target.id}`);
  }

  /** Every snapshot that was acknowledged is in the vault, or in a layer that waits for it. */
  check(): void {
    for (const { id, truth, layer, root, failed } of this.snapshots) {
      if (failed) continue;
      if (root !== null) this.#expect(this.vault.get(root), truth, `${id} in the vault`);
      else if (layer === null) this.#fail(`${id} waits for no layer`);
      else this.#expect(this.view(layer), truth, `${id} in ${layer}`);
    }
    if (this.deleted) return;
    this.longest = Math.max(this.longest, chain(this.layers, this.disk.active_layer).length);
    const stack = chain(this.layers, this.disk.active_layer);
    for (const { id, root, state } of stack.slice(this.#firstSound(stack))) {
      if (root !== null) this.#expect(this.view(id), this.vault.get(root)!, `${id} under its root`);
      if ((state === 'active') !== (id === this.disk.active_layer)) this.#fail(`${id} is ${state}`);
    }
  }

  #firstSound(stack: readonly LayerRow[]): number {
    const { settling_layer: settling } = this.disk;
    return settling === null ? 0 : stack.findIndex((each) => each.id === settling);
  }

  #release(): void {
    if (this.state().wanted.size > 0) this.#fail('a disk is released that snapshots wait for');
    this.released = true;
    this.layers = [];
  }

  #drop(ids: readonly string[]): void {
    if (this.deleted) this.disk = { ...this.disk, prepared_layer: null };
    this.#discard(ids);
  }

  #prepare(): void {
    const prepared = this.#add(this.disk.active_layer, 'prepared', null, null);
    this.disk = { ...this.disk, prepared_layer: prepared };
  }

  /** The vault learns the parent's content with what the layers changed, read through the whole stack. */
  #archive(layer: string, depth: number, parentRoot: string | null): void {
    if (changesSince(this.state(), layer).depth !== depth) this.#fail('two answers for one layer');
    const content = [...(parentRoot === null ? Array<number>(BLOCKS).fill(0) : this.vault.get(parentRoot)!)];
    const view = this.view(layer);
    for (const { id } of chain(this.layers, layer).slice(-depth))
      for (const block of this.#file(id).keys()) content[block] = view[block]!;
    this.vault.set(rootOf(content), content);
    this.#change(layer, { root: rootOf(content) });
    for (const each of this.snapshots)
      if (each.layer === layer && each.root === null && !each.failed) each.root = rootOf(content);
  }

  #settle(count: number, share: number): void {
    const stack = chain(this.layers, this.disk.active_layer);
    const [bottom, top] = [stack[0]!, stack[count]!];
    const { wanted } = this.state();
    for (const each of stack.slice(0, count)) {
      const above = this.layers.filter((other) => other.parent_id === each.id);
      if (above.length !== 1) this.#fail(`two stacks stand on ${each.id}, which a settle takes`);
      if (wanted.has(each.id)) this.#fail(`a snapshot waits for ${each.id}, which a settle takes`);
    }
    if (top.id === this.disk.active_layer || top.root === null) this.#fail(`${top.id} is not to be merged`);
    this.disk = { ...this.disk, settling_layer: top.id };
    if (settleStep(this.state())?.count !== count) this.#fail('a begun settle is not gone on with');
    const changes = new Map(stack.slice(1, count + 1).flatMap(({ id }) => [...this.#file(id)]));
    const copied = [...changes].slice(0, Math.ceil(changes.size * share));
    for (const [block, value] of copied) this.#file(bottom.id).set(block, value);
    if (share < 1) return;
    this.#change(bottom.id, { root: top.root });
    for (const each of this.layers)
      if (each.parent_id === top.id) this.#change(each.id, { parent_id: bottom.id });
    this.disk = { ...this.disk, settling_layer: null };
    this.#discard(
      stack
        .slice(1, count + 1)
        .map((each) => each.id)
        .toReversed(),
    );
    for (const each of this.snapshots) if (each.layer === bottom.id) each.layer = null;
  }

  /** As reset.ts does when it leaves an unfinished settle behind. */
  #forgetHalfMerged(settling: string): void {
    const old = chain(this.layers, settling).slice(0, -1);
    for (const { id } of old) {
      this.#change(id, { root: null });
      for (const each of this.snapshots) if (each.layer === id) each.layer = null;
    }
  }

  #fill(parent: string | null, image: string | null, source: string | null, root: string): string {
    const from = source === null ? Array<number>(BLOCKS).fill(0) : this.vault.get(source)!;
    const filled = this.#add(parent, 'frozen', root, image);
    for (const [block, value] of this.vault.get(root)!.entries())
      if (value !== from[block]) this.#file(filled).set(block, value);
    return filled;
  }

  #add(parent: string | null, state: LayerRow['state'], root: string | null, image?: string | null): string {
    const id = `l-${this.#made++}`;
    const image_id = image === undefined ? (this.image === null ? null : 'm-1') : image;
    const times = { created_at: this.#made, frozen_at: null };
    this.layers = [
      ...this.layers,
      { id, disk_id: 'd-1', parent_id: parent, image_id, state, root, ...times },
    ];
    this.files.set(id, new Map());
    return id;
  }

  /** Refuses, as the catalogue's foreign keys do, to take a layer from under another. */
  #discard(ids: readonly string[]): void {
    for (const id of ids) {
      const above = this.layers.find((each) => each.parent_id === id);
      if (above !== undefined) this.#fail(`${id} is dropped while ${above.id} stands on it`);
      this.layers = this.layers.filter((each) => each.id !== id);
      this.files.delete(id);
      for (const each of this.snapshots) {
        if (each.layer === id && each.root === null)
          this.#fail(`${id} is dropped, which ${each.id} waits for`);
        if (each.layer === id) each.layer = null;
      }
    }
  }

  #file(id: string): Map<number, number> {
    return this.files.get(id) ?? this.#fail(`${id} has no file`);
  }

  #change(id: string, values: Partial<LayerRow>): void {
    this.layers = this.layers.map((each) => (each.id === id ? { ...each, ...values } : each));
  }

  #expect(found: Content | undefined, wanted: Content, what: string): void {
    if (found?.join() !== wanted.join()) this.#fail(`${what}: ${found?.join()} instead of ${wanted.join()}`);
  }

  #log(text: string): void {
    this.trace.push(text);
  }

  #fail(reason: string): never {
    throw new Error(`${reason}\n${this.trace.join('\n')}`);
  }
}
