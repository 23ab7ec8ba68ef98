/** A real catalogue in a folder of its own, with fakes of the services behind the operations, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Insertable } from 'kysely';
import { Value } from 'typebox/value';
import { Catalogue } from '../../catalogue/catalogue.ts';
import { Claim } from '../../catalogue/nonces.ts';
import type {
  DesktopTable,
  ImageTable,
  InvocationDesktopTable,
  InvocationTable,
  SnapshotTable,
} from '../../catalogue/schema.ts';
import { EcdError } from '../../errors.ts';
import { Policies } from '../../policies/policies.ts';
import { parseSettings } from '../../settings.ts';
import { OPERATIONS } from '../index.ts';
import type { RequestContext } from '../operation.ts';
import type { Services } from '../services.ts';

export const NOW = Date.parse('2026-11-24T12:00:00Z');
export const REGION = 'cn-hangzhou';

/** A call that a service got: its name and arguments without the claim. */
export interface Call {
  readonly what: string;
  readonly args: readonly unknown[];
}

/** An answer as a client reads it. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
export type Answer = any;

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

/** An answer has all fields, of the types, that its schema says, and no others. */
function requireShape(shape: Shape, answer: unknown, name: string): void {
  const [wrong] = Value.Errors(shape as never, answer);
  if (wrong !== undefined) throw new Error(`${name}: ${wrong.instancePath} ${wrong.message}`);
  forbidOthers(shape, answer, name);
}

function forbidOthers(shape: Shape, value: unknown, path: string): void {
  if (Array.isArray(value)) for (const item of value) forbidOthers(shape.items ?? {}, item, `${path}[]`);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      const field = shape.properties?.[key];
      if (field === undefined) throw new Error(`${path}.${key} is not in the schema`);
      forbidOthers(field, child, `${path}.${key}`);
    }
  }
}

export class Bed {
  readonly catalogue: Catalogue;
  readonly calls: Call[] = [];
  readonly claims = new Set<Claim>();
  /** What operations told the audit log beside their answers. */
  readonly alsoMade: string[] = [];
  /** Makes the next calls of a service fail or answer. */
  readonly answers = new Map<string, (...args: unknown[]) => unknown>([
    ['take', () => 's-fake'],
    ['createImage', () => 'm-fake'],
    ['run', () => 't-fake'],
  ]);
  /** Of running desktops on a bridge. */
  readonly addresses = new Map<string, string>();
  readonly services: Services;
  readonly context: RequestContext;
  readonly #folder = mkdtempSync(join(tmpdir(), 'openecd-operations-'));
  #serial = 0;

  constructor(settings: object = {}) {
    this.catalogue = Catalogue.open(join(this.#folder, 'catalogue.db'));
    const claim = new Claim('key', 'nonce', NOW);
    this.context = {
      requestId: 'R',
      accessKeyId: 'key',
      userName: 'alice',
      claim,
      publicHost: 'desk.example:8787',
      alsoMade: (made) => void this.alsoMade.push(...made),
      signal: new AbortController().signal,
    };
    const regions = [REGION, 'room-2'];
    const parsed = parseSettings({ regions, ...settings });
    const clock = () => NOW + this.#serial++;
    this.services = {
      catalogue: this.catalogue,
      settings: parsed,
      clock: () => NOW,
      policies: new Policies({ catalogue: this.catalogue, settings: parsed, clock }),
      snapshots: {
        ...this.#fake('take', 'remove', 'reset', 'rebuild', 'removeImages'),
        images: { create: this.#faked('createImage'), modify: this.#faked('modifyImage') },
      },
      desktops: {
        ...this.#fake('create', 'start', 'stop', 'reboot', 'remove', 'rename', 'picture'),
        address: (id: string) => this.addresses.get(id) ?? null,
      },
      commands: this.#fake('run', 'stop'),
      vault: this.#fake('state', 'desktops'),
      disks: this.#fake('allocated'),
    } as unknown as Services;
  }

  #fake(...methods: string[]): object {
    return Object.fromEntries(methods.map((method) => [method, this.#faked(method)]));
  }

  #faked(what: string) {
    return async (...args: unknown[]) => {
      this.claims.add(args.find((arg) => arg instanceof Claim) as Claim);
      this.calls.push({ what, args: args.filter((arg) => !(arg instanceof Claim)) });
      return this.answers.get(what)?.(...args);
    };
  }

  /** Runs an operation with parameters as the door gives them (RegionId is added). */
  async call(name: string, parameters: object = {}): Promise<Answer> {
    const operation = OPERATIONS.get(name)!;
    const answer = await operation.run(
      this.services,
      { RegionId: REGION, ...parameters } as never,
      this.context,
    );
    requireShape(operation.response as unknown as Shape, answer, name);
    return answer;
  }

  /** The public code that a call fails with. */
  async codeOf(name: string, parameters: object = {}): Promise<string> {
    try {
      await this.call(name, parameters);
    } catch (error) {
      if (error instanceof EcdError) return error.publicCode;
      throw error;
    }
    return 'none';
  }

  async image(row: Partial<Insertable<ImageTable>> = {}): Promise<string> {
    const id = row.id ?? this.#id('m', 17);
    const values: Insertable<ImageTable> = {
      id,
      name: 'demo',
      description: 'a guest',
      os_type: 'Linux',
      platform: 'Debian',
      status: 'Available',
      progress: 100,
      size_bytes: 3 * 1024 ** 3 + 1,
      root: null,
      created_at: NOW - 100_000_000,
      updated_at: NOW - 90_000_000,
      ...row,
    };
    await this.catalogue.db.insertInto('images').values(values).execute();
    return id;
  }

  async desktop(row: Partial<Insertable<DesktopTable>> = {}): Promise<string> {
    const id = row.id ?? this.#id('ecd', 17);
    const values: Insertable<DesktopTable> = {
      id,
      name: 'desk',
      hostname: 'desk-host',
      region_id: REGION,
      status: 'Running',
      state_version: 1,
      wanted_running: 1,
      bundle_id: 'bundle_demo',
      image_id: 'm-none',
      office_site_id: '',
      policy_group_id: '',
      end_user_ids: '[]',
      charge_type: 'PostPaid',
      cpus: 1,
      memory_mib: 256,
      network: 'isolated',
      firmware: 'bios',
      mac: '02:00:00:00:00:01',
      uuid: '00000000-0000-4000-8000-000000000000',
      creator: 'alice',
      created_at: NOW - 3_600_000 + this.#serial,
      started_at: null,
      deleted_at: null,
      qemu_pid: null,
      qemu_start_time: null,
      stop_reason: '',
      ...row,
    };
    await this.catalogue.db.insertInto('desktops').values(values).execute();
    return id;
  }

  async disk(desktopId: string, type: 'system' | 'data', bytes: number): Promise<string> {
    const id = this.#id('d', 17);
    const values = { id, desktop_id: desktopId, type, size_bytes: bytes, active_layer: 'l-x' };
    await this.catalogue.db.insertInto('disks').values(values).execute();
    return id;
  }

  async snapshot(row: Partial<Insertable<SnapshotTable>> = {}): Promise<string> {
    const id = row.id ?? this.#id('s', 20);
    const values: Insertable<SnapshotTable> = {
      id,
      name: 'before update',
      description: '',
      region_id: REGION,
      desktop_id: 'ecd-gone',
      desktop_name: 'gone',
      disk_id: 'd-1',
      disk_type: 'system',
      disk_size_bytes: 4 * 1024 ** 3,
      os_type: 'Linux',
      type: 'USER',
      status: 'ACCOMPLISHED',
      failure: '',
      creator: 'alice',
      consistency: 'crash',
      created_at: NOW - 600_000 + this.#serial,
      archived_at: null,
      root: null,
      layer_id: null,
      total_bytes: null,
      done_bytes: 0,
      stored_bytes: null,
      ...row,
    };
    await this.catalogue.db.insertInto('snapshots').values(values).execute();
    return id;
  }

  async invocation(
    row: Partial<Insertable<InvocationTable>>,
    desktops: readonly (Partial<Insertable<InvocationDesktopTable>> & { desktop_id: string })[],
  ): Promise<string> {
    const id = row.id ?? this.#id('t', 17);
    const created_at = NOW - 60_000 + this.#serial;
    const { db } = this.catalogue;
    const invocation: Insertable<InvocationTable> = {
      id,
      region_id: REGION,
      type: 'RunShellScript',
      content: 'echo hällo',
      content_encoding: 'PlainText',
      end_user_id: '',
      timeout_s: 60,
      creator: 'alice',
      created_at,
      ...row,
    };
    await db.insertInto('invocations').values(invocation).execute();
    for (const desktop of desktops) {
      const values: Insertable<InvocationDesktopTable> = {
        invocation_id: id,
        status: 'Success',
        created_at,
        started_at: null,
        finished_at: null,
        exit_code: null,
        output: null,
        dropped: 0,
        error_code: '',
        error_info: '',
        ...desktop,
      };
      await db.insertInto('invocation_desktops').values(values).execute();
    }
    return id;
  }

  async close(): Promise<void> {
    await this.catalogue.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #id(prefix: string, length: number): string {
    return `${prefix}-${String(++this.#serial).padStart(length, '0')}`;
  }
}
