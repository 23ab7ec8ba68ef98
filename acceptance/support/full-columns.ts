/**
 * The columns of acceptance/COVERAGE.md whose clients only the full tier runs.
 *
 * Invariant: they are what one full run has seen, whose day stands with them; another run copies both from the file.
 */
import { OPERATIONS } from './operations.ts';
import { FULL_CLIENTS, type FullClient, type Seen } from './seen.ts';

export type Cell = 'ok' | 'refused' | '-';

export interface FullColumns {
  /** `YYYY-MM-DD`; null: there was no such run yet. */
  readonly day: string | null;
  readonly cells: ReadonlyMap<FullClient, ReadonlyMap<string, Cell>>;
}

export const NO_FULL_RUN: FullColumns = { day: null, cells: new Map() };

const SINCE = /^The columns of aliyungo are of the run of (\d{4}-\d{2}-\d{2}),/m;

/** What a client has received of an operation, by what was noted of both. */
export function cellOf(own: readonly Seen[]): Cell {
  if (own.some((s) => s.code === 'OK')) return 'ok';
  return own.length > 0 ? 'refused' : '-';
}

/** Of this run; null when it was not a full one, in which each of the clients has called. */
export function fullColumnsOf(seen: readonly Seen[], today: string): FullColumns | null {
  if (!FULL_CLIENTS.every((client) => seen.some((s) => s.client === client))) return null;
  const column = (client: FullClient) => {
    const own = seen.filter((s) => s.client === client);
    return new Map(
      Object.keys(OPERATIONS).map((action) => [action, cellOf(own.filter((s) => s.action === action))]),
    );
  };
  return { day: today, cells: new Map(FULL_CLIENTS.map((client) => [client, column(client)])) };
}

/** Those of the file as it was. Throws when it names a day and has not the columns. */
export function readFullColumns(file: string): FullColumns {
  const day = SINCE.exec(file)?.[1];
  if (day === undefined) return NO_FULL_RUN;
  const rows = file
    .slice(SINCE.exec(file)!.index)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '));
  const [heads, ...lines] = rows;
  const cells = FULL_CLIENTS.map((client) => {
    const at = heads?.indexOf(`${client} JSON`) ?? -1;
    if (at < 0) throw new Error(`no column of ${client} in what was of ${day}`);
    return [client, new Map(lines.map((line) => [line[0]!, line[at] as Cell]))] as const;
  });
  return { day, cells: new Map(cells) };
}

/** The lines that say of when they are. */
export function sinceFullRun({ day }: FullColumns): string[] {
  if (day === null)
    return ['The columns of aliyungo are empty: no full run (`npm run test:full`) has filled them yet.'];
  return [
    `The columns of aliyungo are of the run of ${day}, the last one in the full tier (\`npm run test:full\`,`,
    'acceptance/aliyungo.full.ts): any other leaves them as they are. An operation that came later has a dash there.',
  ];
}
