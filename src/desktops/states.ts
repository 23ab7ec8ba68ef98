/**
 * Which status a desktop may have for a command, and which one it has next. Pure.
 *
 * Invariants: a status is left only as this table says; what QEMU reports decides, not what was asked for. `Starting`
 * also stands for a reboot under way: then `started_at` is set, which a first start has not.
 */
import type { DesktopStatus } from '../catalogue/schema.ts';
import { EcdError } from '../errors.ts';

export type Verb = 'start' | 'stop' | 'reboot' | 'remove';

interface Rule {
  readonly from: readonly DesktopStatus[];
  readonly to: DesktopStatus;
}

export const RULES: Readonly<Record<Verb, Rule>> = {
  start: { from: ['Stopped'], to: 'Starting' },
  stop: { from: ['Running'], to: 'Stopping' },
  reboot: { from: ['Running'], to: 'Starting' },
  remove: { from: ['Pending', 'Starting', 'Running', 'Stopping', 'Stopped'], to: 'Deleted' },
};

/** The status after `verb`; throws IncorrectDesktopStatus (details `status`, `wanted`). */
export function nextStatus(verb: Verb, status: DesktopStatus): DesktopStatus {
  const rule = RULES[verb];
  if (rule.from.includes(status)) return rule.to;
  throw new EcdError('IncorrectDesktopStatus', { status, wanted: rule.from.join(' or ') });
}

export type RecoverStep =
  /** Nothing to change. */
  | 'keep'
  /** QEMU lives: connect to it. */
  | 'connect'
  /** QEMU lives and must not. */
  | 'end'
  /** It is `Starting` from now on and is started when the disks are in order. */
  | 'restart'
  /** QEMU is gone. */
  | 'stopped';

export interface Found {
  readonly status: DesktopStatus;
  /** Its QEMU process lives. */
  readonly alive: boolean;
  readonly wantedRunning: boolean;
  /** The host has been restarted and desktops are to start again then. */
  readonly startAgain: boolean;
}

/** What the service does with a desktop that it finds when it starts. */
export function recoverStep(found: Found): RecoverStep {
  const { status, alive } = found;
  const active = status === 'Running' || status === 'Starting' || status === 'Stopping';
  if (alive) return active ? 'connect' : 'end';
  if (status === 'Stopped' || status === 'Running') {
    if (found.startAgain && found.wantedRunning) return 'restart';
    return status === 'Running' ? 'stopped' : 'keep';
  }
  return status === 'Stopping' ? 'stopped' : 'keep';
}

export interface Ending {
  /** QEMU's SHUTDOWN event said why; null when it died without one. */
  readonly shutdown: string | null;
  /** The last lines of QEMU's log. */
  readonly log: string;
}

export interface Verdict {
  /** For `stop_reason`; empty when somebody asked for the stop. */
  readonly reason: string;
  /** Whether it starts again after a restart of the host. */
  readonly wantedRunning: 0 | 1;
}

/** What an end of QEMU that nobody asked for means. */
export function judgeEnding(ending: Ending): Verdict {
  if (ending.shutdown?.startsWith('guest-shutdown')) {
    return { reason: 'The guest shut itself down.', wantedRunning: 0 };
  }
  if (ending.shutdown === 'host-signal') {
    // How a host that goes down ends it: it ran, and is to run again.
    return { reason: 'QEMU was ended by a signal of the host.', wantedRunning: 1 };
  }
  if (ending.shutdown !== null)
    return { reason: `QEMU ended (${ending.shutdown}).${tail(ending.log)}`, wantedRunning: 0 };
  return { reason: `QEMU died.${tail(ending.log)}`, wantedRunning: 0 };
}

function tail(log: string): string {
  return log === '' ? '' : ` The last lines of its log: ${log}`;
}

/** QEMU's run states in which the guest stands still and does not go on by itself. */
export function pausedReason(runState: string): string | null {
  if (runState === 'io-error') return 'The guest is paused by an I/O error of a disk.';
  if (runState === 'paused') return 'The guest is paused.';
  if (runState === 'internal-error' || runState === 'guest-panicked')
    return `The guest stands still: ${runState}.`;
  return null;
}

/** `shutdown`: the guest has powered itself off and QEMU only waits to be ended. */
export function isPoweredOff(runState: string): boolean {
  return runState === 'shutdown';
}
