/**
 * How a command's text becomes a program in the guest, and what came of it. Pure.
 *
 * Invariants: what is kept of the output is bounded in the guest itself, and what is more is counted there; the guest's
 * word about it is checked. Batch and PowerShell scripts are passed on as they are: untested, for want of a Windows.
 */
import type { ExecOptions, ExecResult } from '../qemu/agent-exec.ts';

export const COMMAND_TYPES = ['RunShellScript', 'RunBatScript', 'RunPowerShellScript'] as const;
export type CommandType = (typeof COMMAND_TYPES)[number];

/** Bytes of output that are kept. */
export const OUTPUT_BYTES = 24 * 1024;
/** Bytes a command may have. */
export const CONTENT_BYTES = 16 * 1024;

/** The variable in the environment of all that a command has started: the id of its invocation. */
const MARK = 'OPENECD_INVOCATION';

/**
 * $1: the script, $2: seconds, $3: bytes to keep. Standard output is the script's (both streams), standard error what
 * became of it, on a descriptor the script does not have. Script and watchdog have a session each, so that each can be
 * ended with all it has started. $4 marks all of them, so that they can be found and ended. `dd` reads byte by byte, so
 * that nothing is lost in a buffer.
 */
const WRAPPER = `if ! command -v setsid >/dev/null 2>&1; then setsid() { "$@"; }; fi
{ export ${MARK}="$4"
setsid /bin/sh -c "$1" </dev/null 2>&1 3>&- &
script=$!
setsid /bin/sh -c 'sleep "$1"; echo late >&3; kill -KILL "-$2"' sh "$2" "$script" >/dev/null 2>&1 &
watchdog=$!
wait "$script"; echo "exit $?" >&3
kill -KILL "-$watchdog" 2>/dev/null || kill -KILL "$watchdog"
} 3>&2 |
{ dd bs=1 count="$3" 2>/dev/null; echo "dropped $(wc -c)" >&2; }`;

/** The agent's own deadline is later, so that the guest can end the script and say so. */
const GRACE_MS = 10_000;

export function execOf(
  type: CommandType,
  content: Buffer,
  timeoutMs: number,
  invocationId: string,
): ExecOptions {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1_000)));
  const limits = { timeoutMs: timeoutMs + GRACE_MS, maxOutputBytes: 4 * 1024 * 1024 };
  if (type === 'RunShellScript') {
    const script = content.toString('utf8');
    const args = ['-c', WRAPPER, 'sh', script, seconds, String(OUTPUT_BYTES), invocationId];
    return { path: '/bin/sh', args, ...limits };
  }
  if (type === 'RunBatScript') return { path: 'cmd.exe', args: ['/d', '/q'], input: content, ...limits };
  return {
    path: 'powershell.exe',
    args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', '-'],
    input: content,
    ...limits,
  };
}

/** $1: the id of the invocation. Ends all that is marked with it; what is not there is no failure. */
const ENDER = `for at in /proc/[0-9]*; do
  if tr '\\000' '\\n' 2>/dev/null <"$at/environ" | grep -qxF "${MARK}=$1"; then kill -KILL "\${at#/proc/}"; fi
done 2>/dev/null
:`;

/** Ends a shell script that runs, with all that it has started and that has kept its environment. */
export function endOf(invocationId: string): ExecOptions {
  return {
    path: '/bin/sh',
    args: ['-c', ENDER, 'sh', invocationId],
    timeoutMs: GRACE_MS,
    maxOutputBytes: OUTPUT_BYTES,
  };
}

export interface Outcome {
  readonly exitCode: number | null;
  readonly output: Buffer;
  /** Bytes of output that were not kept. */
  readonly dropped: number;
  /** Empty when it succeeded. */
  readonly errorCode: string;
  readonly errorInfo: string;
}

/** `timeoutMs`: the time the command had. */
export function outcomeOf(type: CommandType, result: ExecResult, timeoutMs: number): Outcome {
  const { late, ...said } = type === 'RunShellScript' ? fromWrapper(result) : plain(result);
  if (said.exitCode === 0) return { ...said, errorCode: '', errorInfo: '' };
  if (late) return { ...said, ...timedOut(timeoutMs) };
  const how = said.exitCode === null ? 'it was ended by a signal' : `its exit code is ${said.exitCode}`;
  return { ...said, errorCode: 'ExitCodeNonzero', errorInfo: `The command failed: ${how}.` };
}

export function timedOut(timeoutMs: number): { errorCode: string; errorInfo: string } {
  return {
    errorCode: 'Timeout',
    errorInfo: `The command did not end within ${Math.ceil(timeoutMs / 1_000)} seconds.`,
  };
}

type Said = Pick<Outcome, 'exitCode' | 'output' | 'dropped'> & { readonly late: boolean };

function fromWrapper(result: ExecResult): Said {
  const words = result.stderr.toString('latin1');
  const exit = /^exit (\d{1,3})$/m.exec(words)?.[1];
  const dropped = Number(/^dropped +(\d{1,15})$/m.exec(words)?.[1] ?? 0);
  return {
    late: /^late$/m.test(words),
    exitCode: exit === undefined ? null : Number(exit),
    output: result.stdout.subarray(0, OUTPUT_BYTES),
    dropped: dropped + Math.max(0, result.stdout.length - OUTPUT_BYTES),
  };
}

function plain(result: ExecResult): Said {
  const all = Buffer.concat([result.stdout, result.stderr]);
  return {
    late: false,
    exitCode: result.exitCode,
    output: all.subarray(0, OUTPUT_BYTES),
    dropped: Math.max(0, all.length - OUTPUT_BYTES),
  };
}
