/**
 * Named points at which a test can make this process, QEMU or a storage daemon die, or an operation fail.
 *
 * Invariants: nothing happens unless OPENECD_FAULT names the point (or a test in this process has set a handler); the
 * points are named `part.step`, and each stands once in the code.
 * OPENECD_FAULT is a comma-separated list of `point=action[@n]`: action `kill` ends this process by SIGKILL, `fail`
 * throws, `stall` waits for ever, `kill-qemu` and `kill-qsd` end the process that the point's context names (and then
 * go on); `@n` acts at the n-th passing only.
 */
import { EcdError } from './errors.ts';

export interface FaultContext {
  /** Process id of the desktop's QEMU, where the point has one. */
  readonly qemu?: number | undefined;
  /** Process id of a storage daemon at work, where the point has one. */
  readonly qsd?: number | undefined;
}

type Handler = (context: FaultContext) => void | Promise<void>;

class Faults {
  readonly #handlers = new Map<string, Handler>();
  readonly #seen = new Map<string, number>();

  constructor(setting: string | undefined) {
    for (const part of (setting ?? '').split(',').filter((p) => p !== '')) {
      const match = /^([\w.-]+)=(kill|fail|stall|kill-qemu|kill-qsd)(?:@(\d+))?$/.exec(part);
      if (match === null)
        throw new EcdError('Settings.Invalid', { setting: 'OPENECD_FAULT', reason: `cannot read ${part}` });
      const [, point, action, nth] = match as unknown as [string, string, string, string | undefined];
      this.set(point, (context) => {
        const passing = (this.#seen.get(point) ?? 0) + 1;
        this.#seen.set(point, passing);
        if (nth !== undefined && passing !== Number(nth)) return;
        return act(action, point, context);
      });
    }
  }

  /** Passes a point. Costs one map look-up when no fault is set there. */
  hit(point: string, context: FaultContext = {}): void | Promise<void> {
    return this.#handlers.get(point)?.(context);
  }

  /** For tests inside this process. */
  set(point: string, handler: Handler): void {
    this.#handlers.set(point, handler);
  }

  clear(): void {
    this.#handlers.clear();
    this.#seen.clear();
  }
}

function act(action: string, point: string, context: FaultContext): void | Promise<void> {
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (action === 'kill') return new Promise(() => {});
  if (action === 'stall') return new Promise(() => {});
  if (action === 'fail') throw new EcdError('InternalError', {}, new Error(`fault at ${point}`));
  const pid = action === 'kill-qemu' ? context.qemu : context.qsd;
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  process.stderr.write(`fault at ${point}: ${action} ${pid}\n`);
}

export const faults = new Faults(process.env['OPENECD_FAULT']);
