/** What this folder needs of a logger; a pino logger is one. */
export interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

const nothing = (): void => {};
export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
