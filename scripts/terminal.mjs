/**
 * What the scripts show while they work. Plain JavaScript that runs on Node 20, for the set-up runs before Node 24 is there.
 *
 * Invariants: on a terminal a running task is one line that is drawn over; elsewhere (CI, a file) only beginnings and
 * ends are written, so that logs stay readable. A task that ends has said how long it took.
 */
import { spawn } from 'node:child_process';

/** An error whose message is meant for the user: it says what is wrong and what to do. */
export class UserError extends Error {
  /** @param {string} message @param {string} [advice] */
  constructor(message, advice) {
    super(advice ? `${message}\n  ${advice.replaceAll('\n', '\n  ')}` : message);
    this.name = 'UserError';
  }
}

/** "12.3 s", "2 min 05 s". @param {number} ms */
export function duration(ms) {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** "12.0 MB" (decimal). @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** "[######----] 60%". @param {number} percent */
export function bar(percent) {
  const whole = Math.max(0, Math.min(100, Math.round(percent)));
  return `[${'#'.repeat(Math.round(whole / 5)).padEnd(20, '-')}] ${String(whole).padStart(3)}%`;
}

/**
 * Shows one task while it runs. `update(text)` changes what stands behind its name.
 * @template T
 * @param {string} label
 * @param {(update: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function task(label, work) {
  const out = process.stdout;
  const tty = out.isTTY === true;
  const began = performance.now();
  let detail = '';
  const draw = () => {
    const line = `  ${label}  ${detail} ${duration(performance.now() - began)}`;
    out.write(`\r\x1b[2K${line.slice(0, (out.columns ?? 80) - 1)}`);
  };
  if (!tty) out.write(`  ${label} ...\n`);
  const timer = tty ? setInterval(draw, 200) : undefined;
  const end = (/** @type {string} */ mark) => {
    clearInterval(timer);
    if (tty) out.write('\r\x1b[2K');
    out.write(`${mark} ${label}  ${duration(performance.now() - began)}\n`);
  };
  try {
    const result = await work((text) => {
      detail = text;
    });
    end('+');
    return result;
  } catch (error) {
    end('!');
    throw error;
  }
}

/**
 * Runs a program to its end. Its output is kept, not shown.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ code: number, output: string }>} code 127 when the program does not exist
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (/** @type {Buffer} */ chunk) => {
      const text = chunk.toString();
      output = (output + text).slice(-65_536);
      if (options.onLine) for (const line of text.split('\n')) if (line) options.onLine(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), output }));
  });
}

/** The last lines of a program's output, for an error message. @param {string} output */
export function tail(output, lines = 12) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
