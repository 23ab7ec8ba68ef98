/**
 * `qemu-img`: making, reading, converting and checking image files.
 *
 * Invariants: a path given to it is absolute, so that no name is taken for a protocol; formats are always named, but by
 * `probeImport`; what was made or converted is synced (its directory is the caller's); a half-made target is removed.
 */
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EcdError } from '../errors.ts';
import { isObject, type JsonObject } from './framing.ts';
import { programFailed, type RunOptions, runOk, runProgram } from './run-program.ts';

const PROGRAM = 'qemu-img';

export interface ImageInfo {
  readonly format: string;
  readonly virtualBytes: number;
  /** What the file takes of its disk. */
  readonly allocatedBytes: number;
  readonly clusterBytes: number | null;
  readonly backingFile: string | null;
  readonly backingFormat: string | null;
  readonly dataFile: string | null;
  /** Files that an image made of several names. */
  readonly extentFiles: readonly string[];
}

export interface InfoOptions {
  /** Without it the format is guessed from the content: only for files this service made, or through probeImport. */
  readonly format?: string;
  /** Also when another process has it open for writing (racy). */
  readonly shared?: boolean;
  readonly limits?: RunOptions['limits'];
  readonly signal?: AbortSignal | undefined;
}

export async function imgInfo(file: string, options: InfoOptions = {}): Promise<ImageInfo> {
  const args = ['info', '--output=json'];
  if (options.shared) args.push('-U');
  if (options.format !== undefined) args.push('-f', options.format);
  args.push(resolve(file));
  const run = { program: PROGRAM, args, limits: options.limits, signal: options.signal };
  const answer = readJson(run, (await runOk(run)).stdout);
  const specific = object(object(answer['format-specific'])['data']);
  const extents = Array.isArray(specific['extents']) ? specific['extents'] : [];
  return {
    format: String(answer['format']),
    virtualBytes: Number(answer['virtual-size']),
    allocatedBytes: Number(answer['actual-size']),
    clusterBytes: typeof answer['cluster-size'] === 'number' ? answer['cluster-size'] : null,
    backingFile: text(answer['backing-filename']),
    backingFormat: text(answer['backing-filename-format']),
    dataFile: text(specific['data-file']),
    extentFiles: extents.map((extent) => text(object(extent)['filename'])).filter((name) => name !== null),
  };
}

export interface CreateOptions {
  readonly file: string;
  readonly sizeBytes: number;
  readonly backingFile?: string | undefined;
  /** Default qcow2. */
  readonly backingFormat?: string | undefined;
  /** Default 128 KiB. */
  readonly clusterBytes?: number | undefined;
  /** 32 sub-clusters in each cluster. Default true. */
  readonly extendedL2?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Makes an empty qcow2 image and syncs it. The backing file is written into its header, not opened. */
export async function imgCreate(options: CreateOptions): Promise<void> {
  const { backingFile, backingFormat = 'qcow2', sizeBytes } = options;
  const file = resolve(options.file);
  const args = ['create', '-q', '-f', 'qcow2', '-o', layout(options)];
  if (backingFile !== undefined) args.push('-u', '-F', backingFormat, '-b', resolve(backingFile));
  args.push(file, String(sizeBytes));
  await removedOnFailure(file, async () => {
    await runOk({ program: PROGRAM, args, signal: options.signal });
  });
}

export interface ConvertOptions {
  readonly source: string;
  readonly sourceFormat?: string | undefined;
  readonly target: string;
  /** Default qcow2. */
  readonly targetFormat?: 'qcow2' | 'raw' | undefined;
  readonly clusterBytes?: number | undefined;
  readonly extendedL2?: boolean | undefined;
  readonly compress?: boolean | undefined;
  /** From 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default 12 hours. */
  readonly timeoutMs?: number | undefined;
  readonly limits?: RunOptions['limits'];
}

/** Copies an image's content into a new image file and syncs it. */
export async function imgConvert(options: ConvertOptions): Promise<void> {
  const { sourceFormat = 'qcow2', targetFormat = 'qcow2', onProgress, signal } = options;
  const target = resolve(options.target);
  const args = ['convert', '-p', '-f', sourceFormat, '-O', targetFormat];
  if (targetFormat === 'qcow2') args.push('-o', layout(options));
  if (options.compress) args.push('-c');
  args.push(resolve(options.source), target);
  const onStdout = (chunk: string): void => {
    const share = [...chunk.matchAll(/\((\d+(?:\.\d+)?)\/100%\)/g)].at(-1)?.[1];
    if (share !== undefined) onProgress?.(Number(share) / 100);
  };
  const timeoutMs = options.timeoutMs ?? 12 * 3_600_000;
  await removedOnFailure(target, async () => {
    await runOk({ program: PROGRAM, args, onStdout, signal, timeoutMs, limits: options.limits });
  });
}

export interface CheckResult {
  /** Clusters whose content cannot be trusted. */
  readonly errors: number;
  /** Clusters that are only wasted. */
  readonly leaks: number;
  /** Failures of the check itself. */
  readonly checkErrors: number;
}

/** Checks a qcow2 image that nobody writes. Throws Qemu.CommandFailed when it cannot be opened. */
export async function imgCheck(file: string, signal?: AbortSignal): Promise<CheckResult> {
  const args = ['check', '--output=json', '-f', 'qcow2', resolve(file)];
  const run = { program: PROGRAM, args, signal, timeoutMs: 3_600_000 };
  const result = await runProgram(run);
  // 2: damaged, 3: leaks; both come with a report.
  if (![0, 2, 3].includes(result.exitCode ?? -1)) throw programFailed(run, result);
  const answer = readJson(run, result.stdout);
  const number = (name: string): number => Number(answer[name] ?? 0);
  return {
    errors: number('corruptions'),
    leaks: number('leaks'),
    checkErrors: number('check-errors'),
  };
}

function layout(options: {
  readonly clusterBytes?: number | undefined;
  readonly extendedL2?: boolean | undefined;
}): string {
  const { clusterBytes = 128 * 1024, extendedL2 = true } = options;
  return `cluster_size=${clusterBytes},extended_l2=${extendedL2 ? 'on' : 'off'}`;
}

/** Nothing that was there before is touched: a target that exists is refused. */
async function removedOnFailure(file: string, make: () => Promise<void>): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    throw new EcdError(
      'Qemu.CommandFailed',
      { command: PROGRAM, reason: (error as Error).message, class: 'Target' },
      error,
    );
  }
  try {
    await make();
    const handle = await open(file, 'r+');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

function readJson(run: RunOptions, output: string): JsonObject {
  try {
    const value: unknown = JSON.parse(output);
    if (isObject(value)) return value;
  } catch {}
  throw programFailed(run, { exitCode: 0, stdout: output, stderr: 'its answer cannot be read' });
}

function object(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
