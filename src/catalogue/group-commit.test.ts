import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GroupCommitDriver } from './group-commit.ts';
import type { Schema } from './schema.ts';
import { Statements } from './statements.ts';

let work: string;
let file: string;
let db: Kysely<Schema>;
/** What the writing connection was told, and what became known to whom. */
let log: string[];
/** Called before each statement of the writing connection. */
let before: (text: string) => void;

class Watched extends Statements {
  override run<Row>(text: string, parameters?: readonly unknown[]) {
    before(text);
    if (!/^(insert|select)/i.test(text)) log.push(text);
    return super.run<Row>(text, parameters);
  }
}

class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-group-'));
  file = join(work, 'catalogue.db');
  log = [];
  before = () => {};
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT) STRICT');
  const writer = new Watched(database);
  const reader = new Statements(new DatabaseSync(file, { readOnly: true }));
  db = new Kysely<Schema>({
    dialect: {
      createDriver: () => new GroupCommitDriver(writer, reader),
      createAdapter: () => new Adapter(),
      createIntrospector: (of) => new SqliteIntrospector(of),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
});
afterEach(async () => {
  await db.destroy();
  rmSync(work, { recursive: true, force: true });
});

/** A transaction that writes a fact, and then fails if it is told so. */
function write(key: string, failure?: Error): Promise<void> {
  return db.transaction().execute(async (trx) => {
    await trx.insertInto('facts').values({ key, value: '' }).execute();
    if (failure !== undefined) throw failure;
  });
}

const keys = async () =>
  (await db.selectFrom('facts').select('key').orderBy('key').execute()).map((row) => row.key);
const told = (name: string) => () => void log.push(name);
const commits = () => log.filter((text) => text === 'COMMIT').length;

test('what is written at the same time is committed together, and answered after that', async () => {
  const both = [write('a').then(told('a')), write('b').then(told('b'))];
  const single = db.insertInto('facts').values({ key: 'c', value: '' }).execute();
  await Promise.all([...both, single.then(told('c'))]);
  expect(commits()).toBe(1);
  expect(log.slice(log.indexOf('COMMIT') + 1).sort()).toEqual(['a', 'b', 'c']);
  expect(await keys()).toEqual(['a', 'b', 'c']);
});

test('what comes later, or alone, has a commit of its own', async () => {
  await write('a');
  expect(log).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
  await write('b');
  expect(commits()).toBe(2);
  await db.insertInto('facts').values({ key: 'c', value: '' }).execute();
  expect(log).toHaveLength(4);
});

test('one that fails leaves nothing, the others are whole, and it is told so when they are durable', async () => {
  const first = write('a').then(told('a'));
  const failing = write('b', new Error('mine'));
  const all = [first, failing.catch(told('b')), write('c').then(told('c'))];
  await Promise.all(all);
  await expect(failing).rejects.toThrow('mine');
  expect(commits()).toBe(1);
  expect(log.indexOf('b')).toBeGreaterThan(log.indexOf('COMMIT'));
  expect(await keys()).toEqual(['a', 'c']);
});

test('the first one that fails takes nobody with it', async () => {
  const first = write('a', new Error('mine'));
  await Promise.all([expect(first).rejects.toThrow('mine'), write('b'), write('c')]);
  expect(await keys()).toEqual(['b', 'c']);
});

test('a statement that fails on its own leaves the others whole', async () => {
  await write('a');
  const first = write('b');
  const again = db.insertInto('facts').values({ key: 'a', value: '' }).execute();
  await Promise.all([first, expect(again).rejects.toThrow('UNIQUE'), write('c')]);
  expect(await keys()).toEqual(['a', 'b', 'c']);
});

test('a commit that fails fails all who share it, and the next ones work', async () => {
  before = (text) => {
    if (text === 'COMMIT') throw new Error('disk full');
  };
  const ended = await Promise.allSettled([write('a'), write('b'), write('c', new Error('mine'))]);
  expect(ended.map((one) => one.status === 'rejected' && String(one.reason))).toEqual([
    'Error: disk full',
    'Error: disk full',
    'Error: mine',
  ]);
  expect(await keys()).toEqual([]);
  before = () => {};
  await write('d');
  expect(await keys()).toEqual(['d']);
});

test('when what one has written cannot be taken back, nothing of the group is kept', async () => {
  before = (text) => {
    if (text.startsWith('ROLLBACK TO')) throw new Error('disk I/O error');
  };
  const ended = await Promise.allSettled([write('a'), write('half-done', new Error('mine')), write('c')]);
  expect(ended.map((one) => one.status)).toEqual(['rejected', 'rejected', expect.any(String)]);
  expect(await keys()).toEqual(ended[2]!.status === 'fulfilled' ? ['c'] : []);
  before = () => {};
  await write('d');
  expect(await keys()).toContain('d');
});

test('when SQLite rolls back all by itself, nobody is told otherwise, and nothing is written outside', async () => {
  const first = write('a');
  const breaking = db.transaction().execute(async (trx) => {
    await trx.insertInto('facts').values({ key: 'b', value: '' }).execute();
    await sql`ROLLBACK`.execute(trx);
    await sql`SELECT * FROM no_such_table`.execute(trx).catch(() => {});
    await trx.insertInto('facts').values({ key: 'c', value: '' }).execute();
  });
  const last = write('d');
  await expect(first).rejects.toThrow('no_such_table');
  await expect(breaking).rejects.toThrow('no_such_table');
  await last;
  expect(await keys()).toEqual(['d']);
});

test('who reads sees what is committed and waits for nobody', async () => {
  await write('a');
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('facts').values({ key: 'b', value: '' }).execute();
    expect(await keys()).toEqual(['a']);
    expect(await trx.selectFrom('facts').select('key').execute()).toHaveLength(2);
  });
  expect(await keys()).toEqual(['a', 'b']);
});

test('what can be in no transaction comes after the commit of those before it', async () => {
  const copy = join(work, 'copy.db');
  await Promise.all([write('a'), sql`VACUUM INTO ${copy}`.execute(db)]);
  const copied = new DatabaseSync(copy, { readOnly: true });
  expect(copied.prepare('SELECT key FROM facts').all()).toHaveLength(1);
  copied.close();
});

test('one that does not end holds up who writes, until it ends', async () => {
  const gate = Promise.withResolvers<void>();
  const slow = db.transaction().execute(async (trx) => {
    await trx.insertInto('facts').values({ key: 'a', value: '' }).execute();
    await gate.promise;
  });
  const after = write('b').then(told('b'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(log).toEqual(['BEGIN IMMEDIATE']);
  gate.resolve();
  await Promise.all([slow, after]);
  expect(await keys()).toEqual(['a', 'b']);
});

test('what was answered is there after a kill', async () => {
  const other = join(work, 'killed.db');
  const code = `
    import { writeSync } from 'node:fs';
    import { Catalogue } from ${JSON.stringify(join(import.meta.dirname, 'catalogue.ts'))};
    const catalogue = Catalogue.open(${JSON.stringify(other)});
    const write = async (who) => {
      for (let n = 0; ; n++) {
        const key = who + '-' + n;
        await catalogue.transaction((trx) => trx.insertInto('facts').values({ key, value: '' }).execute());
        writeSync(1, key + '\\n');
        // As after work of its own, so that commits meet in changing groups.
        await new Promise((resolve) => setTimeout(resolve, who % 3));
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, who) => write(who)));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
    if (said.length > 3000) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const database = new DatabaseSync(other);
  const there = new Set(
    database
      .prepare('SELECT key FROM facts')
      .all()
      .map((row) => row['key']),
  );
  database.close();
  const answered = said.split('\n').slice(0, -1);
  expect(answered.length).toBeGreaterThan(100);
  expect(answered.filter((key) => !there.has(key))).toEqual([]);
});
