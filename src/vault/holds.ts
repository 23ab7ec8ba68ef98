/**
 * Who holds what while collection runs: the sessions of this process and the trees they build on.
 *
 * Invariants: a dead name is hidden from every session that began after the hiding, and from no other; collection
 * deletes only after the others have ended; a tree that is held is marked, however late it was taken: taking it and
 * beginning to delete are both synchronous, so one sees the other.
 */
import { EcdError } from '../errors.ts';
import { hex, type Name } from './codec.ts';
import type { Root } from './root.ts';
import { isZeroName } from './tree.ts';

/** A session's place in the order of sessions and hidings. */
export interface Ticket {
  readonly sequence: number;
  readonly held: Root[];
}

/** What holds ask of the index. */
export interface NamesLookup {
  locate(name: Name): object | null;
  isDead(name: Name): boolean;
}

export class Holds {
  readonly #names: NamesLookup;
  readonly #open = new Set<Ticket>();
  #sequence = 0;
  #hiddenAt: number | null = null;
  #deleting = false;
  #taken = 0;
  #waiter: (() => void) | null = null;
  /** Trees of sessions that ended while names are hidden: what they published may have been missed by `roots()`. */
  #lingering: Root[] = [];

  constructor(names: NamesLookup) {
    this.#names = names;
  }

  /** Begins a session. */
  begin(): Ticket {
    const ticket: Ticket = { sequence: ++this.#sequence, held: [] };
    this.#open.add(ticket);
    return ticket;
  }

  end(ticket: Ticket): void {
    this.#open.delete(ticket);
    if (this.#hiddenAt !== null) this.#lingering.push(...ticket.held);
    this.#waiter?.();
  }

  /** Whether a session may rely on a name: it is there, and collection cannot remove it while the session lives. */
  holds(ticket: Ticket, name: Name): boolean {
    return this.#names.locate(name) !== null && !this.hiddenFrom(ticket, name);
  }

  /** Whether a name is dead for this session, so that it has to store the object anew. */
  hiddenFrom(ticket: Ticket, name: Name): boolean {
    return this.#hiddenAt !== null && ticket.sequence > this.#hiddenAt && this.#names.isDead(name);
  }

  /** Keeps a whole tree until the session ends. Throws `Vault.Damaged` when it is not in the vault (any more). */
  take(ticket: Ticket, root: Root): void {
    if (isZeroName(root.name)) return;
    const gone = this.#deleting && this.#names.isDead(root.name);
    if (gone || this.#names.locate(root.name) === null) {
      throw new EcdError('Vault.Damaged', { what: `the tree ${hex(root.name)} is not there` });
    }
    this.keep(ticket, root);
  }

  /** Keeps a tree if it is there. */
  keep(ticket: Ticket, root: Root): void {
    ticket.held.push(root);
    this.#taken++;
  }

  /** How many trees were ever taken: a change means that there may be new ones to mark. */
  get taken(): number {
    return this.#taken;
  }

  /** The trees held now, or since the hiding. */
  roots(): Root[] {
    return [...this.#lingering, ...[...this.#open].flatMap((ticket) => ticket.held)];
  }

  /** From here on dead names are hidden from new sessions. */
  hide(): void {
    this.#hiddenAt = this.#sequence;
  }

  /** Waits until the sessions that began before the hiding have ended. */
  async drained(signal: AbortSignal): Promise<void> {
    const stop = () => this.#waiter?.();
    signal.addEventListener('abort', stop);
    try {
      while ([...this.#open].some((ticket) => ticket.sequence <= (this.#hiddenAt ?? 0))) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          this.#waiter = resolve;
        });
      }
      signal.throwIfAborted();
    } finally {
      this.#waiter = null;
      signal.removeEventListener('abort', stop);
    }
  }

  beginDeleting(): void {
    this.#deleting = true;
  }

  /** No name is dead any more. */
  endHiding(): void {
    this.#hiddenAt = null;
    this.#deleting = false;
    this.#lingering = [];
  }
}
