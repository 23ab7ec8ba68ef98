import { type Static, Type } from 'typebox';
import type { Trx } from '../catalogue/catalogue.ts';
import { findTicketTask, issueTicket } from '../catalogue/tickets.ts';
import { EcdError } from '../errors.ts';
import { refused, requireRegion } from './checks.ts';
import { operation, type RequestContext } from './operation.ts';
import { all, named } from './resources.ts';
import { IGNORED, RegionId, text } from './schema.ts';

const Response = Type.Object({
  DesktopId: Type.String(),
  TaskId: Type.String({ description: 'The request, for asking again.' }),
  TaskStatus: Type.Enum(['FAILED', 'RUNNING', 'FINISHED'], { description: 'FINISHED or FAILED, at once.' }),
  Ticket: text('In Base64, if FINISHED. A secret: it opens the screen of the desktop, once, for 10 minutes.'),
  TaskCode: text('Why it FAILED, as an error code.'),
  TaskMessage: text('Why it FAILED, in words.'),
});

export const GetConnectionTicket = operation({
  name: 'GetConnectionTicket',
  kind: 'write',
  summary: 'Gives a ticket for the screen of a desktop in the console, valid for 10 minutes, once.',
  parameters: Type.Object({
    RegionId,
    DesktopId: text('The desktop, which must be Running. Must be sent if TaskId is not.'),
    TaskId: text('Of an answer before: gives a new ticket in the place of that one.'),
    EndUserId: text(IGNORED),
    Password: text(IGNORED),
    Uuid: text(IGNORED),
    CommandContent: text('Must be empty: nothing is run at the connection.'),
  }),
  response: Response,
  errors: [
    'InvalidParameter',
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'InvalidTaskId.NotFound',
    'IncorrectDesktopStatus',
  ],
  async resources({ DesktopId: id, TaskId: taskId }, { catalogue, clock }) {
    if (id !== undefined) return named('desktop', id);
    const task = taskId === undefined ? undefined : await findTicketTask(catalogue.db, taskId, clock());
    return task === undefined ? all('desktop') : named('desktop', task.desktopId);
  },
  async run(services, { RegionId: regionId, DesktopId: asked, TaskId: taskId, CommandContent }, context) {
    if (CommandContent !== undefined)
      throw refused('CommandContent', 'Use RunCommand: nothing is run at the connection.');
    requireRegion(services, regionId);
    const now = services.clock();
    const { userName, accessKeyId } = context;
    return await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      const desktopId = await desktopOf(trx, asked, taskId, context, now);
      const desktop = await trx
        .selectFrom('desktops')
        .select('status')
        .where('id', '=', desktopId)
        .where('region_id', '=', regionId)
        .executeTakeFirst();
      if (desktop === undefined || desktop.status === 'Deleted')
        throw new EcdError('InvalidDesktopId.NotFound');
      if (desktop.status !== 'Running') {
        const wrong = new EcdError('IncorrectDesktopStatus', { status: desktop.status, wanted: 'Running' });
        if (taskId === undefined) throw wrong;
        return failed(desktopId, taskId, wrong);
      }
      const issued = await issueTicket(trx, { desktopId, userName, accessKeyId }, now, taskId);
      return {
        DesktopId: desktopId,
        TaskId: issued.taskId,
        TaskStatus: 'FINISHED' as const,
        Ticket: issued.ticket,
      };
    });
  },
});

/** A task of another user or another desktop is as unknown as one that was never there. */
async function desktopOf(
  trx: Trx,
  asked: string | undefined,
  taskId: string | undefined,
  { userName }: RequestContext,
  now: number,
): Promise<string> {
  if (taskId === undefined) {
    if (asked === undefined) throw new EcdError('MissingParameter', { parameter: 'DesktopId' });
    return asked;
  }
  const task = await findTicketTask(trx, taskId, now);
  if (task === undefined || task.userName !== userName || (asked ?? task.desktopId) !== task.desktopId)
    throw new EcdError('InvalidTaskId.NotFound');
  return task.desktopId;
}

function failed(DesktopId: string, TaskId: string, error: EcdError): Static<typeof Response> {
  return {
    DesktopId,
    TaskId,
    TaskStatus: 'FAILED',
    TaskCode: error.publicCode,
    TaskMessage: error.message,
  };
}
