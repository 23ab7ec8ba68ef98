/** Who may open a screen, and with what. */
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TICKET_MS } from '../catalogue/tickets.ts';
import { EcdError } from '../errors.ts';
import { MAX_MESSAGE } from './screens.ts';
import { ScreenBed } from './testing/screen-bed.ts';

let bed: ScreenBed;
beforeAll(() => {
  bed = new ScreenBed();
});
afterAll(() => bed.remove());
beforeEach(() => bed.start());
afterEach(() => bed.stop());

describe('with a ticket', () => {
  it('bytes go both ways as they are, after the answer', async () => {
    const one = await bed.openPage();
    await expect.poll(() => one.got).toEqual(['open', '<RFB 003.008\n']);
    const wanted = Buffer.from([0, 255, 10, 13, 128]);
    const came = new Promise<Buffer>((done) => bed.guests[0]!.once('data', done));
    one.socket.send(wanted);
    expect(await came).toEqual(wanted);
  });

  it('the opening and the end stand in the audit log, and no ticket', async () => {
    const ticket = await bed.ticket();
    const one = bed.page(ticket);
    await one.opened();
    one.socket.close();
    await expect.poll(() => bed.audit.map((entry) => entry.operation)).toEqual(['OpenScreen', 'CloseScreen']);
    expect(bed.audit[0]).toMatchObject({
      ...{ userName: 'alice', accessKeyId: 'key', resources: ['desktop/ecd-1'], kind: 'write', code: 'OK' },
      source: '127.0.0.1',
    });
    expect(JSON.stringify([bed.audit, bed.toy.logs])).not.toContain(ticket);
    await expect.poll(() => bed.ended()).toBe(1);
  });

  it('it opens once', async () => {
    const ticket = await bed.ticket();
    await bed.page(ticket).opened();
    expect(await bed.page(ticket).closed).toEqual({ code: 4403, reason: 'OperationDenied.TicketInvalid' });
    expect(bed.guests).toHaveLength(1);
  });

  it('of many that use it at once one opens', async () => {
    const ticket = await bed.ticket();
    const pages = Array.from({ length: 8 }, () => bed.page(ticket));
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
    const second = createServer((socket) => void other.push(socket)).listen(join(bed.folder, 'ecd-2'));
    await bed.page(await bed.ticket('ecd-2')).opened();
    expect([bed.guests.length, other.length]).toEqual([0, 1]);
    for (const guest of other) guest.destroy();
    second.close();
  });

  it.each([
    ['too old', async () => bed.ticket('ecd-1', bed.now - TICKET_MS), 'OperationDenied.TicketInvalid'],
    ['unknown', async () => 'x'.repeat(128), 'OperationDenied.TicketInvalid'],
    ['bytes', async () => Buffer.from(await bed.ticket()), 'OperationDenied.TicketInvalid'],
    ['far too long', async () => 'x'.repeat(2000), 'OperationDenied.TicketInvalid'],
  ])('one that is %s opens nothing', async (_, make, reason) => {
    expect(await bed.page(await make()).closed).toEqual({ code: 4403, reason });
    expect(bed.guests).toEqual([]);
    expect(bed.audit).toMatchObject([{ operation: 'OpenScreen', code: reason, status: 403 }]);
  });

  it('a desktop that does not run is not opened', async () => {
    const ticket = await bed.ticket();
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Stopped' }).execute();
    expect(await bed.page(ticket).closed).toEqual({ code: 4403, reason: 'IncorrectDesktopStatus' });
  });

  it('the key must be there and active, and the right too', async () => {
    bed.keyStatus = 'Inactive';
    expect((await bed.page(await bed.ticket()).closed).reason).toBe('InvalidAccessKeyId.Inactive');
    bed.keyStatus = 'Active';
    bed.allowed = (desktop) => desktop !== 'desktop/ecd-1';
    expect((await bed.page(await bed.ticket()).closed).reason).toBe('NoPermission');
    expect(bed.guests).toEqual([]);
  });

  it('a QEMU that cannot be reached is a fault of the service, told in its log alone', async () => {
    bed.connect = async () => {
      throw new EcdError('Qemu.ConnectionLost', { what: '/secret/path' });
    };
    const { code, reason } = await bed.page(await bed.ticket()).closed;
    expect(code).toBeGreaterThanOrEqual(4500);
    expect(['InternalError', 'ServiceUnavailable']).toContain(reason);
    expect(JSON.stringify(bed.toy.logs)).toContain('/secret/path');
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
    const ticket = await bed.ticket();
    expect(await bed.page(ticket, origin).closed).toEqual({ code: 403, reason: 'http' });
    await bed.page(ticket).opened();
  });

  it('from a page of a name that the settings give is taken', async () => {
    await bed.serveAgain({ publicUrl: 'https://desk.example', trustedHosts: ['other.example:8443'] });
    for (const origin of ['https://desk.example', 'https://other.example:8443'])
      await bed.page(await bed.ticket(), origin).opened();
    for (const origin of ['https://other.example', 'https://desk.example:444'])
      expect((await bed.page(await bed.ticket(), origin).closed).code).toBe(403);
  });

  it('without TLS is refused where TLS is demanded', async () => {
    await bed.serveAgain({ requireTls: true });
    expect((await bed.page(await bed.ticket()).closed).code).toBe(403);
  });

  it('that sends no ticket is ended', async () => {
    expect(await bed.page(null).closed).toEqual({ code: 4408, reason: 'no ticket in time' });
  });

  it('that sends more before it is answered is ended', async () => {
    const one = bed.page(null);
    one.socket.once('open', () => {
      one.socket.send('x');
      one.socket.send('y');
    });
    expect((await one.closed).code).toBe(1006);
  });

  it('whose first message is too large is ended', async () => {
    expect((await bed.page('x'.repeat(MAX_MESSAGE + 1)).closed).code).toBe(1009);
  });

  it('has its ticket in no address', async () => {
    const ticket = await bed.ticket();
    expect(
      (await bed.page(null, undefined, `/screen?ticket=${encodeURIComponent(ticket)}`).closed).code,
    ).toBe(404);
    await bed.page(ticket).opened();
  });

  it('of another kind, or a broken one, is an ordinary request', async () => {
    const say = (text: string) =>
      new Promise<string>((done) => {
        const socket = connectTcp(bed.toy.port, '127.0.0.1', () => socket.write(text));
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
