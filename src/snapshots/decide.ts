/**
 * What is to be done with a disk next, and which way a reset goes. Pure: from the disk's state to a decision.
 *
 * Invariants: a layer is archived before it is settled or dropped if a snapshot waits for it; nothing is merged into a
 * bottom layer on which more than one stack stands; while a settle is unfinished, only layers from the settling one
 * upwards are a source of anything.
 */
import { chain, downFrom, type LayerRow } from '../catalogue/stacks.ts';
import { type DiskState, intentOf } from './state.ts';

/** Stacks longer than this are settled before more is archived, if so many layers can be merged at once. */
const LONG_STACK = 8;
const WORTH_MERGING = 4;

export type Step =
  | { readonly kind: 'release' }
  /** A freeze whose outcome nobody heard is settled. */
  | { readonly kind: 'resolve' }
  | { readonly kind: 'drop'; readonly layers: readonly string[] }
  | { readonly kind: 'prepare' }
  | {
      readonly kind: 'archive';
      readonly layer: string;
      readonly depth: number;
      readonly parentRoot: string | null;
    }
  | { readonly kind: 'settle'; readonly count: number };

/**
 * The next step for a disk, or null when all is done. `skip`: kinds that failed just now; what does not need them goes
 * on, since a full pool, say, lets no layer be prepared, while archiving and settling are what makes space.
 */
export function nextStep(state: DiskState, skip: ReadonlySet<Step['kind']> = new Set()): Step | null {
  const deleted = state.desktopStatus === 'Deleted';
  const open = intentOf(state.disk)?.kind === 'freeze';
  if (open && !skip.has('resolve')) return { kind: 'resolve' };
  if (deleted && state.wanted.size === 0) return open || skip.has('release') ? null : { kind: 'release' };
  // Until it is known which layer is on top, none is called unneeded.
  const unneeded = open || skip.has('drop') ? [] : unneededLayers(state);
  if (unneeded.length > 0) return { kind: 'drop', layers: unneeded };
  const unprepared = !deleted && state.disk.intent === null && state.disk.prepared_layer === null;
  if (unprepared && !skip.has('prepare')) return { kind: 'prepare' };
  const settle = deleted || skip.has('settle') ? null : settleStep(state);
  const worth = settle !== null && settle.count >= WORTH_MERGING;
  if (worth && chain(state.layers, state.disk.active_layer).length > LONG_STACK) return settle;
  return (skip.has('archive') ? null : archiveStep(state)) ?? settle;
}

/** Layers that neither the disk's stack nor a waiting snapshot stands on; the topmost first. */
export function unneededLayers(state: DiskState): string[] {
  const needed = new Set<string>();
  const keep = (top: string) => {
    for (const layer of downFrom(state.layers, top)) {
      // Then all below it are needed, too.
      if (needed.has(layer.id)) break;
      needed.add(layer.id);
    }
  };
  for (const layer of state.wanted) keep(layer);
  if (state.desktopStatus !== 'Deleted') {
    keep(state.disk.active_layer);
    if (state.disk.prepared_layer !== null) needed.add(state.disk.prepared_layer);
  }
  const depth = (layer: LayerRow) => chain(state.layers, layer.id).length;
  return state.layers
    .filter((layer) => !needed.has(layer.id))
    .sort((a, b) => depth(b) - depth(a))
    .map((layer) => layer.id);
}

function archiveStep(state: DiskState): Step | null {
  // Without a snapshot that waits, the topmost frozen layer is archived all the same, so that it can be settled.
  const layer =
    lowestWanted(state) ?? (state.desktopStatus === 'Deleted' ? undefined : topmostUnarchived(state));
  if (layer === undefined) return null;
  return { kind: 'archive', layer, ...changesSince(state, layer) };
}

/** The layer with the fewest below it of those that snapshots wait for. */
function lowestWanted(state: DiskState): string | undefined {
  let lowest: { readonly layer: string; readonly depth: number } | undefined;
  for (const layer of state.wanted) {
    const depth = chain(state.layers, layer).length;
    if (lowest === undefined || depth < lowest.depth) lowest = { layer, depth };
  }
  return lowest?.layer;
}

function topmostUnarchived(state: DiskState): string | undefined {
  const top = chain(state.layers, state.disk.active_layer).findLast((layer) => layer.state === 'frozen');
  return top?.root === null ? top.id : undefined;
}

/** How many layers up to this one changed the content of the nearest known root below, and that root. */
export function changesSince(
  state: DiskState,
  layerId: string,
): { depth: number; parentRoot: string | null } {
  const below = chain(state.layers, layerId);
  let depth = 0;
  for (const layer of below.toReversed()) {
    if (layer.root !== null && layer.id !== layerId) return { depth, parentRoot: layer.root };
    depth++;
  }
  const image = below[0]?.image_id ?? null;
  return { depth, parentRoot: image === null ? null : (state.imageRoots.get(image) ?? null) };
}

/** The largest merge that hides nothing a snapshot waits for; an unfinished one is finished first. */
export function settleStep(state: DiskState): Extract<Step, { kind: 'settle' }> | null {
  const stack = chain(state.layers, state.disk.active_layer);
  const { settling_layer: settling } = state.disk;
  if (settling !== null) {
    const count = stack.findIndex((layer) => layer.id === settling);
    return count > 0 ? { kind: 'settle', count } : null;
  }
  let count = 0;
  for (let at = 0; at < stack.length - 1; at++) {
    const layer = stack[at]!;
    if (at > 0 && layer.root !== null) count = at;
    const children = state.layers.filter((each) => each.parent_id === layer.id);
    // A second stack on this layer, or a snapshot that waits for it: it must stay as it is.
    if (children.length !== 1 || state.wanted.has(layer.id)) break;
  }
  return count > 0 ? { kind: 'settle', count } : null;
}

export type ResetWay =
  /** A new active layer on this one, which has the content already. */
  | { readonly kind: 'onto'; readonly layer: string }
  /** Write what differs from this root over this layer (null: over the golden image or nothing). */
  | {
      readonly kind: 'difference';
      readonly over: string | null;
      readonly root: string | null;
      readonly imageId: string | null;
    };

/** How to reset to a snapshot, cheapest way first, as long as the files below are sound. */
export function resetWay(state: DiskState, target: { layer: string | null; root: string }): ResetWay {
  const stack = chain(state.layers, state.disk.active_layer);
  const first =
    state.disk.settling_layer === null
      ? 0
      : stack.findIndex((layer) => layer.id === state.disk.settling_layer);
  const usable = stack.slice(Math.max(first, 0)).filter((layer) => layer.state === 'frozen');
  const exact = usable.findLast((layer) => layer.root === target.root || layer.id === target.layer);
  if (exact !== undefined) return { kind: 'onto', layer: exact.id };
  const branch = state.layers.find((layer) => layer.id === target.layer && layer.state === 'frozen');
  if (branch !== undefined && state.disk.settling_layer === null) return { kind: 'onto', layer: branch.id };
  const source = usable.findLast((layer) => layer.root !== null);
  const imageId = stack[0]?.image_id ?? null;
  if (source !== undefined) return { kind: 'difference', over: source.id, root: source.root, imageId };
  return {
    kind: 'difference',
    over: null,
    root: imageId === null ? null : (state.imageRoots.get(imageId) ?? null),
    imageId,
  };
}
