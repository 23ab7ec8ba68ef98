import { afterEach, describe, expect, test } from 'vitest';
import type { EcdError } from '../errors.ts';
import { GuestAgent } from './agent.ts';
import { type Answer, FakePeer, fakeAgent } from './fake-peer.ts';

let peer: FakePeer;
let agent: GuestAgent | undefined;

async function session(answer: Answer): Promise<GuestAgent> {
  peer = await fakeAgent(answer);
  return (agent = await GuestAgent.connect(peer.path, { timeoutMs: 2_000 }));
}

afterEach(async () => {
  agent?.close();
  await peer?.close();
});

const code = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'answered',
    (error) => (error as EcdError).code,
  );
const sent = (): string[] => peer.received.map((each) => each.execute);

describe('GuestAgent', () => {
  test('freezes, thaws and tells the state', async () => {
    const answers: Record<string, unknown> = {
      'guest-fsfreeze-freeze': 2,
      'guest-fsfreeze-thaw': 2,
      'guest-fsfreeze-status': 'thawed',
      'guest-ping': {},
    };
    const ga = await session((command, p) => p.send({ return: answers[command.execute] }));
    await ga.ping(500);
    expect(await ga.freeze(500)).toBe(2);
    expect(await ga.thaw(500)).toBe(2);
    expect(await ga.fsStatus()).toBe('thawed');
  });

  test('sends one command after another', async () => {
    let open = 0;
    const ga = await session((command, p) => {
      expect(++open).toBe(1);
      setTimeout(() => {
        open--;
        p.send({ return: command.arguments['n'] });
      }, 5);
    });
    const answers = [1, 2, 3, 4].map((n) => ga.call('guest-info', { n }));
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
  });

  test('after a late answer it gets in step before the next command', async () => {
    const ga = await session((command, p) => {
      if (command.execute === 'guest-fsfreeze-freeze') setTimeout(() => p.send({ return: 99 }), 60);
      else p.send({ return: 1 });
    });
    expect(await code(ga.freeze(20))).toBe('Agent.NotAnswering');
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await ga.thaw(500)).toBe(1);
    expect(sent()).toEqual([
      'guest-sync-delimited',
      'guest-fsfreeze-freeze',
      'guest-sync-delimited',
      'guest-fsfreeze-thaw',
    ]);
  });

  test('an answer that arrives between a sync and its reply is not taken for one', async () => {
    peer = await FakePeer.listen((command, p) => {
      if (command.execute === 'guest-sync-delimited') {
        p.send({ return: 7 }, Buffer.of(0xff), { return: 123 }, '{"return": 5', Buffer.of(0xff));
        p.send({ return: command.arguments['id'] });
      } else p.send({ return: 3 });
    });
    agent = await GuestAgent.connect(peer.path, { timeoutMs: 1_000 });
    expect(await agent.thaw(500)).toBe(3);
  });

  test('an answer nobody asked for makes it get in step again', async () => {
    const ga = await session((_, p) => p.send({ return: 1 }, { return: 2 }));
    expect(await ga.thaw(500)).toBe(1);
    peer.answer = (command, p) => {
      if (command.execute === 'guest-sync-delimited') {
        p.send(Buffer.of(0xff), { return: command.arguments['id'] });
      } else p.send({ return: 8 });
    };
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ga.thaw(500)).toBe(8);
    expect(sent().filter((name) => name === 'guest-sync-delimited')).toHaveLength(2);
  });

  test('a deaf agent: connecting and commands end at their deadlines, those that wait for their turn too', async () => {
    peer = await FakePeer.listen(() => {});
    const began = Date.now();
    expect(await code(GuestAgent.connect(peer.path, { timeoutMs: 60 }))).toBe('Agent.NotAnswering');
    await peer.close();
    const ga = await session(() => {});
    const first = code(ga.call('guest-info', {}, { timeoutMs: 400 }));
    expect(await code(ga.thaw(30))).toBe('Agent.NotAnswering');
    expect(Date.now() - began).toBeLessThan(380);
    expect(await first).toBe('Agent.NotAnswering');
    expect(sent()).not.toContain('guest-fsfreeze-thaw');
  });

  test('an abort ends a command, and the connection can be used on', async () => {
    const ga = await session((command, p) => {
      if (command.execute !== 'guest-info') p.send({ return: 4 });
    });
    const call = ga.call('guest-info', {}, { signal: AbortSignal.timeout(20) });
    expect(await code(call)).toBe('Cancelled');
    expect(await ga.thaw(500)).toBe(4);
  });

  test.each([
    ['garbage', 'what?\n'],
    ['no answer at all in it', '{"event":"x"}\n'],
    ['JSON nested 40 deep', `{"return":${'['.repeat(40)}${']'.repeat(40)}}\n`],
    ['a line over 8 MiB', `{"return":"${'x'.repeat(9 * 1024 * 1024)}"}\n`],
    ['a count that is none', '{"return":"2"}\n'],
    ['a negative count', '{"return":-1}\n'],
  ])('%s is refused, and the next command works', async (_, text) => {
    const ga = await session((command, p) => {
      if (command.execute === 'guest-fsfreeze-freeze') p.send(text);
      else p.send({ return: 6 });
    });
    expect(await code(ga.freeze(2_000))).toBe('Agent.CommandFailed');
    expect(await ga.thaw(1_000)).toBe(6);
  });

  test('a guest that floods is cut off', async () => {
    const ga = await session(() => {});
    const junk = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 18; i++) peer.send(junk);
    await ga.closed;
    expect(await code(ga.ping(100))).toBe('Qemu.ConnectionLost');
  });

  test('a refusal of the agent tells why, bounded; a lost connection is said', async () => {
    const ga = await session((command, p) => {
      if (command.execute === 'guest-ping') p.drop();
      else p.send({ error: { class: 'GenericError', desc: `frozen ${'x'.repeat(5000)}` } });
    });
    const error = (await ga.thaw(500).catch((e) => e)) as EcdError;
    expect(error.code).toBe('Agent.CommandFailed');
    expect(error.message).toContain('frozen');
    expect(error.message.length).toBeLessThan(700);
    expect(await code(ga.ping(500))).toBe('Qemu.ConnectionLost');
  });

  test('shutting down: silence and a lost connection are success, a refusal and a deaf agent are not', async () => {
    const ga = await session((command, p) => {
      if (command.arguments['mode'] === 'reboot') p.send({ error: { class: 'X', desc: 'no' } });
    });
    await ga.shutdown('powerdown', 50);
    expect(await code(ga.shutdown('reboot', 500))).toBe('Agent.CommandFailed');
    peer.answer = () => {};
    expect(await code(ga.sync(30))).toBe('Agent.NotAnswering');
    expect(await code(ga.shutdown('powerdown', 50))).toBe('Agent.NotAnswering');
    peer.answer = (command, p) => {
      if (command.execute === 'guest-shutdown') p.drop();
      else p.send(Buffer.of(0xff), { return: command.arguments['id'] });
    };
    await ga.shutdown('powerdown', 500);
    expect(await code(ga.shutdown('powerdown', 50))).toBe('Qemu.ConnectionLost');
  });
});

describe('exec', () => {
  const run = { path: '/bin/sh', args: ['-c', 'x'], timeoutMs: 3_000, maxOutputBytes: 4 };

  test('passes everything on, asks until the end, cuts the output', async () => {
    let asked = 0;
    const ga = await session((command, p) => {
      if (command.execute === 'guest-exec') p.send({ return: { pid: 42 } });
      else if (++asked < 3) p.send({ return: { exited: false } });
      else p.send({ return: { exited: true, exitcode: 3, 'out-data': 'aGVsbG8=', 'err-data': 'aGk=' } });
    });
    const result = await ga.exec({ ...run, input: Buffer.from('in'), env: ['A=b'] });
    expect(result).toEqual({
      exitCode: 3,
      signal: null,
      stdout: Buffer.from('hell'),
      stderr: Buffer.from('hi'),
      truncated: true,
    });
    expect(asked).toBe(3);
    expect(peer.received.find((each) => each.execute === 'guest-exec')!.arguments).toEqual({
      path: '/bin/sh',
      arg: ['-c', 'x'],
      env: ['A=b'],
      'input-data': 'aW4=',
      'capture-output': true,
    });
  });

  test('a signal has no exit code; an endless program meets its deadline; an abort is heard', async () => {
    const ga = await session((command, p) => {
      if (command.execute === 'guest-exec')
        p.send({ return: { pid: command.arguments['path'] === 'kill' ? 1 : 2 } });
      else
        p.send({ return: command.arguments['pid'] === 1 ? { exited: true, signal: 9 } : { exited: false } });
    });
    expect(await ga.exec({ ...run, path: 'kill' })).toMatchObject({
      exitCode: null,
      signal: 9,
      truncated: false,
    });
    expect(await code(ga.exec({ ...run, timeoutMs: 100 }))).toBe('Agent.NotAnswering');
    expect(await code(ga.exec({ ...run, signal: AbortSignal.timeout(50) }))).toBe('Cancelled');
  });

  test.each([
    ['no pid', [{ return: {} }]],
    ['a status that is none', [{ return: { pid: 1 } }, { return: 'done' }]],
    [
      'output that is no text',
      [{ return: { pid: 1 } }, { return: { exited: true, 'out-data': { length: 1e9 } } }],
    ],
  ])('%s is refused', async (_, answers) => {
    const left = [...answers];
    const ga = await session((_command, p) => p.send(left.shift()!));
    expect(await code(ga.exec(run))).toBe('Agent.CommandFailed');
  });
});
