/** Types of terminal.mjs, which is plain JavaScript because it must run on an old Node. */
export class UserError extends Error {
  constructor(message: string, advice?: string);
}
export function duration(ms: number): string;
export function size(bytes: number): string;
export function bar(percent: number): string;
export function task<T>(label: string, work: (update: (text: string) => void) => Promise<T>): Promise<T>;
export function run(
  command: string,
  args: string[],
  options?: { env?: NodeJS.ProcessEnv; cwd?: string; onLine?: (line: string) => void },
): Promise<{ code: number; output: string }>;
export function tail(output: string, lines?: number): string;
