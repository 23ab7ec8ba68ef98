/**
 * Running a program in a guest: `guest-exec`, then asking for its end at growing intervals.
 *
 * Invariants: what the guest says is checked and bounded; between two questions the agent is free for others. The agent
 * cannot end a program it started: after a deadline or an abort it runs on in the guest. The agent gives the output
 * only at the end; one that does not fit into an answer (8 MiB) is an error, so bound it in the command itself.
 */
import { EcdError } from '../errors.ts';
import { isObject, type JsonObject } from './framing.ts';
import { sleep } from './wait.ts';

export interface ExecOptions {
  readonly path: string;
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  /** `NAME=value` each. */
  readonly env?: readonly string[] | undefined;
  /** From now to the program's end. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Of standard output and of standard error, each; what is more is cut off and `truncated` is true. */
  readonly maxOutputBytes: number;
}

export interface ExecResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
}

type Call = (
  command: string,
  args: object,
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
) => Promise<unknown>;

const FIRST_PAUSE = 30;
const LONGEST_PAUSE = 1_000;
const CALL_TIMEOUT = 10_000;

export async function execInGuest(call: Call, options: ExecOptions): Promise<ExecResult> {
  const { signal } = options;
  const deadline = Date.now() + options.timeoutMs;
  const limits = () => ({
    timeoutMs: Math.max(1, Math.min(CALL_TIMEOUT, deadline - Date.now())),
    signal,
  });
  const started = await call(
    'guest-exec',
    {
      path: options.path,
      arg: options.args,
      'capture-output': true,
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.input === undefined ? {} : { 'input-data': options.input.toString('base64') }),
    },
    limits(),
  );
  const pid = isObject(started) ? started['pid'] : undefined;
  if (!isInteger(pid)) throw malformed('guest-exec');
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    await sleep(Math.max(1, Math.min(pause, deadline - Date.now())), signal, 'guest-exec');
    if (Date.now() >= deadline) {
      throw new EcdError('Agent.NotAnswering', { command: 'guest-exec', ms: options.timeoutMs });
    }
    const status = await call('guest-exec-status', { pid }, limits());
    if (!isObject(status) || typeof status['exited'] !== 'boolean') throw malformed('guest-exec-status');
    if (status['exited']) return readResult(status, options.maxOutputBytes);
  }
}

function readResult(status: JsonObject, maxBytes: number): ExecResult {
  const out = output(status['out-data'], maxBytes);
  const err = output(status['err-data'], maxBytes);
  const exitCode = isInteger(status['exitcode']) ? status['exitcode'] : null;
  const signal = isInteger(status['signal']) ? status['signal'] : null;
  const cut = status['out-truncated'] === true || status['err-truncated'] === true;
  return { exitCode, signal, stdout: out.data, stderr: err.data, truncated: cut || out.cut || err.cut };
}

function output(value: unknown, maxBytes: number): { data: Buffer; cut: boolean } {
  if (value === undefined) return { data: Buffer.alloc(0), cut: false };
  if (typeof value !== 'string') throw malformed('guest-exec-status');
  const all = Buffer.from(value, 'base64');
  // A copy, so that a small part does not keep the whole alive.
  return { data: Buffer.from(all.subarray(0, maxBytes)), cut: all.length > maxBytes };
}

function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function malformed(command: string): EcdError {
  return new EcdError('Agent.CommandFailed', {
    command,
    reason: 'the answer is malformed',
    class: 'Malformed',
  });
}
