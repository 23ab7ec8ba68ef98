/**
 * Collection of garbage.
 *
 * Invariants: (1) mark from the roots; (2) hide what is dead from sessions that begin from now on; (3) wait for the
 * sessions that began before, mark again from what they published, and bring back what that reaches; (4) only then
 * delete. Any failure before (4) brings everything back. Files go last, after the index has forgotten them, so that a
 * stop in between leaves at worst garbage for the next run. Never by age.
 */
import { setImmediate } from 'node:timers/promises';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { Name } from './codec.ts';
import { compactPacks } from './compact.ts';
import type { VaultContext } from './context.ts';
import { Marks } from './marks.ts';
import type { Log } from './reconcile.ts';
import type { Root } from './root.ts';

/** Names handled in one go, a few milliseconds. */
const SLICE = 1000;

export interface CollectOptions {
  /** Every root that is to stay, as of the call: asked twice. */
  readonly roots: () => Promise<readonly Root[]>;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

export interface CollectReport {
  /** Roots marked in the second pass. */
  readonly roots: number;
  /** Objects found dead and removed from the index. */
  readonly deadObjects: number;
  readonly deletedPacks: number;
  /** Packs whose living objects were moved, and packs written for them. */
  readonly rewrittenPacks: number;
  readonly writtenPacks: number;
  /** Bytes of files removed, less those written. */
  readonly freedBytes: number;
  /** Names of objects that could not be moved because they are damaged; their packs stay. */
  readonly damaged: readonly string[];
}

/** Runs one collection. Throws `Vault.Damaged` (and deletes nothing) when a tree cannot be read. */
export async function collect(context: VaultContext, options: CollectOptions): Promise<CollectReport> {
  const signal = options.signal ?? new AbortController().signal;
  try {
    const { roots, deadObjects } = await deleteDeadNames(context, options.roots, signal);
    const packs = await compactPacks(context, signal);
    const report = { roots, deadObjects, ...packs };
    (options.log ?? context.log)('vault: collected', { ...report, damaged: packs.damaged.length });
    return report;
  } catch (error) {
    if (!signal.aborted || error instanceof EcdError) throw error;
    throw new EcdError('Cancelled', { reason: 'the collection was stopped' }, error);
  }
}

async function deleteDeadNames(
  context: VaultContext,
  roots: () => Promise<readonly Root[]>,
  signal: AbortSignal,
): Promise<{ roots: number; deadObjects: number }> {
  const { index, holds } = context;
  const marks = new Marks(context);
  try {
    for (const root of await roots()) await marks.root(root, signal);
    await markHeld(context, marks, signal);
    await inSlices(index.namesAfter.bind(index), signal, (names) =>
      index.addDead(names.filter((name) => !marks.has(name))),
    );
    holds.hide();
    await faults.hit('vault.collect.hidden');
    await holds.drained(signal);

    const published = await roots();
    for (const root of published) await marks.root(root, signal);
    for (let taken = -1; taken !== holds.taken; ) {
      taken = holds.taken;
      await markHeld(context, marks, signal);
      await inSlices(index.deadAfter.bind(index), signal, (names) =>
        index.reviveDead(names.filter((name) => marks.has(name))),
      );
    }
    // No waiting between the comparison above and this: a tree taken from here on is refused if it is dead.
    holds.beginDeleting();
    context.cache.clear();
    let deadObjects = 0;
    for (let count = -1; count !== 0; deadObjects += count) {
      count = index.deleteDead(SLICE);
      await setImmediate();
    }
    return { roots: published.length, deadObjects };
  } finally {
    index.reviveDead('all');
    holds.endHiding();
  }
}

async function markHeld(context: VaultContext, marks: Marks, signal: AbortSignal): Promise<void> {
  for (const root of context.holds.roots()) {
    if (context.index.locate(root.name) !== null) await marks.root(root, signal);
  }
}

/** Walks over all names of a table in order. */
async function inSlices(
  read: (after: Name | null, limit: number) => Name[],
  signal: AbortSignal,
  act: (names: Name[]) => void,
): Promise<void> {
  for (let after: Name | null = null; ; ) {
    signal.throwIfAborted();
    const names = read(after, SLICE);
    if (names.length === 0) return;
    act(names);
    after = names.at(-1)!;
    await setImmediate();
  }
}
