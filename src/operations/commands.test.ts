import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { overallStatus } from '../catalogue/invocations.ts';
import { EcdError } from '../errors.ts';
import { OPERATIONS } from './index.ts';
import { Bed, NOW, REGION } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

describe('RunCommand', () => {
  const good = { Type: 'RunShellScript', CommandContent: 'echo a', DesktopId: ['ecd-1', 'ecd-1'] };
  const code = (parameters: object) => bed.codeOf('RunCommand', { ...good, ...parameters });

  it('hands the script on', async () => {
    bed.answers.set('run', () => 't-1');
    expect(await bed.call('RunCommand', good)).toEqual({ InvokeId: 't-1' });
    await bed.call('RunCommand', {
      ...good,
      CommandContent: 'ZWNobyBh',
      ContentEncoding: 'base64',
      Timeout: 5,
      EndUserId: 'bob',
    });
    const common = { regionId: REGION, type: 'RunShellScript', desktopIds: ['ecd-1'], creator: 'alice' };
    expect(bed.calls.map((call) => call.args[0])).toEqual([
      { ...common, content: 'echo a', contentEncoding: 'PlainText', endUserId: '', timeoutSeconds: 300 },
      { ...common, content: 'ZWNobyBh', contentEncoding: 'Base64', endUserId: 'bob', timeoutSeconds: 5 },
    ]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it.each([
    ['InvalidCommandContent', { CommandContent: 'no base64!', ContentEncoding: 'Base64' }],
    ['InvalidCommandContent', { CommandContent: 'YQ=', ContentEncoding: 'Base64' }],
    ['InvalidCommandContent', { CommandContent: 'A'.repeat(16_388), ContentEncoding: 'Base64' }],
    ['none', { CommandContent: 'A'.repeat(16_384), ContentEncoding: 'Base64' }],
    ['InvalidCommandContent', { CommandContent: 'x'.repeat(12_289) }],
    ['none', { CommandContent: 'x'.repeat(12_288) }],
    ['none', { CommandContent: 'no base64!', ContentEncoding: 'whatever' }],
    ['InvalidTimeout', { Timeout: 0 }],
    ['InvalidTimeout', { Timeout: 86_401 }],
    ['none', { Timeout: 86_400 }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
  ])('answers %s', async (wanted, parameters) => {
    expect(await code(parameters)).toBe(wanted);
    expect(bed.calls).toHaveLength(wanted === 'none' ? 1 : 0);
  });

  it('knows no desktops of other regions, and passes on what is wrong with one', async () => {
    const there = await bed.desktop({ region_id: 'room-2' });
    expect(await code({ DesktopId: [there] })).toBe('InvalidDesktopId.NotFound');
    bed.answers.set('run', () => {
      throw new EcdError('IncorrectDesktopStatus');
    });
    expect(await code({})).toBe('IncorrectDesktopStatus');
  });
});

describe('StopInvocation', () => {
  it('hands the invocation on, with the desktops that are named', async () => {
    expect(await bed.call('StopInvocation', { InvokeId: 't-1' })).toEqual({});
    await bed.call('StopInvocation', { InvokeId: 't-1', DesktopId: ['ecd-2', 'ecd-1', 'ecd-2'] });
    expect(bed.calls.map((call) => call.args[0])).toEqual([
      { regionId: REGION, invokeId: 't-1', desktopIds: undefined },
      { regionId: REGION, invokeId: 't-1', desktopIds: ['ecd-2', 'ecd-1'] },
    ]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
    expect(await bed.codeOf('StopInvocation', { InvokeId: 't-1', RegionId: 'mars' })).toBe(
      'InvalidRegionId.NotFound',
    );
  });

  it('acts on the desktops that are named, else on those of the invocation, else on all', async () => {
    const id = await bed.invocation({}, [{ desktop_id: 'ecd-1' }, { desktop_id: 'ecd-2' }]);
    const resources = (parameters: object) =>
      OPERATIONS.get('StopInvocation')!.resources!(
        { RegionId: REGION, ...parameters } as never,
        bed.services,
      );
    expect(await resources({ InvokeId: id, DesktopId: ['ecd-9'] })).toEqual(['desktop/ecd-9']);
    expect(await resources({ InvokeId: id })).toEqual(['desktop/ecd-1', 'desktop/ecd-2']);
    expect(await resources({ InvokeId: 't-none' })).toEqual(['desktop/*']);
  });
});

describe('DescribeInvocations', () => {
  const ids = async (filter: object): Promise<string[]> =>
    (await bed.call('DescribeInvocations', filter)).Invocations.map((i: { InvokeId: string }) => i.InvokeId);

  it('shows what became of a command on each desktop', async () => {
    const desktop = await bed.desktop({ name: 'lab' });
    const id = await bed.invocation({ end_user_id: 'bob', created_at: NOW - 5000 }, [
      {
        desktop_id: desktop,
        created_at: NOW - 5000,
        started_at: NOW - 4000,
        finished_at: NOW - 1000,
        exit_code: 0,
        output: Buffer.from('hällo\n'),
        dropped: 3,
      },
      { desktop_id: 'ecd-gone', status: 'Failed', created_at: NOW, error_code: 'E', error_info: 'why' },
    ]);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const results = (output: object, ...more: object[]) => [
      {
        DesktopId: desktop,
        DesktopName: 'lab',
        InvocationStatus: 'Success',
        CreationTime: '2026-11-24T11:59:55Z',
        StartTime: '2026-11-24T11:59:56Z',
        FinishTime: '2026-11-24T11:59:59Z',
        UpdateTime: '2026-11-24T11:59:59Z',
        ExitCode: 0,
        ...output,
        Dropped: 3,
        Repeats: 0,
        ErrorCode: '',
        ErrorInfo: '',
      },
      {
        DesktopId: 'ecd-gone',
        DesktopName: '',
        InvocationStatus: 'Failed',
        CreationTime: '2026-11-24T12:00:00Z',
        UpdateTime: '2026-11-24T12:00:00Z',
        ...more[0],
        Dropped: 0,
        Repeats: 0,
        ErrorCode: 'E',
        ErrorInfo: 'why',
      },
    ];
    const view = {
      InvokeId: id,
      CommandType: 'RunShellScript',
      CommandContent: base64('echo hällo'),
      InvocationStatus: 'PartialFailed',
      CreationTime: '2026-11-24T11:59:55Z',
      EndUserId: 'bob',
      InvokeDesktopCount: 2,
      InvokeDesktopSucceedCount: 1,
    };
    const shown = async (p: object) => (await bed.call('DescribeInvocations', p)).Invocations;
    expect(await shown({})).toEqual([{ ...view, InvokeDesktops: results({}) }]);
    expect(await shown({ IncludeInvokeDesktops: false, IncludeOutput: true })).toEqual([view]);
    expect(await shown({ IncludeOutput: true })).toEqual([
      { ...view, InvokeDesktops: results({ Output: base64('hällo\n') }, { Output: '' }) },
    ]);
    expect(await shown({ IncludeOutput: true, ContentEncoding: 'PlainText' })).toEqual([
      {
        ...view,
        CommandContent: 'echo hällo',
        InvokeDesktops: results({ Output: 'hällo\n' }, { Output: '' }),
      },
    ]);
  });

  it('filters', async () => {
    const on = (desktop_id: string) => [{ desktop_id }];
    const a = await bed.invocation({ content: 'ZWNobyBh', content_encoding: 'Base64' }, on('ecd-1'));
    const b = await bed.invocation({ type: 'RunBatScript', end_user_id: 'bob' }, on('ecd-2'));
    const there = await bed.invocation({ region_id: 'room-2' }, on('ecd-3'));
    expect(await ids({})).toEqual([b, a]);
    expect(await ids({ RegionId: 'room-2' })).toEqual([there]);
    expect(await ids({ InvokeId: a })).toEqual([a]);
    expect(await ids({ InvokeId: 't-x' })).toEqual([]);
    expect(await ids({ CommandType: 'RunBatScript' })).toEqual([b]);
    expect(await ids({ EndUserId: 'bob' })).toEqual([b]);
    expect(await ids({ DesktopId: 'ecd-1' })).toEqual([a]);
    expect(await ids({ DesktopIds: ['ecd-1', 'ecd-2', 'ecd-3'] })).toEqual([b, a]);
    expect(await ids({ DesktopId: 'ecd-1', DesktopIds: ['ecd-2'] })).toEqual([]);
    const { Invocations } = await bed.call('DescribeInvocations', {
      InvokeId: a,
      ContentEncoding: 'PlainText',
    });
    expect(Invocations[0].CommandContent).toBe('echo a');
    const code = (p: object) => bed.codeOf('DescribeInvocations', p);
    expect(await code({ RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
    expect(await code({ MaxResults: 101 })).toBe('InvalidMaxResults');
    expect(await code({ NextToken: 'x' })).toBe('InvalidNextToken');
  });

  it('has pages', async () => {
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.unshift(await bed.invocation({}, [{ desktop_id: 'ecd-1' }]));
    const first = await bed.call('DescribeInvocations', { MaxResults: 2 });
    const second = await bed.call('DescribeInvocations', { MaxResults: 2, NextToken: first.NextToken });
    expect([...first.Invocations, ...second.Invocations].map((i) => i.InvokeId)).toEqual(made);
    expect(second).not.toHaveProperty('NextToken');
  });

  it.each([
    ['Success', ['Success', 'Success']],
    ['Success', ['Success', 'Stopped']],
    ['Failed', ['Failed', 'Failed']],
    ['Failed', ['Failed', 'Stopped']],
    ['PartialFailed', ['Failed', 'Success']],
    ['PartialFailed', ['Failed', 'Success', 'Stopped']],
    ['Stopped', ['Stopped', 'Stopped']],
    ['Running', ['Success', 'Pending']],
    ['Pending', ['Pending']],
  ])('shows %s for %j, as the documents have it', async (shown, statuses) => {
    await bed.invocation(
      {},
      statuses.map((status, i) => ({ desktop_id: `ecd-${i}`, status: status as never })),
    );
    const [view] = (await bed.call('DescribeInvocations')).Invocations;
    expect(view.InvocationStatus).toBe(shown);
  });

  it('filters by the status that it shows', async () => {
    const status = fc.constantFrom('Pending', 'Running', 'Success', 'Failed', 'Stopped');
    await fc.assert(
      fc.asyncProperty(fc.array(status, { minLength: 1, maxLength: 4 }), async (statuses) => {
        await bed.catalogue.db.deleteFrom('invocation_desktops').execute();
        await bed.catalogue.db.deleteFrom('invocations').execute();
        await bed.invocation(
          {},
          statuses.map((s, i) => ({ desktop_id: `ecd-${i}`, status: s as never })),
        );
        const shown = overallStatus(statuses as never);
        const [view] = (await bed.call('DescribeInvocations')).Invocations;
        expect(view.InvocationStatus).toBe(shown);
        for (const asked of ['Running', 'Finished', 'Failed', 'PartialFailed', 'Stopped']) {
          const of = { Pending: 'Running', Success: 'Finished' } as Record<string, string>;
          const wanted = asked === (of[shown] ?? shown) ? 1 : 0;
          expect(await ids({ InvokeStatus: asked })).toHaveLength(wanted);
        }
      }),
      { numRuns: 60 },
    );
  });
});
