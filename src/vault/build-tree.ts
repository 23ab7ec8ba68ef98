/**
 * Building a tree from its parent and the changed leaves.
 *
 * Invariants: a subtree without a change keeps its name and is not read; an all-zero subtree is the zero name; leaves
 * beyond the end are zero; children are there before their page is put; so equal content gives an equal root, whatever
 * the way to it. Memory is one page per level, whatever the number of changes.
 */
import { EcdError } from '../errors.ts';
import { type Encoded, encodePage, isZero, NAME_BYTES, type Name, objectName, ZERO_NAME } from './codec.ts';
import { heightOf, leafCount, type Root } from './root.ts';
import { childSpan, isZeroName, nodePage, type PageSource, type TreeView, viewOf } from './tree.ts';

export interface Change {
  /** Number of the chunk: its offset divided by the chunk size. */
  readonly index: number;
  readonly name: Name;
}

export type Changes = AsyncIterable<Change> | Iterable<Change>;

/** What building needs of a session. */
export interface TreeSink extends PageSource {
  /** Throws `Vault.Damaged` unless all the chunks are stored and held. */
  ensure(names: readonly Name[]): Promise<void>;
  putPage(page: Encoded): Promise<void>;
}

/** The root of a disk of `size` bytes that has the parent's leaves (null: none) but for the changes, ascending. */
export async function buildTree(
  sink: TreeSink,
  parent: Root | null,
  size: number,
  changes: Changes,
): Promise<Root> {
  const { fanout } = sink;
  const count = leafCount(size, sink.chunkSize);
  const height = heightOf(count, fanout);
  const view = await lower(sink, viewOf(sink, parent), height);
  const cut = parent !== null && leafCount(parent.size, sink.chunkSize) > count;
  const queue = new ChangeQueue(changes, count);

  /** Whether something under the node is to be changed. */
  const touched = (name: Name, level: number, first: number): boolean => {
    const end = first + childSpan(fanout, level + 1);
    if (queue.before(end)) return true;
    if (isZeroName(name)) return false;
    return level > view.height || (cut && end > count);
  };

  const build = async (name: Name, level: number, first: number): Promise<Name> => {
    const span = childSpan(fanout, level);
    const page = Buffer.from(await nodePage(sink, view, name, level));
    const fresh: Name[] = [];
    if (level === 1) {
      while (queue.before(first + fanout)) {
        const change = queue.current!;
        page.set(change.name, (change.index - first) * NAME_BYTES);
        if (!isZeroName(change.name)) fresh.push(change.name);
        const next = queue.advance();
        if (next !== null) await next;
      }
    } else {
      for (let slot = 0; slot < fanout; slot++) {
        const at = slot * NAME_BYTES;
        const childFirst = first + slot * span;
        if (childFirst >= count) break;
        const old = Buffer.from(page.subarray(at, at + NAME_BYTES));
        if (touched(old, level - 1, childFirst)) page.set(await build(old, level - 1, childFirst), at);
      }
    }
    const used = Math.ceil((count - first) / span);
    if (used < fanout) page.fill(0, used * NAME_BYTES);
    if (isZero(page)) return ZERO_NAME;
    const made = objectName('p', page);
    if (made.equals(name)) return name;
    if (fresh.length > 0) await sink.ensure(fresh);
    await sink.putPage(encodePage(page, made));
    return made;
  };

  try {
    await queue.start();
    const name = touched(view.top, height, 0) ? await build(view.top, height, 0) : view.top;
    queue.finish();
    return { name: Buffer.from(name), size };
  } catch (error) {
    await queue.close();
    throw error;
  }
}

/** The part of a tree that a lower one covers. */
async function lower(source: PageSource, view: TreeView, height: number): Promise<TreeView> {
  let { top, height: at } = view;
  for (; at > height; at--) {
    const page = await nodePage(source, view, top, at);
    top = Buffer.from(page.subarray(0, NAME_BYTES));
  }
  return { top, height: at };
}

/** The changes with one looked at ahead; waits only where the source makes it wait. */
class ChangeQueue {
  current: Change | null = null;
  readonly #source: AsyncIterator<Change> | Iterator<Change>;
  readonly #count: number;

  constructor(changes: Changes, count: number) {
    this.#source =
      Symbol.asyncIterator in changes ? changes[Symbol.asyncIterator]() : changes[Symbol.iterator]();
    this.#count = count;
  }

  async start(): Promise<void> {
    await this.advance();
  }

  before(end: number): boolean {
    return this.current !== null && this.current.index < end;
  }

  /** Moves on: at once (null) or when the answer comes. */
  advance(): Promise<void> | null {
    const result = this.#source.next();
    if (result instanceof Promise) return result.then((r) => this.#take(r));
    this.#take(result);
    return null;
  }

  #take(result: IteratorResult<Change>): void {
    if (result.done) {
      this.current = null;
      return;
    }
    const { index, name } = result.value;
    const last = this.current?.index ?? -1;
    if (!Number.isInteger(index) || index <= last || index >= this.#count || name.length !== NAME_BYTES) {
      throw new EcdError('InvalidParameter', {
        parameter: 'changes',
        reason: ` Chunk ${index} after ${last} of ${this.#count}.`,
      });
    }
    this.current = result.value;
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Every change must have found its place. */
  finish(): void {
    if (this.current !== null) throw new EcdError('InternalError', {}, new Error('a change was left over'));
  }
}
