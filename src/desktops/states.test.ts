import { describe, expect, test } from 'vitest';
import type { DesktopStatus } from '../catalogue/schema.ts';
import { judgeEnding, nextStatus, pausedReason, RULES, recoverStep, type Verb } from './states.ts';

const ALL: DesktopStatus[] = ['Pending', 'Starting', 'Running', 'Stopping', 'Stopped', 'Deleted'];

describe('commands', () => {
  const allowed: Record<Verb, string> = {
    start: 'Stopped>Starting',
    stop: 'Running>Stopping',
    reboot: 'Running>Starting',
    remove: 'Pending>Deleted Starting>Deleted Running>Deleted Stopping>Deleted Stopped>Deleted',
  };

  test.each(Object.keys(RULES) as Verb[])('%s is taken in its states only', (verb) => {
    const found: string[] = [];
    for (const status of ALL) {
      try {
        found.push(`${status}>${nextStatus(verb, status)}`);
      } catch (error) {
        expect(error).toMatchObject({ code: 'IncorrectDesktopStatus', details: { status } });
      }
    }
    expect(found.join(' ')).toBe(allowed[verb]);
  });
});

describe('recovery', () => {
  const step = (status: DesktopStatus, alive: boolean, wantedRunning = true, startAgain = false) =>
    recoverStep({ status, alive, wantedRunning, startAgain });

  test('a QEMU that lives is taken over, unless it was to have ended', () => {
    expect(ALL.map((status) => step(status, true))).toEqual([
      'end',
      'connect',
      'connect',
      'connect',
      'end',
      'end',
    ]);
  });

  test('without a QEMU what ran is stopped, and what was begun goes on', () => {
    expect(ALL.map((status) => step(status, false))).toEqual([
      'keep',
      'keep',
      'stopped',
      'stopped',
      'keep',
      'keep',
    ]);
  });

  test('after a restart of the host only what ran starts again', () => {
    expect(ALL.map((status) => step(status, false, true, true))).toEqual([
      'keep',
      'keep',
      'restart',
      'stopped',
      'restart',
      'keep',
    ]);
    expect(step('Stopped', false, false, true)).toBe('keep');
    expect(step('Running', false, false, true)).toBe('stopped');
  });
});

describe('endings', () => {
  test('why it ended, and whether it runs again with the host', () => {
    expect(judgeEnding({ shutdown: 'guest-shutdown', log: 'x' })).toEqual({
      reason: 'The guest shut itself down.',
      wantedRunning: 0,
    });
    expect(judgeEnding({ shutdown: 'host-signal', log: '' }).wantedRunning).toBe(1);
    expect(judgeEnding({ shutdown: null, log: 'a | b' })).toEqual({
      reason: 'QEMU died. The last lines of its log: a | b',
      wantedRunning: 0,
    });
    expect(judgeEnding({ shutdown: 'guest-panic', log: '' }).reason).toBe('QEMU ended (guest-panic).');
  });

  test('which run states stand still', () => {
    expect(pausedReason('running')).toBeNull();
    expect(pausedReason('shutdown')).toBeNull();
    expect(pausedReason('io-error')).toContain('I/O error');
    expect(pausedReason('internal-error')).toContain('internal-error');
  });
});
