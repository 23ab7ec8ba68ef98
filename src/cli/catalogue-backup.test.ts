import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from './testing/run-cli.ts';

let work: string;
let data: string;
let out: string;
let writer: ChildProcess | undefined;
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'oe-backup-'));
  [data, out] = [join(work, 'd'), join(work, 'out')];
  mkdirSync(out);
  expect((await runCli(['key', 'create', '--data', data])).code).toBe(0);
});
afterEach(async () => {
  if (writer !== undefined && writer.exitCode === null) {
    writer.kill('SIGKILL');
    await new Promise((resolve) => writer!.once('close', resolve));
  }
  writer = undefined;
  rmSync(work, { recursive: true, force: true });
});

const backup = (file: string, ...more: string[]) =>
  runCli(['catalogue', 'backup', '--data', data, join(out, file), ...more]);

/** Another process that writes two rows in each transaction, as fast as it can, and says after every hundredth. */
async function startWriter(): Promise<void> {
  const script = `const { DatabaseSync } = require('node:sqlite');
    const db = new DatabaseSync(process.argv[1]);
    db.exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = NORMAL');
    const put = db.prepare('INSERT INTO facts(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value');
    for (let n = 1; ; n++) {
      db.exec('BEGIN IMMEDIATE'); put.run('a', String(n)); put.run('b', String(n)); db.exec('COMMIT');
      if (n % 100 === 0) require('node:fs').writeSync(1, n + '\\n');
    }`;
  const child = spawn(process.execPath, ['-e', script, join(data, 'catalogue.db')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writer = child;
  await new Promise((resolve) => child.stdout.once('data', resolve));
}

function rowsOf(file: string) {
  const database = new DatabaseSync(join(out, file), { readOnly: true });
  try {
    const fact = (key: string) =>
      database.prepare('SELECT value FROM facts WHERE key = ?').get(key)?.['value'];
    const keys = database.prepare('SELECT count(*) AS n FROM access_keys').get()!['n'];
    return { a: fact('a'), b: fact('b'), keys };
  } finally {
    database.close();
  }
}

test('a copy taken while another process writes holds whole transactions only, and does not stop it', async () => {
  await startWriter();
  let last = 0;
  for (const file of ['1.db', '2.db', '3.db', '4.db', '5.db']) {
    expect(await backup(file)).toMatchObject({ code: 0, stderr: '' });
    const { a, b, keys } = rowsOf(file);
    expect([b, keys]).toEqual([a, 1]);
    expect(Number(a)).toBeGreaterThan(last);
    last = Number(a);
    expect(statSync(join(out, file)).mode & 0o777).toBe(0o600);
  }
  expect(writer!.exitCode).toBe(null);
  // No log, no folder of work beside the copies.
  expect(readdirSync(out)).toEqual(['1.db', '2.db', '3.db', '4.db', '5.db']);
});

test('a data directory with the copy and secret.key is one whose keys can be used', async () => {
  expect(JSON.parse((await backup('c.db', '--json')).stdout)).toMatchObject({ file: join(out, 'c.db') });
  const again = join(work, 'again');
  mkdirSync(again);
  for (const [from, to] of [
    [join(out, 'c.db'), 'catalogue.db'],
    [join(data, 'secret.key'), 'secret.key'],
  ] as const) {
    writeFileSync(join(again, to), readFileSync(from), { mode: 0o600 });
  }
  expect((await runCli(['key', 'create', '--data', again])).code).toBe(0);
  const listed = JSON.parse((await runCli(['key', 'list', '--data', again, '--json'])).stdout);
  expect(listed).toHaveLength(2);
});

test('what is there stays, unless it may be overwritten; a failure leaves nothing', async () => {
  writeFileSync(join(out, 'x'), 'mine');
  const refused = await backup('x');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is there already')]);
  expect(readFileSync(join(out, 'x'), 'utf8')).toBe('mine');
  expect((await backup('x', '--force')).code).toBe(0);
  expect(rowsOf('x').keys).toBe(1);

  writeFileSync(join(data, 'catalogue.db'), 'no database at all, but as long as a page'.repeat(200));
  for (const end of ['-wal', '-shm']) rmSync(join(data, `catalogue.db${end}`), { force: true });
  const broken = await backup('y');
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('cannot be copied')]);
  expect(existsSync(join(out, 'y'))).toBe(false);
  expect(readdirSync(out)).toEqual(['x']);
  expect((await runCli(['catalogue', 'backup', '--data', data, join(work, 'no/y')])).stderr).toContain(
    'no directory',
  );
});
