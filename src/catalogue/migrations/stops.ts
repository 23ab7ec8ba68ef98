/** Commands that somebody wants to be stopped. */
export const STOPS: readonly string[] = [
  'ALTER TABLE invocation_desktops ADD COLUMN stop_wanted INTEGER NOT NULL DEFAULT 0',
];
