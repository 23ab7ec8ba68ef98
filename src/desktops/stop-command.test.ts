/** Stopping commands in a stand-in for a guest: its agent runs the programs of this test's own machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalogue } from '../catalogue/catalogue.ts';
import { Claim } from '../catalogue/nonces.ts';
import { EcdError } from '../errors.ts';
import { Commands, type CommandType } from './commands.ts';
import type { Desktops } from './desktops.ts';

interface Run {
  readonly child: ChildProcess;
  readonly out: Buffer[];
  readonly err: Buffer[];
  ended: { exitcode?: number; signal?: number } | null;
}

/** What an agent does for `guest-exec`, with real processes. */
class Guest {
  readonly runs: Run[] = [];
  readonly asked: string[][] = [];
  readonly #opened = Promise.withResolvers<void>();
  readonly link = {
    ended: new AbortController().signal,
    agent: {},
    whenOpen: (signal: AbortSignal) =>
      Promise.race([
        this.#opened.promise,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new EcdError('Cancelled')))),
      ]),
    whenThawed: async () => {},
    call: async (command: string, args: { path: string; arg: string[]; pid: number }) => {
      if (command === 'guest-exec') return { pid: this.#exec(args.path, args.arg) };
      const { ended, out, err } = this.runs[args.pid]!;
      if (ended === null) return { exited: false };
      const data = (parts: Buffer[]) => Buffer.concat(parts).toString('base64');
      return { exited: true, ...ended, 'out-data': data(out), 'err-data': data(err) };
    },
  };

  open(): void {
    this.#opened.resolve();
  }

  #exec(path: string, args: string[]): number {
    this.asked.push(args);
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const run: Run = { child, out: [], err: [], ended: null };
    child.stdout.on('data', (part: Buffer) => run.out.push(part));
    child.stderr.on('data', (part: Buffer) => run.err.push(part));
    child.on('close', (code, signal) => {
      run.ended = signal === null ? { exitcode: code ?? 0 } : { signal: 9 };
    });
    return this.runs.push(run) - 1;
  }
}

let folder: string;
let catalogue: Catalogue;
let guest: Guest;
let commands: Commands;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-stop-'));
  catalogue = Catalogue.open(join(folder, 'catalogue.db'));
  guest = new Guest();
  commands = build();
  for (const id of ['ecd-1', 'ecd-2']) await desktop(id);
});
afterEach(async () => {
  await commands.close();
  for (const { child } of guest.runs) child.kill('SIGKILL');
  await catalogue.close();
  rmSync(folder, { recursive: true, force: true });
});

function build(): Commands {
  const desktops = { machine: () => ({ agent: guest.link }) } as unknown as Desktops;
  return new Commands({ catalogue, desktops, log: pino({ level: 'silent' }), clock: Date.now });
}

async function desktop(id: string): Promise<void> {
  await catalogue.db
    .insertInto('desktops')
    .values({
      id,
      name: id,
      hostname: id,
      region_id: 'r',
      status: 'Running',
      state_version: 1,
      wanted_running: 1,
      bundle_id: 'b',
      image_id: 'm',
      office_site_id: '',
      policy_group_id: '',
      end_user_ids: '[]',
      charge_type: 'PostPaid',
      cpus: 1,
      memory_mib: 1,
      network: 'none',
      firmware: 'bios',
      mac: '',
      uuid: '',
      creator: 'alice',
      created_at: 1,
      started_at: null,
      deleted_at: null,
      qemu_pid: null,
      qemu_start_time: null,
      stop_reason: '',
    })
    .execute();
}

const run = (content: string, desktopIds = ['ecd-1'], type: CommandType = 'RunShellScript') =>
  commands.run(
    {
      regionId: 'r',
      type,
      content,
      contentEncoding: 'PlainText',
      desktopIds,
      endUserId: '',
      timeoutSeconds: 60,
      creator: 'alice',
    },
    Claim.none(),
  );
const stop = (invokeId: string, desktopIds?: string[], regionId = 'r') =>
  commands.stop({ regionId, invokeId, desktopIds }, new Claim('key', `nonce ${invokeId}`, 1));
const rows = () => catalogue.db.selectFrom('invocation_desktops').selectAll().orderBy('desktop_id').execute();
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: EcdError) => error.code,
  );

async function until(what: string, test: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not within 15 seconds: ${what}`);
}

const said = () => guest.runs.map((r) => Buffer.concat(r.out).toString());
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a script that runs is ended with all that it has started; what it has said is kept', async () => {
  guest.open();
  // A child in a session of its own, which a kill of the script's session would leave.
  const id = await run('echo "pid $$"; setsid sleep 300 & echo "pid $!"; wait');
  await until('the script speaks', () => (said()[0]?.match(/pid/g) ?? []).length === 2);
  const pids = [...said()[0]!.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
  expect(pids.map(alive)).toEqual([true, true]);
  await stop(id);
  expect(await catalogue.db.selectFrom('nonces').selectAll().execute()).toHaveLength(1);
  await commands.settled();
  const [row] = await rows();
  expect(row).toMatchObject({ status: 'Stopped', error_code: '', error_info: '', exit_code: 137 });
  expect(Buffer.from(row!.output!).toString()).toBe(said()[0]);
  expect(row!.finished_at).toBeGreaterThanOrEqual(row!.started_at!);
  await until('its processes are gone', () => !pids.some(alive));
});

test('another command on the same desktop goes on', async () => {
  guest.open();
  const id = await run('sleep 300');
  const other = await run(`while ! test -e ${folder}/go; do sleep 0.1; done; echo done`);
  await until('both run', () => guest.runs.length === 2);
  await stop(id);
  await until('one is stopped', async () => (await rows()).some((row) => row.status === 'Stopped'));
  writeFileSync(join(folder, 'go'), '');
  await commands.settled();
  const all = await rows();
  expect(all.find((row) => row.invocation_id === other)).toMatchObject({ status: 'Success' });
  expect(all.find((row) => row.invocation_id === id)).toMatchObject({ status: 'Stopped' });
});

test('only on the desktops that are named; what was not sent is Stopped at once and never sent', async () => {
  const id = await run('echo sent', ['ecd-1', 'ecd-2']);
  await stop(id, ['ecd-2']);
  expect(await rows()).toMatchObject([
    { status: 'Pending', finished_at: null },
    { status: 'Stopped', started_at: null, error_code: '' },
  ]);
  guest.open();
  await commands.settled();
  expect(await rows()).toMatchObject([{ status: 'Success' }, { status: 'Stopped', output: null }]);
  expect(guest.runs).toHaveLength(1);
});

test('one that ends by itself before the stop reaches it is a success; what has ended stays as it is', async () => {
  guest.open();
  const id = await run(`trap '' TERM; while ! test -e ${folder}/go; do sleep 0.05; done; exit 0`);
  await until('it runs', () => guest.runs.length === 1);
  await catalogue.db.updateTable('invocation_desktops').set({ stop_wanted: 1 }).execute();
  writeFileSync(join(folder, 'go'), '');
  await commands.settled();
  const before = await rows();
  expect(before).toMatchObject([{ status: 'Success', exit_code: 0 }]);
  await stop(id);
  expect(await rows()).toEqual(before);
  expect(guest.runs).toHaveLength(1);
});

test('a restart of the service forgets no stop', async () => {
  guest.open();
  const id = await run('echo "pid $$"; sleep 300');
  await until('the script speaks', () => said()[0]?.includes('pid') === true);
  const pid = Number(/pid (\d+)/.exec(said()[0]!)![1]);
  await commands.close();
  await catalogue.db.updateTable('invocation_desktops').set({ stop_wanted: 1 }).execute();
  commands = build();
  await commands.recover();
  await until('the script is gone', () => !alive(pid));
  expect(await rows()).toMatchObject([
    { invocation_id: id, status: 'Stopped', error_code: 'ServiceRestarted' },
  ]);
});

test('refusals change nothing', async () => {
  guest.open();
  const id = await run('sleep 300');
  await until('it runs', async () => (await rows())[0]?.status === 'Running');
  const before = await rows();
  expect(await codeOf(stop('t-none'))).toBe('InvalidInvokeId.NotFound');
  expect(await codeOf(stop(id, undefined, 'elsewhere'))).toBe('InvalidInvokeId.NotFound');
  expect(await codeOf(stop(id, ['ecd-1', 'ecd-2']))).toBe('InvalidDesktopId.NotFound');
  await catalogue.db.updateTable('invocations').set({ type: 'RunBatScript' }).execute();
  expect(await codeOf(stop(id))).toBe('OperationDenied.NotStoppable');
  expect(await rows()).toEqual(before);
  expect(await catalogue.db.selectFrom('nonces').selectAll().execute()).toEqual([]);
  await catalogue.db.updateTable('invocations').set({ type: 'RunShellScript' }).execute();
  await stop(id);
  await commands.settled();
});
