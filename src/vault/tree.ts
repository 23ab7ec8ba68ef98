/**
 * Reading trees: leaves and differences.
 *
 * Invariants: only pages that hold something asked for are read, each once; memory is one page per level; a tree of
 * another height is looked at as if its top stood in the first place of the levels above.
 */
import { EcdError } from '../errors.ts';
import { hex, NAME_BYTES, type Name, ZERO_NAME } from './codec.ts';
import { heightOf, leafCount, pageBytes, type Root } from './root.ts';

/** Where pages come from. */
export interface PageSource {
  readonly chunkSize: number;
  readonly fanout: number;
  /** A page that has its name. Throws `Vault.Damaged`. */
  page(name: Name): Promise<Buffer>;
}

export const isZeroName = (name: Name): boolean => name.equals(ZERO_NAME);

/** A copy, so that a name held long does not hold its page. */
const child = (page: Buffer, slot: number): Name =>
  Buffer.from(page.subarray(slot * NAME_BYTES, (slot + 1) * NAME_BYTES));

/** A tree seen at any height: `top` really stands at level `height`. */
export interface TreeView {
  readonly top: Name;
  readonly height: number;
}

export function viewOf(source: PageSource, root: Root | null): TreeView {
  if (root === null) return { top: ZERO_NAME, height: 1 };
  return { top: root.name, height: heightOf(leafCount(root.size, source.chunkSize), source.fanout) };
}

/** The page of a node: read, or all zeros, or (above the tree's top) one that holds the top in its first place. */
export async function nodePage(
  source: PageSource,
  view: TreeView,
  name: Name,
  level: number,
): Promise<Buffer> {
  const bytes = pageBytes(source.fanout);
  if (isZeroName(name)) return Buffer.alloc(bytes);
  if (level > view.height) {
    const page = Buffer.alloc(bytes);
    name.copy(page);
    return page;
  }
  const page = await source.page(name);
  if (page.length !== bytes) {
    throw new EcdError('Vault.Damaged', { what: `page ${hex(name)} has ${page.length} bytes` });
  }
  return page;
}

/** Chunks under one child of a node at a level. */
export const childSpan = (fanout: number, level: number): number => fanout ** (level - 1);

/** The leaves that are not zero, in order, from index `from` up to but not with `to`. */
export async function* leaves(
  source: PageSource,
  root: Root,
  range: { from?: number; to?: number } = {},
): AsyncGenerator<{ index: number; name: Name }> {
  const view = viewOf(source, root);
  const from = Math.max(0, range.from ?? 0);
  const to = Math.min(range.to ?? Number.POSITIVE_INFINITY, leafCount(root.size, source.chunkSize));
  if (isZeroName(view.top) || from >= to) return;
  const start = (level: number, first: number) =>
    Math.max(0, Math.floor((from - first) / childSpan(source.fanout, level)));
  const stack = [
    {
      page: await nodePage(source, view, view.top, view.height),
      level: view.height,
      first: 0,
      slot: start(view.height, 0),
    },
  ];
  while (stack.length > 0) {
    const frame = stack.at(-1)!;
    const { page, level, slot } = frame;
    const index = frame.first + slot * childSpan(source.fanout, level);
    if (slot === source.fanout || index >= to) {
      stack.pop();
      continue;
    }
    frame.slot++;
    const name = child(page, slot);
    if (isZeroName(name)) continue;
    if (level === 1) yield { index, name };
    else {
      stack.push({
        page: await nodePage(source, view, name, level - 1),
        level: level - 1,
        first: index,
        slot: start(level - 1, index),
      });
    }
  }
}

/** The leaves in which `b` differs from `a` (null: all zero), in order. Beyond its end a tree counts as zero. */
export async function* diff(
  source: PageSource,
  a: Root | null,
  b: Root,
): AsyncGenerator<{ index: number; from: Name; to: Name }> {
  const va = viewOf(source, a);
  const vb = viewOf(source, b);
  const height = Math.max(va.height, vb.height);
  const open = async (na: Name, nb: Name, level: number, first: number) => ({
    pa: await nodePage(source, va, na, level),
    pb: await nodePage(source, vb, nb, level),
    level,
    first,
    slot: 0,
  });
  if (va.height === vb.height && va.top.equals(vb.top)) return;
  const stack = [await open(va.top, vb.top, height, 0)];
  while (stack.length > 0) {
    const frame = stack.at(-1)!;
    const { pa, pb, level, slot } = frame;
    if (slot === source.fanout) {
      stack.pop();
      continue;
    }
    frame.slot++;
    const at = slot * NAME_BYTES;
    // Above the top of the lower tree the names stand at different levels, and equality would mean nothing.
    const comparable = level - 1 <= Math.min(va.height, vb.height);
    const same = pa.compare(pb, at, at + NAME_BYTES, at, at + NAME_BYTES) === 0;
    const from = child(pa, slot);
    if (same && (comparable || isZeroName(from))) continue;
    const to = child(pb, slot);
    const index = frame.first + slot * childSpan(source.fanout, level);
    if (level === 1) yield { index, from, to };
    else stack.push(await open(from, to, level - 1, index));
  }
}
