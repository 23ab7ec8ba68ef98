/** What every part of the benchmark is given. */
import type { Row } from './report.ts';

export interface PartContext {
  /** Small sizes and counts, to try that it works. */
  readonly quick: boolean;
  /** An empty directory of its own, removed at its end. Short, for sockets lie below it. */
  readonly dir: string;
  say(text: string): void;
  /** Adds a row to the table, and shows it. */
  row(row: Omit<Row, 'part'>): void;
}

export type Part = (context: PartContext) => Promise<void>;
