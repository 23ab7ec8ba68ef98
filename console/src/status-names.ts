/** What states of desktops and commands are called; one that is not known here keeps the API's name. */
import type { Say } from './preferences.tsx';
import type { TextName } from './texts/en.ts';

const STATES = {
  Pending: 'statePending',
  Starting: 'stateStarting',
  Running: 'stateRunning',
  Stopping: 'stateStopping',
  Stopped: 'stateStopped',
  Rebuilding: 'stateRebuilding',
  Deleted: 'stateDeleted',
} as const satisfies Record<string, TextName>;

const COMMANDS = {
  Pending: 'commandPending',
  Running: 'commandRunning',
  Stopping: 'commandStopping',
  Stopped: 'commandStopped',
  Success: 'commandSuccess',
  Failed: 'commandFailed',
  Timeout: 'commandTimeout',
} as const satisfies Record<string, TextName>;

const named = (names: Readonly<Record<string, TextName>>) => (say: Say, status: string) =>
  Object.hasOwn(names, status) ? say(names[status]!) : status;

/** Of a desktop. */
export const stateName = named(STATES);
/** Of a command in a desktop. */
export const commandStatusName = named(COMMANDS);
