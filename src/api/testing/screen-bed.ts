/** A door with screens, the real rules of tickets, a VNC server that the test plays, and pages that connect. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { Catalogue } from '../../catalogue/catalogue.ts';
import { issueTicket, spendTicket } from '../../catalogue/tickets.ts';
import { EcdError } from '../../errors.ts';
import type { AnswerRecord, DoorPorts } from '../ports.ts';
import { startToyDoor, type ToyDoor } from './toy-door.ts';

export interface Page {
  readonly socket: WebSocket;
  /** All that came, in order: texts, and bytes as text with a `<` before. */
  readonly got: string[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  opened(): Promise<void>;
}

export class ScreenBed {
  readonly folder = mkdtempSync(join(tmpdir(), 'openecd-screens-'));
  readonly catalogue: Catalogue;
  toy!: ToyDoor;
  stopping!: AbortController;
  /** Connections that the VNC server of ecd-1 has got. */
  guests: Socket[] = [];
  audit: AnswerRecord[] = [];
  now = 0;
  keyStatus: 'Active' | 'Inactive' = 'Active';
  allowed: (resource: string) => boolean = () => true;
  connect: (desktopId: string) => Promise<Duplex> = async () => this.#socketOf('ecd-1');
  #pages: WebSocket[] = [];
  #vnc: Server | undefined;

  /** Two desktops that run, and nothing that listens yet. */
  constructor() {
    const file = join(this.folder, 'catalogue.db');
    this.catalogue = Catalogue.open(file);
    const database = new DatabaseSync(file);
    for (const id of ['ecd-1', 'ecd-2'])
      database.exec(`INSERT INTO desktops (id, name, hostname, region_id, status, state_version, wanted_running,
      bundle_id, image_id, office_site_id, policy_group_id, end_user_ids, charge_type, cpus, memory_mib, network, firmware,
      mac, uuid, creator, created_at, stop_reason)
      VALUES ('${id}', 'lab', 'lab', 'cn-hangzhou', 'Running', 1, 0, 'b', 'm', '', '', '[]', 'PostPaid', 1, 256, 'none',
        'bios', '', 'u', 'alice', 1000, '')`);
    database.close();
  }

  /** Everything as at first, for the next test. */
  async start(): Promise<void> {
    await this.catalogue.db.updateTable('desktops').set({ status: 'Running' }).execute();
    this.guests = [];
    this.audit = [];
    this.now = Date.now();
    this.keyStatus = 'Active';
    this.allowed = () => true;
    this.connect = async (desktopId) => this.#socketOf(desktopId);
    this.stopping = new AbortController();
    this.#vnc = createServer((socket) => {
      this.guests.push(socket.on('error', () => {}));
      socket.write('RFB 003.008\n');
    }).listen(join(this.folder, 'ecd-1'));
    await this.serve();
  }

  async serve(settings: DoorPorts['settings'] = {}): Promise<void> {
    const { audit } = this;
    this.toy = await startToyDoor({
      settings: { screenTimes: { ticketMs: 300, againMs: 50, silentMs: 20_000 }, ...settings },
      stopping: this.stopping.signal,
      clock: () => this.now,
      audit: (answer) => void audit.push(answer),
      keys: {
        find: async (id) =>
          id === 'key' ? { secret: 'x', status: this.keyStatus, userName: 'alice' } : null,
      },
      access: {
        rightsOf: ({ userName }) => ({
          full: false,
          require: ({ operation, resources }) => {
            const right = userName === 'alice' && operation === 'GetConnectionTicket';
            if (!right || !resources?.every(this.allowed))
              throw new EcdError('NoPermission', { action: operation });
          },
        }),
      },
      screens: {
        spend: (ticket) => spendTicket(this.catalogue.db, ticket, this.now),
        connect: (desktopId) => this.connect(desktopId),
      },
    });
  }

  /** The same service with other settings. */
  async serveAgain(settings: DoorPorts['settings']): Promise<void> {
    await this.toy.close();
    await this.serve(settings);
  }

  async stop(): Promise<void> {
    for (const one of this.#pages.splice(0)) one.terminate();
    await this.toy.close();
    for (const guest of this.guests) guest.destroy();
    this.#vnc?.close();
  }

  async remove(): Promise<void> {
    await this.catalogue.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A ticket of alice, made at the time given. */
  async ticket(desktopId = 'ecd-1', at = this.now): Promise<string> {
    const holder = { desktopId, userName: 'alice', accessKeyId: 'key' };
    return (await this.catalogue.transaction((trx) => issueTicket(trx, holder, at))).ticket;
  }

  /** A page that has sent the ticket as its first message. `origin` is this server's if not given. */
  page(ticket: string | Buffer | null, origin = `http://127.0.0.1:${this.toy.port}`, path = '/screen'): Page {
    const headers = origin === '' ? {} : { origin };
    const socket = new WebSocket(`ws://127.0.0.1:${this.toy.port}${path}`, { headers });
    this.#pages.push(socket);
    const got: string[] = [];
    const first = Promise.withResolvers<void>();
    const end = Promise.withResolvers<{ code: number; reason: string }>();
    socket.on('open', () => ticket !== null && socket.send(ticket));
    socket.on('message', (data, isBinary) => {
      got.push(isBinary ? `<${data}` : String(data));
      if (!isBinary) first.resolve();
    });
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) =>
      end.resolve({ code: response.statusCode ?? 0, reason: 'http' }),
    );
    socket.on('close', (code, reason) => end.resolve({ code, reason: String(reason) }));
    return { socket, got, closed: end.promise, opened: () => first.promise };
  }

  /** A page that is open. */
  async openPage(): Promise<Page> {
    const page = this.page(await this.ticket());
    await page.opened();
    return page;
  }

  /** How many connections the service has ended. */
  ended(): number {
    return this.guests.filter((guest) => guest.destroyed || guest.readableEnded).length;
  }

  #socketOf(desktopId: string): Duplex {
    return createConnection(join(this.folder, desktopId));
  }
}
