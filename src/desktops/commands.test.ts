import { describe, expect, test } from 'vitest';
import { Limiter } from '../async.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { type InvocationStatus, listInvocations } from './command-list.ts';
import { nameOf } from './create.ts';
import { execOf, OUTPUT_BYTES, outcomeOf } from './guest-command.ts';
import { decode } from './new-command.ts';

describe('the content of a command', () => {
  test('text and Base64 of it are the same', () => {
    expect(decode('echo ä', 'PlainText').toString()).toBe('echo ä');
    expect(decode(Buffer.from('echo ä').toString('base64'), 'Base64').toString()).toBe('echo ä');
  });

  test.each([
    ['', 'PlainText'],
    ['%%%', 'Base64'],
    ['gIA=', 'Base64'],
    ['AAAA', 'Base64'],
    ['x'.repeat(16_385), 'PlainText'],
  ] as const)('refused: %j as %s', (content, encoding) => {
    expect(() => decode(content, encoding)).toThrow(expect.objectContaining({ code: 'InvalidParameter' }));
  });

  test('16 KiB are taken', () => {
    expect(decode('x'.repeat(16_384), 'PlainText')).toHaveLength(16_384);
  });
});

describe('what came of it', () => {
  const result = { exitCode: 0, signal: null, stdout: Buffer.from('out'), stderr: Buffer.alloc(0) };
  const shell = (stderr: string, stdout = 'out') =>
    outcomeOf(
      'RunShellScript',
      { ...result, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false },
      5_000,
    );

  test('the wrapper says how the script ended', () => {
    expect(shell('exit 0\ndropped 0\n')).toMatchObject({ exitCode: 0, dropped: 0, errorCode: '' });
    expect(shell('exit 3\ndropped 17\n')).toMatchObject({
      exitCode: 3,
      dropped: 17,
      errorCode: 'ExitCodeNonzero',
    });
    expect(shell('late\nexit 137\ndropped 0\n')).toMatchObject({ exitCode: 137, errorCode: 'Timeout' });
    expect(shell('')).toMatchObject({ exitCode: null, errorCode: 'ExitCodeNonzero' });
    expect(shell('exit 0\ndropped 1\n', 'x'.repeat(OUTPUT_BYTES + 5))).toMatchObject({ dropped: 6 });
  });

  test('other types are what the agent says', () => {
    const said = { ...result, stderr: Buffer.from('err'), truncated: false };
    expect(outcomeOf('RunBatScript', said, 5_000).output.toString()).toBe('outerr');
    expect(execOf('RunPowerShellScript', Buffer.from('ls'), 5_000, 't-1')).toMatchObject({
      path: 'powershell.exe',
      input: Buffer.from('ls'),
    });
  });
});

test('names of several desktops keep within 64 characters', () => {
  expect(nameOf({ name: '', nameSuffix: true }, 'ecd-1', 0)).toBe('ecd-1');
  expect(nameOf({ name: 'a', nameSuffix: false }, 'ecd-1', 4)).toBe('a');
  expect(nameOf({ name: 'a', nameSuffix: true }, 'ecd-1', 4)).toBe('a-0005');
  expect([...nameOf({ name: '字'.repeat(64), nameSuffix: true }, 'ecd-1', 9)]).toHaveLength(64);
});

test('a limiter runs so many at once, in order', async () => {
  const limiter = new Limiter(2);
  const log: string[] = [];
  let at = 0;
  let most = 0;
  const task = (name: string) => async () => {
    most = Math.max(most, ++at);
    log.push(name);
    await new Promise((resolve) => setTimeout(resolve, 1));
    at--;
    if (name === 'b') throw new Error('b');
  };
  const all = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => limiter.run(task(name))));
  expect(all.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(log).toEqual(['a', 'b', 'c', 'd']);
  expect(most).toBe(2);
  expect(limiter.idle).toBe(true);
});

describe('listing', () => {
  const CASES: [InvocationStatus, string[]][] = [
    ['Pending', ['Pending', 'Pending']],
    ['Running', ['Pending', 'Success']],
    ['Running', ['Running', 'Failed']],
    ['Finished', ['Success', 'Success']],
    ['PartialFailed', ['Success', 'Failed']],
    ['Failed', ['Failed', 'Failed']],
    ['Failed', ['Stopped', 'Failed']],
    ['Stopped', ['Stopped', 'Stopped']],
  ];

  test('status of the whole, filters, pages', async () => {
    const catalogue = Catalogue.open(':memory:');
    for (const [at, [, statuses]] of CASES.entries()) {
      const id = `t-${at}`;
      await catalogue.db
        .insertInto('invocations')
        .values({
          id,
          region_id: 'r',
          type: at % 2 ? 'RunShellScript' : 'RunBatScript',
          content: 'x',
          content_encoding: 'PlainText',
          end_user_id: at === 3 ? 'alice' : '',
          timeout_s: 1,
          creator: 'c',
          created_at: Math.floor(at / 2),
        })
        .execute();
      for (const [desktop, status] of statuses.entries()) {
        await catalogue.db
          .insertInto('invocation_desktops')
          .values({
            invocation_id: id,
            desktop_id: `ecd-${desktop}${at === 5 ? 'x' : ''}`,
            status: status as 'Failed',
            created_at: 1,
            started_at: null,
            finished_at: null,
            exit_code: null,
            output: Buffer.from('out'),
            dropped: 0,
            error_code: '',
            error_info: '',
          })
          .execute();
      }
    }
    const list = (filter: object, page: Parameters<typeof listInvocations>[2] = { limit: 50 }) =>
      listInvocations(catalogue.db, { regionId: 'r', ...filter }, page);
    const all = await list({});
    expect(all.invocations.map((each) => [each.id, each.status])).toEqual(
      CASES.map(([status], at) => [`t-${at}`, status]).reverse(),
    );
    expect(all).toMatchObject({ total: 8, next: null });
    expect(all.invocations[4]).toMatchObject({ desktopCount: 2, succeededCount: 2, endUserId: 'alice' });
    const seen: string[] = [];
    let after: { createdAt: number; id: string } | undefined;
    do {
      const page = await list({}, { limit: 3, after });
      seen.push(...page.invocations.map((each) => each.id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(all.invocations.map((each) => each.id));
    const ids = async (filter: object) => (await list(filter)).invocations.map((each) => each.id);
    expect(await ids({ status: 'Running' })).toEqual(['t-2', 't-1']);
    expect((await list({ status: 'Running' }, { limit: 1 })).total).toBe(2);
    expect(await ids({ endUserId: 'alice' })).toEqual(['t-3']);
    expect(await ids({ desktopIds: ['ecd-0x'] })).toEqual(['t-5']);
    expect(await ids({ regionId: 'other' })).toEqual([]);
    expect(await ids({ type: 'RunBatScript' })).toEqual(['t-6', 't-4', 't-2', 't-0']);
    const [one] = (await list({ invokeId: 't-3', includeOutput: true })).invocations;
    expect(one!.desktops.map((each) => each.output?.toString())).toEqual(['out', 'out']);
    expect(all.invocations[0]!.desktops[0]!.output).toBeNull();
    expect((await list({ includeDesktops: false })).invocations[0]!.desktops).toEqual([]);
    await catalogue.close();
  });
});
