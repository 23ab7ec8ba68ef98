import { afterEach, describe, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { type Answer, FakePeer, fakeQmp, GREETING } from './fake-peer.ts';
import { QmpClient } from './qmp.ts';

let peer: FakePeer;
let client: QmpClient | undefined;

async function session(answer: Answer): Promise<QmpClient> {
  peer = await fakeQmp(answer);
  return (client = await QmpClient.connect(peer.path, { timeoutMs: 2_000 }));
}

afterEach(async () => {
  client?.close();
  await peer?.close();
});

const code = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'answered',
    (error) => (error as EcdError).code,
  );

describe('QmpClient', () => {
  test('gives each caller its own answer, whatever the order', async () => {
    const held: object[] = [];
    const qmp = await session((command, p) => {
      held.push({ return: command.execute, id: command.id! });
      if (held.length === 3) p.send(...held.reverse());
    });
    expect(await Promise.all(['a', 'b', 'c'].map((name) => qmp.execute(name)))).toEqual(['a', 'b', 'c']);
  });

  test('drops replies with another id or none', async () => {
    const qmp = await session((command, p) => {
      p.send({ return: 'wrong', id: 'other' }, { return: 'wrong' }, { error: { class: 'X', desc: 'wrong' } });
      p.send({ return: 'wrong', id: 0 }, { return: 'right', id: command.id! });
    });
    expect(await qmp.execute('query-status')).toBe('right');
    expect(new Set(peer.received.map((each) => each.id)).size).toBe(2);
    expect(peer.received.every((each) => /^[\w-]{16}$/.test(each.id!))).toBe(true);
  });

  test('an error reply tells command, class and reason', async () => {
    const qmp = await session((command, p) =>
      p.send({ error: { class: 'GenericError', desc: 'no such node' }, id: command.id! }),
    );
    const error = await qmp.execute('blockdev-del').catch((e) => e);
    expect(error).toBeInstanceOf(EcdError);
    expect(error).toMatchObject({
      code: 'Qemu.CommandFailed',
      details: { command: 'blockdev-del', reason: 'no such node', class: 'GenericError' },
    });
  });

  test('a hanging command ends at its deadline; its late reply disturbs nothing', async () => {
    const qmp = await session((command, p) => {
      if (command.execute === 'slow') setTimeout(() => p.send({ return: 'late', id: command.id! }), 80);
      else setTimeout(() => p.send({ return: 'quick', id: command.id! }), 120);
    });
    expect(await code(qmp.execute('slow', {}, { timeoutMs: 30 }))).toBe('Qemu.TimedOut');
    expect(await qmp.execute('next')).toBe('quick');
    expect(qmp.isOpen).toBe(true);
  });

  test('an abort ends the wait, and before the start nothing is sent', async () => {
    const qmp = await session(() => {});
    const abort = new AbortController();
    const running = qmp.execute('slow', {}, { signal: abort.signal });
    setTimeout(() => abort.abort(), 10);
    expect(await code(running)).toBe('Cancelled');
    expect(await code(qmp.execute('never', {}, { signal: abort.signal }))).toBe('Cancelled');
    expect(peer.received.map((each) => each.execute)).toEqual(['qmp_capabilities', 'slow']);
  });

  test('a lost connection fails what is under way and what comes after', async () => {
    const qmp = await session((_, p) => p.drop());
    const event = code(qmp.waitEvent('STOP'));
    expect(await code(qmp.execute('quit'))).toBe('Qemu.ConnectionLost');
    expect(await event).toBe('Qemu.ConnectionLost');
    await qmp.closed;
    expect(qmp.isOpen).toBe(false);
    expect(await code(qmp.execute('quit'))).toBe('Qemu.ConnectionLost');
    expect(await code(qmp.waitEvent('STOP'))).toBe('Qemu.ConnectionLost');
  });

  test('reads a reply of several megabytes, byte by byte at its beginning', async () => {
    const big = 'ü'.repeat(3_000_000);
    const qmp = await session((command, p) => {
      const line = Buffer.from(`${JSON.stringify({ return: big, id: command.id })}\r\n`);
      for (let i = 0; i < 30; i++) p.send(line.subarray(i, i + 1));
      p.send(line.subarray(30));
    });
    expect(await qmp.execute('big')).toBe(big);
  });

  test.each([
    ['a line over 16 MiB', 'x'.repeat(17 * 1024 * 1024)],
    ['garbage', 'SSH-2.0-what\r\n'],
    ['JSON that is no object', '[1]\n'],
    ['JSON that is nested too deep', `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}\n`],
  ])('%s ends the session', async (_, text) => {
    const qmp = await session((_command, p) => p.send(text));
    expect(await code(qmp.execute('x'))).toBe('Qemu.ConnectionLost');
    expect(qmp.isOpen).toBe(false);
  });

  test('hands out events by name and all, in order, until taken off; a failing listener harms nobody', async () => {
    const qmp = await session((command, p) =>
      p.send(
        { event: 'STOP', data: {}, timestamp: {} },
        { event: 'RESUME', timestamp: {} },
        { return: {}, id: command.id! },
      ),
    );
    const seen: string[] = [];
    qmp.on('STOP', () => {
      throw new Error('listener');
    });
    const off = qmp.on('STOP', () => seen.push('stop'));
    qmp.on('*', (_data, { event }) => seen.push(event));
    await qmp.execute('x');
    off();
    await qmp.execute('x');
    expect(seen).toEqual(['stop', 'STOP', 'RESUME', 'STOP', 'RESUME']);
  });

  test('waits for the event that is meant', async () => {
    const qmp = await session((_, p) =>
      p.send(
        { event: 'E', data: { id: 1 } },
        { event: 'F', data: { id: 2 } },
        { event: 'E', data: { id: 2 } },
      ),
    );
    const wanted = qmp.waitEvent('E', (data) => data['id'] === 2, { timeoutMs: 1_000 });
    expect(await code(qmp.execute('x', {}, { timeoutMs: 50 }))).toBe('Qemu.TimedOut');
    expect((await wanted).data).toEqual({ id: 2 });
    expect(await code(qmp.waitEvent('E', () => false, { timeoutMs: 20 }))).toBe('Qemu.TimedOut');
  });
});

describe('connecting', () => {
  test('waits for a socket that appears late, and gives up at the deadline', async () => {
    peer = await fakeQmp(() => {});
    const missing = `${peer.path}-later`;
    const began = Date.now();
    expect(await code(QmpClient.connect(missing, { timeoutMs: 150 }))).toBe('Qemu.ConnectionLost');
    expect(Date.now() - began).toBeLessThan(1_000);
    const { rename } = await import('node:fs/promises');
    const connecting = QmpClient.connect(missing, { timeoutMs: 2_000 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await rename(peer.path, missing);
    client = await connecting;
    expect(client.isOpen).toBe(true);
  });

  test('a peer that greets twice is not talked to', async () => {
    const qmp = await session((_, p) => p.send(GREETING));
    expect(await code(qmp.execute('query-status'))).toBe('Qemu.ConnectionLost');
    expect(qmp.isOpen).toBe(false);
  });

  test('a peer that never greets, or never answers, ends at the deadline', async () => {
    peer = await FakePeer.listen(() => {});
    expect(await code(QmpClient.connect(peer.path, { timeoutMs: 60 }))).toBe('Qemu.TimedOut');
    await peer.close();
    peer = await FakePeer.listen(() => {}, `{"return":{},"id":"stray"}\n${GREETING}`);
    expect(await code(QmpClient.connect(peer.path, { timeoutMs: 60 }))).toBe('Qemu.TimedOut');
    expect(peer.received.map((each) => each.execute)).toEqual(['qmp_capabilities']);
  });

  test('an abort ends it', async () => {
    const signal = AbortSignal.timeout(30);
    expect(await code(QmpClient.connect('/nonexistent/s', { timeoutMs: 5_000, signal }))).toBe('Cancelled');
  });

  test('a path the kernel does not take is said to be too long', async () => {
    const error = await QmpClient.connect(`/tmp/${'é'.repeat(60)}`).catch((e) => e);
    expect(error.code).toBe('Qemu.StartFailed');
    expect(error.message).toMatch(/data path is too long.*107/);
  });
});
