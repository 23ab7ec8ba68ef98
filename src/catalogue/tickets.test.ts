import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from './catalogue.ts';
import { TICKETS } from './migrations/tickets.ts';
import { MIGRATIONS } from './migrations.ts';
import { findTicketTask, forgetTickets, issueTicket, spendTicket, TICKET_MS } from './tickets.ts';
import { isToken } from './tokens.ts';

const NOW = 1_000_000;
const ALICE = { userName: 'alice', accessKeyId: 'LTAI-1' };
const INVALID = { code: 'OperationDenied.TicketInvalid' };

let folder: string;
let file: string;
let catalogue: Catalogue;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-tickets-'));
  file = join(folder, 'catalogue.db');
  catalogue = Catalogue.open(file);
  desktops(file);
});
afterEach(async () => {
  await catalogue.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Two desktops that run, in the columns of the first version. */
function desktops(path: string): void {
  const database = new DatabaseSync(path);
  for (const id of ['ecd-1', 'ecd-2'])
    database.exec(`INSERT INTO desktops (id, name, hostname, region_id, status, state_version, wanted_running,
      bundle_id, image_id, office_site_id, policy_group_id, end_user_ids, charge_type, cpus, memory_mib, network, firmware,
      mac, uuid, creator, created_at, stop_reason)
      VALUES ('${id}', 'lab', 'lab', 'cn-hangzhou', 'Running', 1, 0, 'b', 'm', '', '', '[]', 'PostPaid', 1, 256, 'none',
        'bios', '', 'u', 'alice', 1000, '')`);
  database.close();
}

const issue = (desktopId = 'ecd-1', now = NOW, taskId?: string) =>
  catalogue.transaction((trx) => issueTicket(trx, { desktopId, ...ALICE }, now, taskId));
const spend = (ticket: string, now = NOW) => spendTicket(catalogue.db, ticket, now);
const rows = () => catalogue.db.selectFrom('tickets').selectAll().execute();

describe('a ticket', () => {
  it('is spent by its first use, and stands for its own desktop and user', async () => {
    const one = await issue();
    const other = await issue('ecd-2');
    expect(isToken(one.ticket)).toBe(true);
    expect(other.ticket).not.toBe(one.ticket);
    expect(await spend(other.ticket)).toEqual({ desktopId: 'ecd-2', ...ALICE, regionId: 'cn-hangzhou' });
    await expect(spend(other.ticket)).rejects.toMatchObject(INVALID);
    expect(await spend(one.ticket)).toEqual({ desktopId: 'ecd-1', ...ALICE, regionId: 'cn-hangzhou' });
    await expect(spend(one.ticket)).rejects.toMatchObject(INVALID);
    expect(await rows()).toEqual([]);
  });

  it('opens for one of many that use it at once, from two processes too', async () => {
    const { ticket } = await issue();
    const second = Catalogue.open(file);
    const tries = Array.from({ length: 20 }, (_, at) =>
      spendTicket((at % 2 === 0 ? catalogue : second).db, ticket, NOW),
    );
    const ends = await Promise.allSettled(tries);
    await second.close();
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject(INVALID);
  });

  it('is valid for ten minutes and not a millisecond more', async () => {
    const [first, second] = [await issue(), await issue()];
    expect(TICKET_MS).toBe(600_000);
    expect(await spend(first.ticket, NOW + TICKET_MS - 1)).toMatchObject({ desktopId: 'ecd-1' });
    await expect(spend(second.ticket, NOW + TICKET_MS)).rejects.toMatchObject(INVALID);
  });

  it('that is unknown or damaged opens nothing', async () => {
    const { ticket } = await issue();
    for (const wrong of ['', 'x', ticket.slice(1), `${ticket} `, ticket.toLowerCase()])
      await expect(spend(wrong)).rejects.toMatchObject(INVALID);
    expect(await spend(ticket)).toMatchObject({ desktopId: 'ecd-1' });
  });

  it('outlives a restart, and is spent over it', async () => {
    const [kept, used] = [await issue(), await issue()];
    await spend(used.ticket);
    await catalogue.close();
    catalogue = Catalogue.open(file);
    await expect(spend(used.ticket)).rejects.toMatchObject(INVALID);
    expect(await spend(kept.ticket)).toMatchObject({ desktopId: 'ecd-1' });
  });

  it.each(['Stopping', 'Stopped', 'Deleted'] as const)('opens no desktop that is %s', async (status) => {
    const { ticket } = await issue();
    await catalogue.db.updateTable('desktops').set({ status }).where('id', '=', 'ecd-1').execute();
    await expect(spend(ticket)).rejects.toMatchObject({
      code: 'IncorrectDesktopStatus',
      details: { status },
    });
    await catalogue.db.updateTable('desktops').set({ status: 'Running' }).execute();
    await expect(spend(ticket)).rejects.toMatchObject(INVALID);
  });

  it('is on record as a hash alone', async () => {
    const { ticket } = await issue();
    await catalogue.close();
    expect(readFileSync(file).includes(ticket)).toBe(false);
    catalogue = Catalogue.open(file);
    expect(JSON.stringify(await rows())).not.toContain(ticket);
  });
});

describe('the task of a ticket', () => {
  it('is there until its ticket is spent or too old', async () => {
    const { ticket, taskId } = await issue();
    expect(taskId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const found = { desktopId: 'ecd-1', ...ALICE };
    expect(await findTicketTask(catalogue.db, taskId, NOW + TICKET_MS - 1)).toEqual(found);
    expect(await findTicketTask(catalogue.db, taskId, NOW + TICKET_MS)).toBeUndefined();
    await spend(ticket);
    expect(await findTicketTask(catalogue.db, taskId, NOW)).toBeUndefined();
  });

  it('has one ticket: a new one ends the old one', async () => {
    const old = await issue();
    const fresh = await issue('ecd-1', NOW + 5, old.taskId);
    expect(fresh.taskId).toBe(old.taskId);
    await expect(spend(old.ticket)).rejects.toMatchObject(INVALID);
    expect(await spend(fresh.ticket, NOW + TICKET_MS + 4)).toMatchObject({ desktopId: 'ecd-1' });
  });
});

it('tickets that are too old are forgotten, and no others', async () => {
  await issue();
  const { taskId } = await issue('ecd-2', NOW + 1);
  await forgetTickets(catalogue, NOW + TICKET_MS);
  expect(await rows()).toMatchObject([{ task_id: taskId }]);
});

it('a catalogue of the version before gets its table and keeps what it has', async () => {
  const older = join(folder, 'older.db');
  const before = MIGRATIONS.indexOf(TICKETS);
  const database = new DatabaseSync(older);
  for (const migration of MIGRATIONS.slice(0, before))
    for (const statement of migration) database.exec(statement);
  database.exec(`PRAGMA user_version = ${before}`);
  database.close();
  desktops(older);
  const migrated = Catalogue.open(older);
  const { ticket } = await migrated.transaction((trx) =>
    issueTicket(trx, { desktopId: 'ecd-2', ...ALICE }, NOW),
  );
  expect(await spendTicket(migrated.db, ticket, NOW)).toMatchObject({ desktopId: 'ecd-2', ...ALICE });
  expect(await migrated.db.selectFrom('desktops').select('id').orderBy('id').execute()).toEqual([
    { id: 'ecd-1' },
    { id: 'ecd-2' },
  ]);
  await migrated.close();
});
