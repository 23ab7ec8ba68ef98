/** Screens through the door, with the real rules of tickets and a VNC server that the test plays. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Catalogue } from '../catalogue/catalogue.ts';
import { issueTicket, spendTicket, TICKET_MS } from '../catalogue/tickets.ts';
import { EcdError } from '../errors.ts';
import type { AnswerRecord, DoorPorts } from './ports.ts';
import { MAX_MESSAGE, MOST_OPEN } from './screens.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

let folder: string;
let catalogue: Catalogue;
let vnc: Server;
let toy: ToyDoor;
let stopping: AbortController;
/** Connections that the VNC server has got. */
let guests: Socket[];
let audit: AnswerRecord[];
let now: number;
let keyStatus: 'Active' | 'Inactive';
let connect: (desktopId: string) => Promise<Duplex>;
let allowed: (desktop: string) => boolean;
const opened: WebSocket[] = [];

async function start(settings: DoorPorts['settings'] = {}): Promise<void> {
  const log = audit;
  toy = await startToyDoor({
    settings: { screenTimes: { ticketMs: 300, againMs: 50, silentMs: 20_000 }, ...settings },
    stopping: stopping.signal,
    clock: () => now,
    audit: (answer) => void log.push(answer),
    keys: {
      find: async (id) => (id === 'key' ? { secret: 'x', status: keyStatus, userName: 'alice' } : null),
    },
    access: {
      rightsOf: ({ userName }) => ({
        full: false,
        require: ({ operation, resources }) => {
          const right = userName === 'alice' && operation === 'GetConnectionTicket';
          if (!right || !resources?.every(allowed)) throw new EcdError('NoPermission', { action: operation });
        },
      }),
    },
    screens: {
      spend: (ticket) => spendTicket(catalogue.db, ticket, now),
      connect: (desktopId) => connect(desktopId),
    },
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-screens-'));
  catalogue = Catalogue.open(join(folder, 'catalogue.db'));
  const database = new DatabaseSync(join(folder, 'catalogue.db'));
  for (const id of ['ecd-1', 'ecd-2'])
    database.exec(`INSERT INTO desktops VALUES ('${id}', 'lab', 'lab', 'cn-hangzhou', 'Running', 1, 0, 'b', 'm', '', '',
      '[]', 'PostPaid', 1, 256, 'none', 'bios', '', 'u', 'alice', 1000, NULL, NULL, NULL, NULL, '')`);
  database.close();
});
afterAll(async () => {
  await catalogue.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await catalogue.db.updateTable('desktops').set({ status: 'Running' }).execute();
  guests = [];
  audit = [];
  now = Date.now();
  keyStatus = 'Active';
  allowed = () => true;
  connect = async (desktopId) => createConnection(join(folder, desktopId));
  stopping = new AbortController();
  vnc = createServer((socket) => {
    guests.push(socket.on('error', () => {}));
    socket.write('RFB 003.008\n');
  }).listen(join(folder, 'ecd-1'));
  await start();
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.terminate();
  await toy.close();
  for (const guest of guests) guest.destroy();
  vnc.close();
});

const ticketOf = async (desktopId = 'ecd-1', at = now) =>
  (
    await catalogue.transaction((trx) =>
      issueTicket(trx, { desktopId, userName: 'alice', accessKeyId: 'key' }, at),
    )
  ).ticket;

interface Page {
  readonly socket: WebSocket;
  /** All that came, in order: texts, and bytes as text with a `<` before. */
  readonly got: string[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  opened(): Promise<void>;
}

/** A page of the origin given (of this server if none) that has sent the ticket as its first message. */
function page(
  ticket: string | Buffer | null,
  origin = `http://127.0.0.1:${toy.port}`,
  path = '/screen',
): Page {
  const headers = origin === '' ? {} : { origin };
  const socket = new WebSocket(`ws://127.0.0.1:${toy.port}${path}`, { headers });
  opened.push(socket);
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

describe('with a ticket', () => {
  it('bytes go both ways as they are, after the answer', async () => {
    const one = page(await ticketOf());
    await one.opened();
    await expect.poll(() => one.got).toEqual(['open', '<RFB 003.008\n']);
    const wanted = Buffer.from([0, 255, 10, 13, 128]);
    const came = new Promise<Buffer>((done) => guests[0]!.once('data', done));
    one.socket.send(wanted);
    expect(await came).toEqual(wanted);
  });

  it('the opening and the end stand in the audit log, and no ticket', async () => {
    const ticket = await ticketOf();
    const one = page(ticket);
    await one.opened();
    one.socket.close();
    await expect.poll(() => audit.map((entry) => entry.operation)).toEqual(['OpenScreen', 'CloseScreen']);
    expect(audit[0]).toMatchObject({
      ...{ userName: 'alice', accessKeyId: 'key', resources: ['desktop/ecd-1'], kind: 'write', code: 'OK' },
      source: '127.0.0.1',
    });
    expect(JSON.stringify([audit, toy.logs])).not.toContain(ticket);
    await expect.poll(() => guests[0]!.destroyed || guests[0]!.readableEnded).toBe(true);
  });

  it('it opens once', async () => {
    const ticket = await ticketOf();
    await page(ticket).opened();
    expect(await page(ticket).closed).toEqual({ code: 4403, reason: 'OperationDenied.TicketInvalid' });
    expect(guests).toHaveLength(1);
  });

  it('of many that use it at once one opens', async () => {
    const ticket = await ticketOf();
    const pages = Array.from({ length: 8 }, () => page(ticket));
    const ends = await Promise.all(
      pages.map((one) =>
        Promise.race([one.closed.then(({ code }) => code), one.opened().then(() => 'open')]),
      ),
    );
    expect(ends.filter((end) => end === 'open')).toHaveLength(1);
    expect(ends.filter((end) => end === 4403)).toHaveLength(7);
  });

  it('it opens its own desktop: nothing that a page sends names another one', async () => {
    const other: Socket[] = [];
    const second = createServer((socket) => void other.push(socket)).listen(join(folder, 'ecd-2'));
    await page(await ticketOf('ecd-2')).opened();
    expect([guests.length, other.length]).toEqual([0, 1]);
    for (const guest of other) guest.destroy();
    second.close();
  });

  it.each([
    ['too old', async () => ticketOf('ecd-1', now - TICKET_MS), 'OperationDenied.TicketInvalid'],
    ['unknown', async () => 'x'.repeat(128), 'OperationDenied.TicketInvalid'],
    ['bytes', async () => Buffer.from(await ticketOf()), 'OperationDenied.TicketInvalid'],
    ['far too long', async () => 'x'.repeat(2000), 'OperationDenied.TicketInvalid'],
  ])('one that is %s opens nothing', async (_, make, reason) => {
    expect(await page(await make()).closed).toEqual({ code: 4403, reason });
    expect(guests).toEqual([]);
    expect(audit).toMatchObject([{ operation: 'OpenScreen', code: reason, status: 403 }]);
  });

  it('a desktop that does not run is not opened', async () => {
    const ticket = await ticketOf();
    await catalogue.db.updateTable('desktops').set({ status: 'Stopped' }).execute();
    expect(await page(ticket).closed).toEqual({ code: 4403, reason: 'IncorrectDesktopStatus' });
  });

  it('the key must be there and active, and the right too', async () => {
    keyStatus = 'Inactive';
    expect((await page(await ticketOf()).closed).reason).toBe('InvalidAccessKeyId.Inactive');
    keyStatus = 'Active';
    allowed = (desktop) => desktop !== 'desktop/ecd-1';
    expect((await page(await ticketOf()).closed).reason).toBe('NoPermission');
    expect(guests).toEqual([]);
  });

  it('a QEMU that cannot be reached is a fault of the service, told in its log alone', async () => {
    connect = async () => {
      throw new EcdError('Qemu.ConnectionLost', { what: '/secret/path' });
    };
    const { code, reason } = await page(await ticketOf()).closed;
    expect(code).toBeGreaterThanOrEqual(4500);
    expect(['InternalError', 'ServiceUnavailable']).toContain(reason);
    expect(JSON.stringify(toy.logs)).toContain('/secret/path');
  });
});

describe('an open screen', () => {
  it('ends when its desktop does', async () => {
    const one = page(await ticketOf());
    await one.opened();
    guests[0]!.end();
    expect(await one.closed).toEqual({ code: 1000, reason: 'ended' });
  });

  it('ends soon after its key was disabled or its right was taken away', async () => {
    const [first, second] = [page(await ticketOf()), page(await ticketOf())];
    await Promise.all([first.opened(), second.opened()]);
    keyStatus = 'Inactive';
    expect(await first.closed).toEqual({ code: 4400, reason: 'InvalidAccessKeyId.Inactive' });
    await second.closed;
    keyStatus = 'Active';
    const third = page(await ticketOf());
    await third.opened();
    allowed = () => false;
    expect(await third.closed).toEqual({ code: 4403, reason: 'NoPermission' });
    await expect.poll(() => guests.every((guest) => guest.destroyed || guest.readableEnded)).toBe(true);
  });

  it('ends with the service', async () => {
    const one = page(await ticketOf());
    await one.opened();
    stopping.abort();
    expect(await one.closed).toEqual({ code: 1001, reason: 'the service ends' });
    expect((await page(await ticketOf()).closed).code).toBe(503);
  });

  it('does not keep the service from ending, though its page answers nothing', async () => {
    const one = page(await ticketOf());
    await one.opened();
    one.socket.pause();
    const began = performance.now();
    await toy.close();
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('is one of a few of its desktop', async () => {
    const pages: Page[] = [];
    for (let at = 0; at < MOST_OPEN; at++) {
      pages.push(page(await ticketOf()));
      await pages.at(-1)!.opened();
    }
    expect((await page(await ticketOf()).closed).reason).toBe('QuotaExceed.Screen');
    pages[0]!.socket.close();
    await pages[0]!.closed;
    await expect.poll(() => audit.some((entry) => entry.operation === 'CloseScreen')).toBe(true);
    await page(await ticketOf()).opened();
  });

  it('whose page gives no sign of life is ended', async () => {
    await toy.close();
    await start({ screenTimes: { silentMs: 100 } });
    const [alive, silent] = [page(await ticketOf()), page(await ticketOf())];
    await Promise.all([alive.opened(), silent.opened()]);
    silent.socket.pause();
    await expect.poll(() => guests.filter((guest) => guest.readableEnded || guest.destroyed).length).toBe(1);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('takes no message that is too large', async () => {
    const one = page(await ticketOf());
    await one.opened();
    one.socket.send(Buffer.alloc(MAX_MESSAGE));
    one.socket.send(Buffer.alloc(MAX_MESSAGE + 1));
    expect((await one.closed).code).toBe(1009);
  });

  it('reads its desktop no faster than the page takes it', async () => {
    const one = page(await ticketOf());
    await one.opened();
    one.socket.pause();
    const block = Buffer.alloc(1 << 20, 7);
    const blocks = 64;
    let written = 0;
    const guest = guests[0]!;
    const write = () => {
      while (written < blocks) {
        written++;
        if (!guest.write(block)) return guest.once('drain', write);
      }
    };
    write();
    await new Promise((done) => setTimeout(done, 500));
    // What the kernel and the service hold is far from all of it.
    expect(written).toBeLessThan(blocks / 2);
    let taken = 0;
    one.socket.on('message', (data: Buffer) => (taken += data.length));
    one.socket.resume();
    await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThanOrEqual(blocks * block.length);
  });

  it('reads its page no faster than the desktop takes it', async () => {
    const one = page(await ticketOf());
    await one.opened();
    const guest = guests[0]!.pause();
    const block = Buffer.alloc(MAX_MESSAGE, 7);
    const blocks = 1024;
    for (let at = 0; at < blocks; at++) one.socket.send(block);
    await new Promise((done) => setTimeout(done, 500));
    expect(one.socket.bufferedAmount).toBeGreaterThan((blocks * block.length) / 2);
    let taken = 0;
    guest.on('data', (data: Buffer) => (taken += data.length));
    guest.resume();
    await expect.poll(() => taken, { timeout: 10_000 }).toBe(blocks * block.length);
  });
});

describe('a connection', () => {
  it.each([
    ['another server', 'http://evil.example'],
    ['another port', 'http://127.0.0.1:1'],
    ['a name that begins like this one', 'http://127.0.0.1.evil.example'],
    ['a sandbox', 'null'],
    ['a file', 'file://'],
    ['nowhere', ''],
  ])('from a page of %s is refused before its ticket is spent', async (_, origin) => {
    const ticket = await ticketOf();
    expect(await page(ticket, origin).closed).toEqual({ code: 403, reason: 'http' });
    await page(ticket).opened();
  });

  it('from a page of a name that the settings give is taken', async () => {
    await toy.close();
    await start({ publicUrl: 'https://desk.example', trustedHosts: ['other.example:8443'] });
    for (const origin of ['https://desk.example', 'https://other.example:8443'])
      await page(await ticketOf(), origin).opened();
    for (const origin of ['https://other.example', 'https://desk.example:444'])
      expect((await page(await ticketOf(), origin).closed).code).toBe(403);
  });

  it('without TLS is refused where TLS is demanded', async () => {
    await toy.close();
    await start({ requireTls: true });
    expect((await page(await ticketOf()).closed).code).toBe(403);
  });

  it('that sends no ticket is ended', async () => {
    expect(await page(null).closed).toEqual({ code: 4408, reason: 'no ticket in time' });
  });

  it('that sends more before it is answered is ended', async () => {
    const one = page(null);
    one.socket.once('open', () => {
      one.socket.send('x');
      one.socket.send('y');
    });
    expect((await one.closed).code).toBe(1006);
  });

  it('whose first message is too large is ended', async () => {
    expect((await page('x'.repeat(MAX_MESSAGE + 1)).closed).code).toBe(1009);
  });

  it('has its ticket in no address', async () => {
    const ticket = await ticketOf();
    expect((await page(null, undefined, `/screen?ticket=${encodeURIComponent(ticket)}`).closed).code).toBe(
      404,
    );
    await page(ticket).opened();
  });

  it('of another kind, or a broken one, is an ordinary request', async () => {
    const say = (text: string) =>
      new Promise<string>((done) => {
        const socket = connectTcp(toy.port, '127.0.0.1', () => socket.write(text));
        socket.once('data', (bytes) => {
          done(String(bytes).split('\r\n')[0]!);
          socket.destroy();
        });
      });
    const head = 'Host: x\r\nConnection: Upgrade\r\n';
    expect(await say(`GET /healthz HTTP/1.1\r\n${head}Upgrade: h2c\r\n\r\n`)).toBe('HTTP/1.1 200 OK');
    expect(await say(`GET /healthz HTTP/1.1\r\n${head}Upgrade: websocket\r\n\r\n`)).toBe('HTTP/1.1 200 OK');
    expect(await say(`GET /screen HTTP/1.1\r\n${head}Upgrade: h2c\r\n\r\n`)).toMatch(/ 404 /);
    const origin = `Origin: http://x\r\n`;
    expect(await say(`GET /screen HTTP/1.1\r\n${head}${origin}Upgrade: websocket\r\n\r\n`)).toMatch(/ 400 /);
  });
});
