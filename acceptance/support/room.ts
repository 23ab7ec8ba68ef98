/** A service with a blank disk or the demo guest as the image `demo`, and what a client waits for there. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Client, Response } from './client.ts';
import type { Parameters } from './complete.ts';
import { Service } from './service.ts';

const MIB = 1024 ** 2;

/** Each format and each way to sign once. */
export const BOTH = [
  { format: 'JSON', signature: 'headers' },
  { format: 'XML', signature: 'parameters' },
] as const;

export type Fields = Record<string, unknown>;

/** What a service is started with; a change counts from its next start on. */
interface Start {
  readonly args: string[];
  readonly env: Record<string, string>;
  settings: object;
}

export class Room {
  readonly service: Service;
  client: Client;

  readonly #start: Start;

  private constructor(service: Service, start: Start) {
    this.service = service;
    this.#start = start;
    this.client = service.client();
  }

  /** With further settings, and what `options` gives as further words of `openecd serve`. */
  static async open(
    more: object = {},
    options: (service: Service) => Promise<readonly string[]> = async () => [],
  ): Promise<Room> {
    // A disk without a system does not shut down when it is asked to.
    const settings = { desktops: { shutdownSeconds: 3 }, ...more };
    const start: Start = { args: ['--region', 'cn-hangzhou'], env: {}, settings };
    const service = await Service.start(start, async (prepared) => {
      const { data, openecd } = prepared;
      start.args.push(...(await options(prepared)));
      const image = join(data, '../blank.raw');
      await writeFile(image, '');
      await truncate(image, 64 * MIB);
      await openecd('image', 'import', '--data', data, '--name', 'demo', image);
    });
    return new Room(service, start);
  }

  /** With the demo guest, which has an agent, as the image `demo`. */
  static async ofDemo(settings: object = {}): Promise<Room> {
    const start: Start = { args: ['--region', 'cn-hangzhou'], env: {}, settings };
    const build = async ({ data, openecd }: Service) =>
      void (await openecd('image', 'build-demo', '--data', data));
    return new Room(await Service.start(start, build), start);
  }

  /** Kills the service and starts it with other settings, and faults that it is to meet. */
  async restart(settings: object, faults = ''): Promise<void> {
    await this.service.down('SIGKILL');
    this.#start.settings = settings;
    this.#start.env['OPENECD_FAULT'] = faults;
    await this.service.up();
    this.client = this.service.client();
  }

  close(): Promise<void> {
    return this.service.close();
  }

  /** The same refusal in both formats. */
  async refused(action: string, parameters: Parameters): Promise<string> {
    const answers: Response[] = [];
    for (const options of BOTH) answers.push(await this.client.call(action, parameters, options));
    expect(answers[0]!.code).toBe(answers[1]!.code);
    expect(answers[0]!.status).toBe(answers[1]!.status);
    return `${answers[0]!.status} ${answers[0]!.code}`;
  }

  /** Waits until the desktop has a status: longer than a guest without a system is asked to reboot before it is forced. */
  async until(desktopId: string, status: string): Promise<Fields> {
    return this.#wait(120_000, `${desktopId} is ${status}`, async () => {
      const desktop = await this.#first('DescribeDesktops', 'Desktops', { 'DesktopId.1': desktopId });
      const is = desktop?.['DesktopStatus'] ?? 'Deleted';
      return is === status ? (desktop ?? {}) : undefined;
    });
  }

  /** Waits until a snapshot is stored. */
  async accomplished(snapshotId: string): Promise<Fields> {
    return this.#wait(60_000, `${snapshotId} is accomplished`, async () => {
      const found = await this.#first('DescribeSnapshots', 'Snapshots', { SnapshotId: snapshotId });
      return found?.['Status'] === 'PROGRESSING' ? undefined : (found ?? {});
    });
  }

  /** Waits until an image is made. */
  async made(imageId: string): Promise<Fields> {
    return this.#wait(60_000, `${imageId} is made`, async () => {
      const found = await this.#first('DescribeImages', 'Images', { 'ImageId.1': imageId });
      return found?.['Status'] === 'Creating' ? undefined : (found ?? {});
    });
  }

  async #first(action: string, list: string, parameters: Parameters): Promise<Fields | undefined> {
    return ((await this.client.ok(action, parameters))[list] as Fields[])[0];
  }

  async #wait(ms: number, what: string, look: () => Promise<Fields | undefined>): Promise<Fields> {
    for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`not in time: ${what}\n${this.service.log}`);
  }
}
