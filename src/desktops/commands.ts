/**
 * Running commands inside desktops, through the guest agent.
 *
 * Invariants: a command is sent to a guest at most once: its row is `Running` before that, and one found `Running` at
 * start is `Failed`; it never stands in front of a freeze (the agent is free between two short questions), and none is
 * begun in a frozen guest; its end is on record whatever happened to the guest; a stop that was asked for holds over a
 * restart of the service.
 */
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { Limiter } from '../async.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { type Clock, newId } from '../ids.ts';
import { execInGuest } from '../qemu/agent-exec.ts';
import { type InvocationFilter, type InvocationPage, listInvocations, type Page } from './command-list.ts';
import type { Desktops } from './desktops.ts';
import { type CommandType, execOf, type Outcome, outcomeOf, timedOut } from './guest-command.ts';
import { decode, type NewCommand, recordCommand } from './new-command.ts';
import { endInGuest, isRunning, recordStop, type StopRequest } from './stop-command.ts';
import { Tasks } from './tasks.ts';

export type { Invocation, InvocationFilter, InvocationPage, InvokeDesktop, Page } from './command-list.ts';
export { COMMAND_TYPES, type CommandType } from './guest-command.ts';
export type { NewCommand } from './new-command.ts';

/** Commands that run at once in one desktop; a freeze waits for a question of each at most. */
const AT_ONCE = 4;
/** How long a guest is waited for after a restart, to end what was to be stopped. */
const LOST_MS = 5 * 60_000;

const unlessStopped = (text: string) => sql<string>`CASE stop_wanted WHEN 1 THEN '' ELSE ${text} END`;
const FAILED_OR_STOPPED = sql<'Failed' | 'Stopped'>`CASE stop_wanted WHEN 1 THEN 'Stopped' ELSE 'Failed' END`;

export interface CommandsOptions {
  readonly catalogue: Catalogue;
  readonly desktops: Desktops;
  readonly log: Logger;
  readonly clock: Clock;
}

interface Work {
  readonly invocationId: string;
  readonly desktopId: string;
  readonly type: CommandType;
  readonly content: Buffer;
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

export class Commands {
  readonly #catalogue: Catalogue;
  readonly #desktops: Desktops;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #tasks: Tasks;
  readonly #limiters = new Map<string, Limiter>();

  constructor(options: CommandsOptions) {
    this.#catalogue = options.catalogue;
    this.#desktops = options.desktops;
    this.#log = options.log.child({ part: 'commands' });
    this.#clock = options.clock;
    this.#tasks = new Tasks(this.#log);
  }

  /**
   * Puts a command on record for its desktops and runs it in the background; gives its id. Throws InvalidParameter of
   * CommandContent, InvalidDesktopId.NotFound, IncorrectDesktopStatus; then nothing is on record.
   */
  async run(command: NewCommand, claim: Claim): Promise<string> {
    const content = decode(command.content, command.contentEncoding);
    const id = newId.invocation();
    const now = this.#clock();
    const desktopIds = [...new Set(command.desktopIds)];
    await this.#catalogue.transaction((trx) =>
      recordCommand(trx, command, { id, content, desktopIds, now }, claim),
    );
    const timeoutMs = command.timeoutSeconds * 1_000;
    const work = { invocationId: id, type: command.type, content, timeoutMs, deadline: now + timeoutMs };
    for (const desktopId of desktopIds) this.#begin({ ...work, desktopId });
    return id;
  }

  /**
   * Stops a command: what was not sent yet at once, what runs in the background. Throws InvalidInvokeId.NotFound,
   * InvalidDesktopId.NotFound, OperationDenied.NotStoppable; then nothing has changed.
   */
  async stop(request: StopRequest, claim: Claim): Promise<void> {
    const { pending, running, deadline } = await this.#catalogue.transaction(async (trx) => {
      await claim.record(trx);
      return recordStop(trx, request, this.#clock());
    });
    for (const desktopId of pending) this.#tasks.cancel(`${request.invokeId} ${desktopId}`);
    for (const desktopId of running) {
      this.#end(request.invokeId, desktopId, deadline, () =>
        isRunning(this.#catalogue.db, request.invokeId, desktopId),
      );
    }
  }

  /** Invocations, newest first. */
  list(filter: InvocationFilter, page: Page): Promise<InvocationPage> {
    return listInvocations(this.#catalogue.db, filter, page);
  }

  /** After a restart of the service and after the desktops' `resume`: commands not yet sent go on. */
  async recover(): Promise<void> {
    await this.#giveUpRunning();
    const waiting = await this.#catalogue.db
      .selectFrom('invocation_desktops')
      .innerJoin('invocations', 'invocations.id', 'invocation_desktops.invocation_id')
      .where('invocation_desktops.status', '=', 'Pending')
      .select(['invocations.id', 'desktop_id', 'type', 'content', 'timeout_s', 'invocations.created_at'])
      .execute();
    for (const row of waiting) {
      this.#begin({
        invocationId: row.id,
        desktopId: row.desktop_id,
        type: row.type as CommandType,
        content: Buffer.from(row.content),
        timeoutMs: row.timeout_s * 1_000,
        deadline: row.created_at + row.timeout_s * 1_000,
      });
    }
  }

  /** Those found Running: what came of them is not known. A stop that was wanted is carried out. */
  async #giveUpRunning(): Promise<void> {
    const lost = await this.#catalogue.db
      .updateTable('invocation_desktops')
      .set({
        status: FAILED_OR_STOPPED,
        finished_at: this.#clock(),
        error_code: 'ServiceRestarted',
        error_info: 'The service was restarted while the command ran; what came of it is not known.',
      })
      .where('status', '=', 'Running')
      .returning(['invocation_id', 'desktop_id', 'stop_wanted'])
      .execute();
    const deadline = this.#clock() + LOST_MS;
    for (const row of lost) {
      if (row.stop_wanted === 1) this.#end(row.invocation_id, row.desktop_id, deadline, async () => false);
    }
  }

  /** Ends a command in its guest, in the background, beside those that run. */
  #end(invokeId: string, desktopId: string, deadline: number, goesOn: () => Promise<boolean>): void {
    void this.#tasks.start(`${invokeId} ${desktopId} stop`, 'stop of a command', async (closing) => {
      const link = this.#desktops.machine(desktopId)?.agent;
      if (link === undefined) return;
      const left = AbortSignal.timeout(Math.max(1_000, deadline - this.#clock()));
      try {
        await endInGuest(link, invokeId, AbortSignal.any([closing, link.ended, left]), goesOn);
      } catch (error) {
        this.#log.info({ desktop: desktopId, invocation: invokeId, reason: describeError(error) }, 'no stop');
      }
    });
  }

  async settled(): Promise<void> {
    await this.#tasks.settled();
  }

  /** Those that run are left to the next start of the service, which says that they failed. */
  async close(): Promise<void> {
    await this.#tasks.close();
  }

  #begin(work: Work): void {
    const limiter = this.#limiters.get(work.desktopId) ?? new Limiter(AT_ONCE);
    this.#limiters.set(work.desktopId, limiter);
    const key = `${work.invocationId} ${work.desktopId}`;
    void this.#tasks
      .start(key, 'command', (signal) => limiter.run(() => this.#work(work, signal)))
      .finally(() => {
        if (limiter.idle && this.#limiters.get(work.desktopId) === limiter)
          this.#limiters.delete(work.desktopId);
      });
  }

  async #work(work: Work, closing: AbortSignal): Promise<void> {
    const left = work.deadline - this.#clock();
    if (closing.aborted) return;
    let outcome: Outcome;
    try {
      if (left <= 0) throw new EcdError('Cancelled', { reason: 'its time was over before it could begin' });
      outcome = await this.#execute(work, left, closing);
    } catch (error) {
      if (closing.aborted) return;
      outcome = { exitCode: null, output: Buffer.alloc(0), dropped: 0, ...this.#blame(error, work) };
    }
    await this.#catalogue.db
      .updateTable('invocation_desktops')
      .set({
        status: outcome.errorCode === '' ? 'Success' : FAILED_OR_STOPPED,
        finished_at: this.#clock(),
        exit_code: outcome.exitCode,
        output: outcome.output,
        dropped: outcome.dropped,
        error_code: unlessStopped(outcome.errorCode),
        error_info: unlessStopped(outcome.errorInfo),
      })
      .where('invocation_id', '=', work.invocationId)
      .where('desktop_id', '=', work.desktopId)
      .where('status', 'in', ['Pending', 'Running'])
      .execute();
  }

  async #execute(work: Work, timeoutMs: number, closing: AbortSignal): Promise<Outcome> {
    const link = this.#desktops.machine(work.desktopId)?.agent;
    if (link === undefined) throw new EcdError('Qemu.ConnectionLost', { what: 'the desktop' });
    const waiting = AbortSignal.any([closing, link.ended, AbortSignal.timeout(timeoutMs)]);
    await link.whenOpen(waiting);
    await link.whenThawed(waiting);
    const begun = await this.#catalogue.db
      .updateTable('invocation_desktops')
      .set({ status: 'Running', started_at: this.#clock() })
      .where('invocation_id', '=', work.invocationId)
      .where('desktop_id', '=', work.desktopId)
      .where('status', '=', 'Pending')
      .executeTakeFirst();
    if (begun.numUpdatedRows !== 1n) throw new EcdError('Cancelled', { reason: 'it was stopped' });
    await faults.hit('desktop.command.sending');
    const remaining = Math.max(1_000, work.deadline - this.#clock());
    const exec = execOf(work.type, work.content, remaining, work.invocationId);
    const signal = AbortSignal.any([closing, link.ended, AbortSignal.timeout(exec.timeoutMs)]);
    const result = await execInGuest((command, args) => link.call(command, args, signal), {
      ...exec,
      signal,
    });
    return outcomeOf(work.type, result, work.timeoutMs);
  }

  #blame(error: unknown, work: Work): { errorCode: string; errorInfo: string } {
    const machine = this.#desktops.machine(work.desktopId);
    this.#log.info(
      { desktop: work.desktopId, invocation: work.invocationId, reason: describeError(error) },
      'a command did not end',
    );
    if (machine === null || machine.agent.ended.aborted)
      return { errorCode: 'DesktopStopped', errorInfo: 'The desktop stopped before the command ended.' };
    if (this.#clock() >= work.deadline && machine.agent.agent !== null) return timedOut(work.timeoutMs);
    if (EcdError.is(error, 'Agent.CommandFailed'))
      return { errorCode: 'AgentRefused', errorInfo: `The guest agent refused it: ${error.message}` };
    return { errorCode: 'AgentNotAnswering', errorInfo: 'The guest agent did not answer.' };
  }
}
