/**
 * The index: where every object lies. A rebuildable cache over the packs' own indexes.
 *
 * Invariants: every method is one transaction and synchronous, so that no other step of this process comes between; a
 * row's pack exists when the row does (a pack is added after it is durable, dropped before its file goes); a name has one
 * row, its copies in other packs are counted there as `shadowed`; `live*` of a pack are the sums over its rows; `dead`
 * holds names that a running collection has found unreferenced, and nothing at other times.
 */
import type { SQLInputValue } from 'node:sqlite';
import { EcdError } from '../errors.ts';
import type { Name, ObjectType } from './codec.ts';
import { type IndexFile, openIndexFile, removeIndexFile } from './index-schema.ts';
import type { PackEntry } from './pack-format.ts';

export interface Located extends PackEntry {
  /** Number of the pack in this index. */
  readonly pack: number;
}

export interface PackRow {
  readonly id: number;
  readonly hex: string;
  readonly size: number;
  /** Stored bytes of all its objects, and of those whose row points here. */
  readonly stored: number;
  readonly liveStored: number;
  readonly liveChunks: number;
  readonly livePages: number;
  readonly liveRaw: number;
  /** Objects whose row points to another pack. */
  readonly shadowed: number;
}

type Delta = { chunks: number; pages: number; stored: number; raw: number };

export class IndexDb {
  readonly #index: IndexFile;
  readonly #statements = new Map<string, ReturnType<IndexFile['db']['prepare']>>();
  readonly #hex = new Map<number, string>();

  constructor(file: string, vaultId: string, readonly: boolean) {
    this.#index = openIndexFile(file, vaultId, readonly);
    this.#run('DELETE FROM dead');
    for (const pack of this.packs()) this.#hex.set(pack.id, pack.hex);
  }

  close(): void {
    this.#statements.clear();
    if (this.#index.db.isOpen) this.#index.db.close();
    if (this.#index.temporary) removeIndexFile(this.#index.file);
  }

  locate(name: Name): Located | null {
    const row = this.#get('SELECT pack, offset, stored, raw, kind FROM objects WHERE name = ?', name);
    return row === undefined ? null : located(name, row);
  }

  isDead(name: Name): boolean {
    return this.#get('SELECT 1 AS yes FROM dead WHERE name = ?', name) !== undefined;
  }

  /** The id of a pack as hex, while the index knows it. */
  packHex(pack: number): string | undefined {
    return this.#hex.get(pack);
  }

  packs(): PackRow[] {
    return this.#all('SELECT * FROM packs ORDER BY id') as unknown as PackRow[];
  }

  /**
   * Adds a durable pack. An object that another pack has keeps its row, unless `replaces` says that the new copy counts
   * from now on; its name is then no longer dead. A pack that is known already is left as it is.
   */
  addPack(
    hex: string,
    size: number,
    entries: readonly PackEntry[],
    replaces: (row: Located) => boolean = () => false,
  ): void {
    this.#transaction(() => {
      if (this.#get('SELECT 1 AS yes FROM packs WHERE hex = ?', hex) !== undefined) return;
      const stored = entries.reduce((sum, entry) => sum + entry.stored, 0);
      this.#run('INSERT INTO packs (hex, size, stored, liveChunks, livePages, liveStored, liveRaw, shadowed) VALUES (?, ?, ?, 0, 0, 0, 0, 0)', hex, size, stored); // biome-ignore format: one statement
      const id = Number(this.#get('SELECT id FROM packs WHERE hex = ?', hex)!['id']);
      this.#insert(id, entries, replaces);
      this.#hex.set(id, hex);
    });
  }

  /** Gives the names that no row has rows in a known pack: after another pack with copies of them was lost. */
  readdPack(id: number, entries: readonly PackEntry[]): void {
    this.#transaction(() => {
      this.#run('UPDATE packs SET shadowed = 0 WHERE id = ?', id);
      this.#insert(
        id,
        entries.filter((entry) => this.locate(entry.name)?.pack !== id),
        () => false,
      );
    });
  }

  #insert(id: number, entries: readonly PackEntry[], replaces: (row: Located) => boolean): void {
    const deltas = new Map<number, Delta>();
    let shadowed = 0;
    for (const entry of entries) {
      const row = this.locate(entry.name);
      if (row !== null && (row.pack === id || !replaces(row))) {
        shadowed++;
        continue;
      }
      if (row !== null) {
        count(deltas, row.pack, row, -1);
        this.#run('UPDATE packs SET shadowed = shadowed + 1 WHERE id = ?', row.pack);
        this.#run('DELETE FROM dead WHERE name = ?', entry.name);
      }
      const kind = (entry.type === 'p' ? 256 : 0) + entry.codec;
      this.#run('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)', entry.name, id, entry.offset, entry.stored, entry.raw, kind); // biome-ignore format: one statement
      count(deltas, id, entry, 1);
    }
    if (shadowed > 0) this.#run('UPDATE packs SET shadowed = shadowed + ? WHERE id = ?', shadowed, id);
    this.#apply(deltas);
  }

  /** Forgets packs and every row that points to them. */
  dropPacks(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#transaction(() => {
      const list = ids.map(Number).join(',');
      const rows = this.#get(`SELECT SUM(liveChunks + livePages) AS n FROM packs WHERE id IN (${list})`);
      // Only then: without an index on `pack` this reads the whole table.
      if (Number(rows?.['n'] ?? 0) > 0) this.#index.db.exec(`DELETE FROM objects WHERE pack IN (${list})`);
      this.#index.db.exec(`DELETE FROM packs WHERE id IN (${list})`);
    });
    for (const id of ids) this.#hex.delete(id);
  }

  /** Names in order, after one: for walks over everything in slices. */
  namesAfter(after: Name | null, limit: number): Name[] {
    const rows =
      after === null
        ? this.#all('SELECT name FROM objects ORDER BY name LIMIT ?', limit)
        : this.#all('SELECT name FROM objects WHERE name > ? ORDER BY name LIMIT ?', after, limit);
    return rows.map(nameOf);
  }

  deadAfter(after: Name | null, limit: number): Name[] {
    const rows =
      after === null
        ? this.#all('SELECT name FROM dead ORDER BY name LIMIT ?', limit)
        : this.#all('SELECT name FROM dead WHERE name > ? ORDER BY name LIMIT ?', after, limit);
    return rows.map(nameOf);
  }

  addDead(names: readonly Name[]): void {
    this.#transaction(() => {
      for (const name of names) this.#run('INSERT OR IGNORE INTO dead VALUES (?)', name);
    });
  }

  reviveDead(names: readonly Name[] | 'all'): void {
    this.#transaction(() => {
      if (names === 'all') this.#run('DELETE FROM dead');
      else for (const name of names) this.#run('DELETE FROM dead WHERE name = ?', name);
    });
  }

  /** Forgets up to `limit` dead names for good. Answers how many there were. */
  deleteDead(limit: number): number {
    return this.#transaction(() => {
      const names = this.deadAfter(null, limit);
      const deltas = new Map<number, Delta>();
      for (const name of names) {
        const row = this.locate(name);
        if (row !== null) count(deltas, row.pack, row, -1);
        this.#run('DELETE FROM objects WHERE name = ?', name);
        this.#run('DELETE FROM dead WHERE name = ?', name);
      }
      this.#apply(deltas);
      return names.length;
    });
  }

  #apply(deltas: Map<number, Delta>): void {
    for (const [id, d] of deltas) {
      this.#run('UPDATE packs SET liveChunks = liveChunks + ?, livePages = livePages + ?, liveStored = liveStored + ?, liveRaw = liveRaw + ? WHERE id = ?', d.chunks, d.pages, d.stored, d.raw, id); // biome-ignore format: one statement
    }
  }

  #statement(sql: string) {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#index.db.prepare(sql);
      // Statements with numbers in their text are not kept: there is no end of them.
      if (!sql.includes(' IN (')) this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...args: SQLInputValue[]) {
    return this.#guard(() => this.#statement(sql).get(...args));
  }

  #all(sql: string, ...args: SQLInputValue[]) {
    return this.#guard(() => this.#statement(sql).all(...args));
  }

  #run(sql: string, ...args: SQLInputValue[]): void {
    this.#guard(() => this.#statement(sql).run(...args));
  }

  #transaction<T>(act: () => T): T {
    return this.#guard(() => {
      this.#index.db.exec('BEGIN IMMEDIATE');
      try {
        const result = act();
        this.#index.db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#index.db.isTransaction) this.#index.db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guard<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof EcdError) throw error;
      throw new EcdError('Vault.Unavailable', { reason: `index ${this.#index.file}` }, error);
    }
  }
}

function located(name: Name, row: Record<string, unknown>): Located {
  const kind = Number(row['kind']);
  return {
    name,
    pack: Number(row['pack']),
    type: (kind >= 256 ? 'p' : 'c') as ObjectType,
    codec: kind & 255,
    offset: Number(row['offset']),
    stored: Number(row['stored']),
    raw: Number(row['raw']),
  };
}

function nameOf(row: Record<string, unknown>): Name {
  const bytes = row['name'] as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function count(deltas: Map<number, Delta>, pack: number, entry: PackEntry, sign: 1 | -1): void {
  const delta = deltas.get(pack) ?? { chunks: 0, pages: 0, stored: 0, raw: 0 };
  delta[entry.type === 'p' ? 'pages' : 'chunks'] += sign;
  delta.stored += sign * entry.stored;
  delta.raw += sign * entry.raw;
  deltas.set(pack, delta);
}
