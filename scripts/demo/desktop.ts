/**
 * The steps of the demo, each one or a few calls of the API.
 *
 * Invariants: everything goes through the HTTP API with the project's own signer; every wait has a deadline and ends with
 * the signal; a state that cannot lead to the wanted one ends the wait at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../../src/cli/client.ts';
import { UserError } from '../terminal.mjs';
import type { DemoService } from './service.ts';

const REGION = 'cn-hangzhou';
const BUNDLE = 'bundle_demo';
export const NAME = 'openecd-demo';
const WAIT_MS = 300_000;
const POLL_MS = 250;
/** Snapshots of earlier runs that are kept. */
const KEPT = 3;

export interface Desktop {
  readonly DesktopId: string;
  readonly DesktopStatus: string;
}

export interface Snapshot {
  readonly SnapshotId: string;
  readonly Status: string;
  readonly Progress: string;
  readonly Consistency?: string;
  readonly StoredBytes?: number;
}

interface Invocation {
  readonly InvocationStatus: string;
  readonly InvokeDesktops?: {
    InvocationStatus: string;
    ExitCode?: number;
    Output?: string;
    ErrorInfo: string;
  }[];
}

type Update = (text: string) => void;

export class Demo {
  readonly #service: DemoService;
  readonly #signal: AbortSignal;

  constructor(service: DemoService, signal: AbortSignal) {
    this.#service = service;
    this.#signal = signal;
  }

  /** One call of the API. */
  call(action: string, parameters: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const { endpoint, key } = this.#service;
    return call(endpoint, key, action, { RegionId: REGION, ...parameters }, { signal: this.#signal });
  }

  /** Polls until `look` answers something. */
  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (const end = performance.now() + WAIT_MS; performance.now() < end; ) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await sleep(POLL_MS, undefined, { signal: this.#signal });
    }
    throw new UserError(
      `${what}: not within ${WAIT_MS / 1000} s`,
      `The log of the service: ${this.#service.logFile}`,
    );
  }

  async #list<T>(action: string, field: string, parameters: Record<string, string>): Promise<T[]> {
    return (await this.call(action, parameters))[field] as T[];
  }

  async checkBundle(): Promise<void> {
    const bundles = await this.#list<{ BundleId: string }>('DescribeBundles', 'Bundles', {
      'BundleId.1': BUNDLE,
    });
    if (!bundles.some((one) => one.BundleId === BUNDLE))
      throw new UserError(`The service offers no bundle ${BUNDLE}.`);
  }

  /** The demo's desktop of an earlier run, or undefined. */
  async find(): Promise<Desktop | undefined> {
    const desktops = await this.#list<Desktop>('DescribeDesktops', 'Desktops', { DesktopName: NAME });
    return desktops.find((one) => one.DesktopStatus !== 'Deleted');
  }

  async create(): Promise<string> {
    const answer = await this.call('CreateDesktops', { BundleId: BUNDLE, DesktopName: NAME, Amount: '1' });
    const [id] = answer['DesktopId'] as string[];
    if (!id) throw new UserError('CreateDesktops answered no desktop.');
    return id;
  }

  /** Waits until the desktop has the status. */
  async waitFor(id: string, status: 'Running' | 'Stopped', update: Update): Promise<void> {
    await this.#until(`The desktop is not ${status}`, async () => {
      const [desktop] = await this.#list<Desktop>('DescribeDesktops', 'Desktops', { 'DesktopId.1': id });
      const now = desktop?.DesktopStatus ?? 'gone';
      update(now);
      if (now === 'gone' || now === 'Deleted') throw new UserError(`The desktop ${id} is gone.`);
      return now === status ? true : undefined;
    });
  }

  /** Waits until the desktop, whatever it is doing, rests in Running or Stopped, and answers which. */
  rest(id: string, update: Update): Promise<string> {
    return this.#until('The desktop does not come to rest', async () => {
      const [desktop] = await this.#list<Desktop>('DescribeDesktops', 'Desktops', { 'DesktopId.1': id });
      update(desktop?.DesktopStatus ?? '');
      return desktop?.DesktopStatus === 'Running' || desktop?.DesktopStatus === 'Stopped'
        ? desktop.DesktopStatus
        : undefined;
    });
  }

  /** Runs a shell script inside the desktop. Answers what it printed. */
  async shell(id: string, script: string, update: Update): Promise<string> {
    const started = await this.#until('The guest agent does not answer', () =>
      this.call('RunCommand', {
        Type: 'RunShellScript',
        'DesktopId.1': id,
        CommandContent: Buffer.from(script).toString('base64'),
        ContentEncoding: 'Base64',
        Timeout: String(WAIT_MS / 1000),
      }).catch((error: { details?: { code?: unknown } }) => {
        // The desktop is Running before the agent inside it is.
        if (error.details?.code !== 'OperationDenied.NoAgent') throw error;
        update('waiting for the guest agent');
        return undefined;
      }),
    );
    const done = await this.#until('The script does not end', async () => {
      const asked = { InvokeId: String(started['InvokeId']), IncludeOutput: 'true' };
      const [invocation] = await this.#list<Invocation>('DescribeInvocations', 'Invocations', asked);
      const one = invocation?.InvokeDesktops?.[0];
      update(one?.InvocationStatus ?? '');
      return one && !['Pending', 'Running'].includes(one.InvocationStatus) ? one : undefined;
    });
    const output = Buffer.from(done.Output ?? '', 'base64').toString();
    if (done.InvocationStatus !== 'Success' || (done.ExitCode ?? 0) !== 0) {
      throw new UserError(
        `The script in the desktop failed (${done.InvocationStatus} ${done.ExitCode ?? ''}): ${done.ErrorInfo} ${output}`,
      );
    }
    return output;
  }

  async snapshot(id: string): Promise<string> {
    const name = `demo ${new Date().toISOString()}`;
    const answer = await this.call('CreateSnapshot', {
      DesktopId: id,
      SourceDiskType: 'system',
      SnapshotName: name,
    });
    return String(answer['SnapshotId']);
  }

  /** Waits until the snapshot is in the vault. `update` is told its percent. */
  archived(snapshotId: string, update: (percent: number) => void): Promise<Snapshot> {
    return this.#until('The snapshot is not stored', async () => {
      const [one] = await this.#list<Snapshot>('DescribeSnapshots', 'Snapshots', { SnapshotId: snapshotId });
      if (!one || one.Status === 'FAILED') throw new UserError(`The snapshot ${snapshotId} has failed.`);
      update(Number.parseInt(one.Progress, 10));
      return one.Status === 'ACCOMPLISHED' ? one : undefined;
    });
  }

  /** Deletes the oldest snapshots of earlier runs, so that demos do not fill the disk. Answers how many. */
  async deleteOld(desktopId: string): Promise<number> {
    const snapshots = await this.#list<Snapshot>('DescribeSnapshots', 'Snapshots', { DesktopId: desktopId });
    const old = snapshots.filter((one) => one.Status !== 'PROGRESSING').slice(KEPT);
    if (old.length === 0) return 0;
    await this.call(
      'DeleteSnapshot',
      Object.fromEntries(old.map((one, i) => [`SnapshotId.${i + 1}`, one.SnapshotId])),
    );
    return old.length;
  }
}
