/**
 * The service's log: pino, JSON lines on standard error, or one readable line each where a person looks on.
 *
 * Invariant: what may hold a secret by its name is not written.
 */
import pino, { type Logger } from 'pino';
import type { Output } from './command.ts';

const SECRETS = ['secret', 'AccessKeySecret', 'authorization', 'Signature', 'token', 'password'];

/** A logger to `stderr`; `close` writes out what waits. */
export function openLog(level: string, stderr: Output): { log: Logger; close(): void } {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: [...SECRETS, ...SECRETS.map((name) => `*.${name}`), 'req.headers.authorization'] },
  };
  if (stderr.isTTY) {
    const write = (line: string) => stderr.write(prettyLine(line));
    return { log: pino(options, { write }), close: () => {} };
  }
  const destination = pino.destination({ fd: 2, sync: false });
  return { log: pino(options, destination), close: () => destination.flushSync() };
}

const NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** `12:03:04 WARN  message  name=value ...` */
export function prettyLine(line: string): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line);
  } catch {
    return line;
  }
  const { time, level, msg, err, ...rest } = record;
  const details = Object.entries(rest).map(([name, value]) => `  ${name}=${valueText(value)}`);
  const cause = err === undefined ? '' : `  ${(err as { message?: string }).message ?? JSON.stringify(err)}`;
  const clock = String(time).slice(11, 19);
  return `${clock} ${(NAMES[Number(level)] ?? String(level)).padEnd(5)} ${msg ?? ''}${cause}${details.join('')}\n`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
