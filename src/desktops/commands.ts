/**
 * Running commands inside desktops, through the guest agent.
 *
 * Invariants: a command is sent to a guest at most once: its row is `Running` before that, and one found `Running` at
 * start is `Failed`; it never stands in front of a freeze (the agent is free between two short questions), and none is
 * begun in a frozen guest; its end is on record whatever happened to the guest.
 */
import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { type Clock, newId } from '../ids.ts';
import { execInGuest } from '../qemu/agent-exec.ts';
import { type InvocationFilter, type InvocationPage, listInvocations, type Page } from './command-list.ts';
import type { Desktops } from './desktops.ts';
import {
  CONTENT_BYTES,
  type CommandType,
  execOf,
  type Outcome,
  outcomeOf,
  timedOut,
} from './guest-command.ts';
import { Limiter } from './limiter.ts';
import { wantDesktops } from './rows.ts';
import { Tasks } from './tasks.ts';

export type { Invocation, InvocationFilter, InvocationPage, InvokeDesktop, Page } from './command-list.ts';
export { COMMAND_TYPES, type CommandType } from './guest-command.ts';

/** Commands that run at once in one desktop; a freeze waits for a question of each at most. */
const AT_ONCE = 4;

export interface NewCommand {
  readonly regionId: string;
  readonly type: CommandType;
  /** As it came: text, or Base64 of it. */
  readonly content: string;
  readonly contentEncoding: 'PlainText' | 'Base64';
  readonly desktopIds: readonly string[];
  readonly endUserId: string;
  /** For waiting for the agent and for running. */
  readonly timeoutSeconds: number;
  readonly creator: string;
}

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
    await this.#catalogue.transaction(async (trx) => {
      for (const row of await wantDesktops(trx, desktopIds)) {
        if (row.region_id !== command.regionId) throw new EcdError('InvalidDesktopId.NotFound');
        if (row.status === 'Running') continue;
        throw new EcdError('IncorrectDesktopStatus', { status: row.status, wanted: 'Running' });
      }
      await claim.record(trx);
      await trx
        .insertInto('invocations')
        .values({
          id,
          region_id: command.regionId,
          type: command.type,
          content: content.toString('utf8'),
          content_encoding: command.contentEncoding,
          end_user_id: command.endUserId,
          timeout_s: command.timeoutSeconds,
          creator: command.creator,
          created_at: now,
        })
        .execute();
      for (const desktopId of desktopIds) {
        await trx
          .insertInto('invocation_desktops')
          .values({
            invocation_id: id,
            desktop_id: desktopId,
            status: 'Pending',
            created_at: now,
            started_at: null,
            finished_at: null,
            exit_code: null,
            output: null,
            dropped: 0,
            error_code: '',
            error_info: '',
          })
          .execute();
      }
    });
    const timeoutMs = command.timeoutSeconds * 1_000;
    const work = { invocationId: id, type: command.type, content, timeoutMs, deadline: now + timeoutMs };
    for (const desktopId of desktopIds) this.#begin({ ...work, desktopId });
    return id;
  }

  /** Invocations, newest first. */
  list(filter: InvocationFilter, page: Page): Promise<InvocationPage> {
    return listInvocations(this.#catalogue.db, filter, page);
  }

  /** After a restart of the service and after the desktops' `resume`: commands not yet sent go on. */
  async recover(): Promise<void> {
    await this.#catalogue.db
      .updateTable('invocation_desktops')
      .set({
        status: 'Failed',
        finished_at: this.#clock(),
        error_code: 'ServiceRestarted',
        error_info: 'The service was restarted while the command ran; what came of it is not known.',
      })
      .where('status', '=', 'Running')
      .execute();
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
        status: outcome.errorCode === '' ? 'Success' : 'Failed',
        finished_at: this.#clock(),
        exit_code: outcome.exitCode,
        output: outcome.output,
        dropped: outcome.dropped,
        error_code: outcome.errorCode,
        error_info: outcome.errorInfo,
      })
      .where('invocation_id', '=', work.invocationId)
      .where('desktop_id', '=', work.desktopId)
      .execute();
  }

  async #execute(work: Work, timeoutMs: number, closing: AbortSignal): Promise<Outcome> {
    const link = this.#desktops.machine(work.desktopId)?.agent;
    if (link === undefined) throw new EcdError('Qemu.ConnectionLost', { what: 'the desktop' });
    const waiting = AbortSignal.any([closing, link.ended, AbortSignal.timeout(timeoutMs)]);
    await link.whenOpen(waiting);
    await link.whenThawed(waiting);
    await this.#catalogue.db
      .updateTable('invocation_desktops')
      .set({ status: 'Running', started_at: this.#clock() })
      .where('invocation_id', '=', work.invocationId)
      .where('desktop_id', '=', work.desktopId)
      .execute();
    await faults.hit('desktop.command.sending');
    const remaining = Math.max(1_000, work.deadline - this.#clock());
    const exec = execOf(work.type, work.content, remaining);
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

/** The command's bytes. Throws InvalidParameter of CommandContent. */
export function decode(content: string, encoding: 'PlainText' | 'Base64'): Buffer {
  const wrong = (reason: string): EcdError =>
    new EcdError('InvalidParameter', { parameter: 'CommandContent', reason: ` ${reason}` });
  const compact = content.replace(/\s/g, '');
  if (encoding === 'Base64' && !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) throw wrong('It is not Base64.');
  const bytes = encoding === 'Base64' ? Buffer.from(compact, 'base64') : Buffer.from(content);
  if (bytes.length === 0) throw wrong('It is empty.');
  if (bytes.length > CONTENT_BYTES) throw wrong(`It has more than ${CONTENT_BYTES} bytes.`);
  if (bytes.includes(0)) throw wrong('It holds a zero byte.');
  if (!Buffer.from(bytes.toString('utf8')).equals(bytes)) throw wrong('It is not UTF-8.');
  return bytes;
}
