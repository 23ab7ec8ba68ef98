import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { Catalogue } from './catalogue.ts';
import { factOf, stateFact } from './facts.ts';
import { MIGRATIONS } from './migrations.ts';

let work: string;
let file: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-sqlite-'));
  file = join(work, 'catalogue.db');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

async function pragma(catalogue: Catalogue, name: string): Promise<unknown> {
  const { rows } = await sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(catalogue.db);
  return Object.values(rows[0]!)[0];
}

function version(): number {
  const database = new DatabaseSync(file);
  const found = database.prepare('PRAGMA user_version').get() as { user_version: number };
  database.close();
  return found.user_version;
}

test('an empty file becomes a catalogue of the newest version, once', async () => {
  writeFileSync(file, '', { mode: 0o600 });
  const first = Catalogue.open(file);
  await stateFact(first.db, 'vault', 'v');
  await first.close();
  expect(version()).toBe(MIGRATIONS.length);
  const again = Catalogue.open(file);
  expect(await factOf(again.db, 'vault')).toBe('v');
  await again.close();
});

test('a catalogue of a newer program is refused and left alone', () => {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  database.close();
  expect(() => Catalogue.open(file)).toThrow(
    expect.objectContaining({
      code: 'Catalogue.FormatUnknown',
      details: { found: MIGRATIONS.length + 1, known: MIGRATIONS.length },
    }),
  );
  expect(version()).toBe(MIGRATIONS.length + 1);
});

test('a migration that fails half-way leaves nothing of it', () => {
  const database = new DatabaseSync(file);
  // In the way of a table that is not the first.
  database.exec('CREATE TABLE snapshots (id TEXT)');
  database.close();
  expect(() => Catalogue.open(file)).toThrow(expect.objectContaining({ code: 'Catalogue.Unavailable' }));
  expect(version()).toBe(0);
  const after = new DatabaseSync(file);
  const tables = after.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  expect(tables.map((row) => row['name'])).toEqual(['snapshots']);
  after.close();
});

test('what is no database is said to be unavailable', () => {
  writeFileSync(file, 'text '.repeat(1000));
  expect(() => Catalogue.open(file)).toThrow(expect.objectContaining({ code: 'Catalogue.Unavailable' }));
  expect(() => Catalogue.open(join(work, 'no', 'such'))).toThrow(
    expect.objectContaining({ code: 'Catalogue.Unavailable' }),
  );
});

test('a commit is synced to the disk, and references are kept', async () => {
  const catalogue = Catalogue.open(file);
  expect(await pragma(catalogue, 'journal_mode')).toBe('wal');
  // 2 is FULL: the log is synced with every commit.
  expect(await pragma(catalogue, 'synchronous')).toBe(2);
  expect(await pragma(catalogue, 'foreign_keys')).toBe(1);
  const orphan = { id: 'l-1', disk_id: 'd-none', state: 'frozen' as const, created_at: 1 };
  await expect(catalogue.db.insertInto('layers').values(orphan).execute()).rejects.toThrow('FOREIGN KEY');
  await catalogue.close();
});

test('a transaction that throws leaves nothing, and the next one works', async () => {
  const catalogue = Catalogue.open(file);
  const failing = catalogue.transaction(async (trx) => {
    await stateFact(trx, 'vault', 'half');
    throw new EcdError('OperationConflict', { reason: 'test' });
  });
  await expect(failing).rejects.toMatchObject({ code: 'OperationConflict' });
  expect(await factOf(catalogue.db, 'vault')).toBeUndefined();
  const broken = catalogue.transaction((trx) => sql`SELECT * FROM no_such_table`.execute(trx));
  await expect(broken).rejects.toMatchObject({ code: 'Catalogue.Unavailable' });
  await catalogue.transaction((trx) => stateFact(trx, 'vault', 'whole'));
  expect(await factOf(catalogue.db, 'vault')).toBe('whole');
  await catalogue.close();
});

/** Another process, which adds one to a number 200 times, in transactions that read first. */
function counter(): ChildProcess {
  const code = `
    import { Catalogue } from ${JSON.stringify(join(import.meta.dirname, 'catalogue.ts'))};
    import { countUp } from ${JSON.stringify(join(import.meta.dirname, 'testing/count-up.ts'))};
    const catalogue = Catalogue.open(${JSON.stringify(file)});
    await countUp(catalogue, 200);
    await catalogue.close();`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

test('two processes that read and then write lose nothing of each other', async () => {
  const catalogue = Catalogue.open(file);
  await catalogue.db.insertInto('facts').values({ key: 'count', value: '0' }).execute();
  const children = [counter(), counter()];
  const codes = await Promise.all(children.map((child) => once(child, 'exit')));
  expect(codes.map(([code]) => code)).toEqual([0, 0]);
  const row = await catalogue.db
    .selectFrom('facts')
    .select('value')
    .where('key', '=', 'count')
    .executeTakeFirst();
  expect(row).toEqual({ value: '400' });
  await catalogue.close();
});

test('a writer waits for another one from its first read on', async () => {
  const catalogue = Catalogue.open(file);
  const other = new DatabaseSync(file);
  other.exec('PRAGMA busy_timeout = 0');
  await catalogue.transaction(async (trx) => {
    await factOf(trx, 'vault');
    expect(() => other.exec('BEGIN IMMEDIATE')).toThrow('locked');
  });
  other.exec('BEGIN IMMEDIATE; ROLLBACK');
  other.close();
  await catalogue.close();
});

test.each([300, 9_000])(
  'of a value of %i characters that was taken away nothing is left in the file',
  async (length) => {
    const value = 'marked'.padEnd(length, '.');
    const catalogue = Catalogue.open(file);
    await catalogue.transaction((trx) => stateFact(trx, 'vault', value));
    await catalogue.db.deleteFrom('facts').where('key', '=', 'vault').execute();
    await catalogue.close();
    expect(readFileSync(file).includes('marked')).toBe(false);
  },
);
