/** Runs command lines inside a test, and keeps what they write. No secret may be in what goes to standard error. */
import { PassThrough } from 'node:stream';
import { demandNoLeaks } from '../../../acceptance/support/search.ts';
import { notePrinted } from '../../../acceptance/support/secrets.ts';
import { run } from '../run.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What went to standard output as bytes. */
  readonly bytes: Buffer;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export async function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const chunks: Buffer[] = [];
  const binary = new PassThrough();
  binary.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await run(words, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    binary,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  });
  binary.end();
  notePrinted(stdout);
  demandNoLeaks([[`standard error of ${words.slice(0, 2).join(' ')}`, stderr]]);
  return { code, stdout, stderr, bytes: Buffer.concat(chunks) };
}
