import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUser, deleteUser } from '../access/users.ts';
import { spendTicket, TICKET_MS } from '../catalogue/tickets.ts';
import { OPERATIONS } from './index.ts';
import { Bed, NOW, REGION } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const get = (parameters: object) => bed.call('GetConnectionTicket', parameters);
const code = (parameters: object) => bed.codeOf('GetConnectionTicket', parameters);
const spend = (ticket: string, now = NOW) => spendTicket(bed.catalogue.db, ticket, now);
const nonces = () => bed.catalogue.db.selectFrom('nonces').selectAll().execute();
/** As another user. */
const as = (userName: string) => Object.assign(bed.context, { userName });

describe('GetConnectionTicket', () => {
  it('gives a ticket for a desktop that runs, at once, and spends the nonce with it', async () => {
    const id = await bed.desktop();
    const answer = await get({ DesktopId: id, EndUserId: 'bob', Password: 'p', Uuid: 'u' });
    expect(answer).toEqual({
      DesktopId: id,
      TaskId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      TaskStatus: 'FINISHED',
      Ticket: expect.stringMatching(/^[A-Za-z0-9+/]{128}$/),
    });
    expect(await nonces()).toHaveLength(1);
    expect(await spend(answer.Ticket)).toEqual({
      desktopId: id,
      userName: 'alice',
      accessKeyId: 'key',
      regionId: REGION,
    });
    await expect(spend(answer.Ticket)).rejects.toMatchObject({ code: 'OperationDenied.TicketInvalid' });
  });

  it('gives a new one for its task, and the old one is worth nothing', async () => {
    const id = await bed.desktop();
    const old = await get({ DesktopId: id });
    const fresh = await get({ TaskId: old.TaskId });
    expect(fresh).toMatchObject({ DesktopId: id, TaskId: old.TaskId, TaskStatus: 'FINISHED' });
    await expect(spend(old.Ticket)).rejects.toMatchObject({ code: 'OperationDenied.TicketInvalid' });
    await spend(fresh.Ticket);
    expect(await code({ TaskId: old.TaskId })).toBe('InvalidTaskId.NotFound');
  });

  it('knows no task of another user, of another desktop, or that is too old', async () => {
    const [id, other] = [await bed.desktop(), await bed.desktop()];
    const { TaskId, Ticket } = await get({ DesktopId: id });
    expect(await code({ TaskId, DesktopId: other })).toBe('InvalidTaskId.NotFound');
    as('bob');
    expect(await code({ TaskId })).toBe('InvalidTaskId.NotFound');
    as('alice');
    expect(await code({ TaskId, DesktopId: id, RegionId: 'room-2' })).toBe('InvalidDesktopId.NotFound');
    // None of these has touched it.
    expect(await spend(Ticket)).toMatchObject({ desktopId: id, userName: 'alice' });
    const late = await get({ DesktopId: id });
    Object.assign(bed.services, { clock: () => NOW + TICKET_MS });
    expect(await code({ TaskId: late.TaskId })).toBe('InvalidTaskId.NotFound');
  });

  it('tells by the task that its desktop does not run any more', async () => {
    const id = await bed.desktop();
    const { TaskId } = await get({ DesktopId: id });
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Stopped' }).execute();
    expect(await get({ TaskId })).toEqual({
      DesktopId: id,
      TaskId,
      TaskStatus: 'FAILED',
      TaskCode: 'IncorrectDesktopStatus',
      TaskMessage: 'The current status of the desktop does not support this operation.',
    });
  });

  it.each([
    ['InvalidDesktopId.NotFound', { DesktopId: 'ecd-none' }],
    ['InvalidRegionId.NotFound', { DesktopId: 'ecd-none', RegionId: 'mars' }],
    ['InvalidTaskId.NotFound', { TaskId: 'none' }],
    ['MissingDesktopId', {}],
    ['InvalidCommandContent', { DesktopId: 'ecd-none', CommandContent: 'x' }],
  ])('answers %s to %j, and leaves nothing', async (wanted, parameters) => {
    expect(await code(parameters)).toBe(wanted);
    expect(await bed.catalogue.db.selectFrom('tickets').selectAll().execute()).toEqual([]);
    expect(await nonces()).toEqual([]);
  });

  it.each([
    ['Pending', 'IncorrectDesktopStatus'],
    ['Starting', 'IncorrectDesktopStatus'],
    ['Stopping', 'IncorrectDesktopStatus'],
    ['Stopped', 'IncorrectDesktopStatus'],
    ['Deleted', 'InvalidDesktopId.NotFound'],
  ] as const)('gives none for a desktop that is %s', async (status, wanted) => {
    expect(await code({ DesktopId: await bed.desktop({ status }) })).toBe(wanted);
    expect(await bed.catalogue.db.selectFrom('tickets').selectAll().execute()).toEqual([]);
  });

  it('goes with its user', async () => {
    const id = await bed.desktop();
    await bed.catalogue.transaction((trx) => createUser(trx, 'alice'));
    const { Ticket } = await get({ DesktopId: id });
    as('bob');
    const other = await get({ DesktopId: id });
    await bed.catalogue.transaction((trx) => deleteUser(trx, 'alice'));
    await expect(spend(Ticket)).rejects.toMatchObject({ code: 'OperationDenied.TicketInvalid' });
    expect(await spend(other.Ticket)).toMatchObject({ desktopId: id, userName: 'bob' });
  });

  it('acts on the desktop that is named, else on that of the task, else on all', async () => {
    const id = await bed.desktop();
    const { TaskId } = await get({ DesktopId: id });
    const resources = (parameters: object) =>
      OPERATIONS.get('GetConnectionTicket')!.resources!(
        { RegionId: REGION, ...parameters } as never,
        bed.services,
      );
    expect(await resources({ DesktopId: 'ecd-9', TaskId })).toEqual(['desktop/ecd-9']);
    expect(await resources({ TaskId })).toEqual([`desktop/${id}`]);
    expect(await resources({ TaskId: 'none' })).toEqual(['desktop/*']);
  });
});
