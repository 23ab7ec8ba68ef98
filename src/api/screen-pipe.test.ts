/** A screen that is open: its bytes, its limits, its end. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_MESSAGE, MOST_OPEN } from './screens.ts';
import { type Page, ScreenBed } from './testing/screen-bed.ts';

let bed: ScreenBed;
beforeAll(() => {
  bed = new ScreenBed();
});
afterAll(() => bed.remove());
beforeEach(() => bed.start());
afterEach(() => bed.stop());

describe('an open screen', () => {
  it('ends when its desktop does', async () => {
    const one = await bed.openPage();
    bed.guests[0]!.end();
    expect(await one.closed).toEqual({ code: 1000, reason: 'ended' });
  });

  it('ends soon after its key was disabled or its right was taken away', async () => {
    const [first, second] = [await bed.openPage(), await bed.openPage()];
    bed.keyStatus = 'Inactive';
    expect(await first.closed).toEqual({ code: 4400, reason: 'InvalidAccessKeyId.Inactive' });
    await second.closed;
    bed.keyStatus = 'Active';
    const third = await bed.openPage();
    bed.allowed = () => false;
    expect(await third.closed).toEqual({ code: 4403, reason: 'NoPermission' });
    await expect.poll(() => bed.ended()).toBe(3);
  });

  it('ends with the service', async () => {
    const one = await bed.openPage();
    bed.stopping.abort();
    expect(await one.closed).toEqual({ code: 1001, reason: 'the service ends' });
    expect((await bed.page(await bed.ticket()).closed).code).toBe(503);
  });

  it('does not keep the service from ending, though its page answers nothing', async () => {
    const one = await bed.openPage();
    one.socket.pause();
    const began = performance.now();
    await bed.toy.close();
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('is one of a few of its desktop', async () => {
    const pages: Page[] = [];
    for (let at = 0; at < MOST_OPEN; at++) {
      pages.push(await bed.openPage());
    }
    expect((await bed.page(await bed.ticket()).closed).reason).toBe('QuotaExceed.Screen');
    pages[0]!.socket.close();
    await pages[0]!.closed;
    await expect.poll(() => bed.audit.some((entry) => entry.operation === 'CloseScreen')).toBe(true);
    await bed.openPage();
  });

  it('whose page gives no sign of life is ended', async () => {
    await bed.serveAgain({ screenTimes: { silentMs: 100 } });
    const [alive, silent] = [await bed.openPage(), await bed.openPage()];
    silent.socket.pause();
    await expect.poll(() => bed.ended()).toBe(1);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('takes no message that is too large', async () => {
    const one = await bed.openPage();
    one.socket.send(Buffer.alloc(MAX_MESSAGE));
    one.socket.send(Buffer.alloc(MAX_MESSAGE + 1));
    expect((await one.closed).code).toBe(1009);
  });

  it('reads its desktop no faster than the page takes it', async () => {
    const one = await bed.openPage();
    one.socket.pause();
    const block = Buffer.alloc(1 << 20, 7);
    const blocks = 64;
    let written = 0;
    const guest = bed.guests[0]!;
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
    const one = await bed.openPage();
    const guest = bed.guests[0]!.pause();
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
