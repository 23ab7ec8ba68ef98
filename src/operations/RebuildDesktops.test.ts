import { afterEach, beforeEach, expect, it } from 'vitest';
import { EcdError, type ErrorCode } from '../errors.ts';
import { OPERATIONS } from './index.ts';
import { Bed, REGION } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const rebuild = async (parameters: object) => (await bed.call('RebuildDesktops', parameters)).RebuildResults;
const asked = () => bed.calls.map((call) => [call.what, ...call.args]);
const success = (DesktopId: string) => ({ DesktopId, Code: 'success', Message: 'success' });

it('rebuilds each once, from their own image or a given one, with the nonce', async () => {
  const image = await bed.image({ name: 'gold' });
  expect(await rebuild({ DesktopId: ['ecd-1', 'ecd-2', 'ecd-1'] })).toEqual([
    success('ecd-1'),
    success('ecd-2'),
  ]);
  const more = { OperateType: 'replace', Language: 'zh-CN', AfterStatus: 'Stopped' };
  await rebuild({ DesktopId: ['ecd-1'], ImageId: image, ...more });
  const order = (desktopId: string, imageId?: string) => [
    'rebuild',
    { regionId: REGION, desktopId, imageId },
  ];
  expect(asked()).toEqual([order('ecd-1'), order('ecd-2'), order('ecd-1', image)]);
  expect([...bed.claims]).toEqual([bed.context.claim]);
});

it('tells each one that is refused, and does the others', async () => {
  const codes: Record<string, ErrorCode> = {
    'ecd-1': 'IncorrectDesktopStatus',
    'ecd-3': 'InvalidDesktopId.NotFound',
    'ecd-4': 'Catalogue.Unavailable',
  };
  bed.answers.set('rebuild', (request) => {
    const code = codes[(request as { desktopId: string }).desktopId];
    if (code !== undefined) throw new EcdError(code, { reason: 'secret' });
  });
  expect(await rebuild({ DesktopId: ['ecd-1', 'ecd-2', 'ecd-3', 'ecd-4'] })).toEqual([
    {
      ...{ DesktopId: 'ecd-1', Code: 'IncorrectDesktopStatus' },
      Message: 'The current status of the desktop does not support this operation.',
    },
    success('ecd-2'),
    expect.objectContaining({ DesktopId: 'ecd-3', Code: 'InvalidDesktopId.NotFound' }),
    {
      ...{ DesktopId: 'ecd-4', Code: 'InternalError' },
      Message: 'The request processing has failed due to some unknown error, exception or failure.',
    },
  ]);
});

it('starts those that were rebuilt if AfterStatus is Running', async () => {
  bed.answers.set('rebuild', (request) => {
    if ((request as { desktopId: string }).desktopId === 'ecd-1') throw new EcdError('OperationConflict');
  });
  await rebuild({ DesktopId: ['ecd-1', 'ecd-2'], AfterStatus: 'Running' });
  expect(asked().filter(([what]) => what === 'start')).toEqual([['start', ['ecd-2']]]);
  bed.answers.set('start', () => {
    throw new EcdError('IncorrectDesktopStatus');
  });
  expect(await rebuild({ DesktopId: ['ecd-2'], AfterStatus: 'Running' })).toMatchObject([
    { Code: 'IncorrectDesktopStatus' },
  ]);
});

it('is refused as a whole for a region, an image, a status that is not there, and a nonce that was used', async () => {
  const code = (more: object) => bed.codeOf('RebuildDesktops', { DesktopId: ['ecd-1'], ...more });
  const creating = await bed.image({ status: 'Creating' });
  expect(await code({ RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  expect(await code({ ImageId: 'm-none' })).toBe('InvalidImageId.NotFound');
  expect(await code({ ImageId: creating })).toBe('IncorrectImageStatus');
  expect(await code({ AfterStatus: 'Hibernated' })).toBe('InvalidAfterStatus');
  expect(asked()).toEqual([]);
  bed.answers.set('rebuild', () => {
    throw new EcdError('SignatureNonceUsed');
  });
  expect(await code({})).toBe('SignatureNonceUsed');
});

it('acts on the desktops and the image', () => {
  const { resources } = OPERATIONS.get('RebuildDesktops')!;
  expect(resources!({ DesktopId: ['ecd-1'] } as never, bed.services)).toEqual(['desktop/ecd-1']);
  expect(resources!({ DesktopId: ['ecd-1'], ImageId: 'm-1' } as never, bed.services)).toEqual([
    ...['desktop/ecd-1', 'image/m-1'],
  ]);
});
