import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { Bed, REGION } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

describe('CreateSnapshot', () => {
  const good = { DesktopId: 'ecd-1', SnapshotName: 'n1', SourceDiskType: 'system' };

  it('has the snapshot taken, with the nonce of the request', async () => {
    bed.answers.set('take', () => 's-1');
    const answer = await bed.call('CreateSnapshot', { ...good, SourceDiskType: 'data', Description: 'd' });
    expect(answer).toEqual({ SnapshotId: 's-1' });
    const request = {
      regionId: REGION,
      desktopId: 'ecd-1',
      diskType: 'data',
      name: 'n1',
      description: 'd',
      type: 'USER',
      creator: 'alice',
    };
    expect(bed.calls).toEqual([{ what: 'take', args: [request] }]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it.each([
    'ab',
    'Auto',
    'AUTO1',
    'x auto',
    "a b*~!'()/中文+&=",
    '中文',
    '😀😀',
    '😀'.repeat(128),
    'a'.repeat(128),
  ])('takes the name %.40j', async (name) => {
    expect(await bed.codeOf('CreateSnapshot', { ...good, SnapshotName: name })).toBe('none');
    expect(bed.calls[0]!.args[0]).toMatchObject({ name, description: '' });
  });

  it.each([
    'a',
    '😀',
    'auto',
    'automatic',
    'a\nb',
    'a\u0000b',
    'a\u007fb',
    'a\u0085b',
    '😀'.repeat(129),
    'a'.repeat(129),
  ])('refuses the name %.40j', async (name) => {
    const code = await bed.codeOf('CreateSnapshot', { ...good, SnapshotName: name });
    expect(code).toBe('InvalidSnapshotName.Malformed');
    expect(bed.calls).toEqual([]);
  });

  it('takes descriptions of up to 128 characters, of any kind', async () => {
    const code = (Description: string) => bed.codeOf('CreateSnapshot', { ...good, Description });
    expect(await code('😀'.repeat(128))).toBe('none');
    expect(await code('two\nlines')).toBe('none');
    expect(await code('😀'.repeat(129))).toBe('InvalidDescription.Malformed');
  });

  it('names the first fault in the order of the document', async () => {
    const all = { ...good, RegionId: 'mars', SnapshotName: 'auto', Description: 'x'.repeat(129) };
    expect(await bed.codeOf('CreateSnapshot', all)).toBe('InvalidSnapshotName.Malformed');
    expect(await bed.codeOf('CreateSnapshot', { ...all, SnapshotName: 'ok' })).toBe(
      'InvalidDescription.Malformed',
    );
    expect(await bed.codeOf('CreateSnapshot', { ...all, SnapshotName: 'ok', Description: '' })).toBe(
      'InvalidRegionId.NotFound',
    );
    expect(bed.calls).toEqual([]);
  });

  it.each([
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'InvalidSourceDiskType.NotFound',
    'QuotaExceed.Snapshot',
    'OperationDenied.InsufficientSpace',
    'OperationConflict',
  ] as const)('passes on %s', async (code) => {
    bed.answers.set('take', () => {
      throw new EcdError(code);
    });
    expect(await bed.codeOf('CreateSnapshot', good)).toBe(code);
  });
});

describe('DeleteSnapshot', () => {
  it('has each snapshot removed once', async () => {
    expect(await bed.call('DeleteSnapshot', { SnapshotId: ['s-2', 's-1', 's-2'] })).toEqual({});
    expect(bed.calls).toEqual([{ what: 'remove', args: [REGION, ['s-2', 's-1']] }]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
    expect(await bed.codeOf('DeleteSnapshot', { SnapshotId: ['s-1'], RegionId: 'mars' })).toBe(
      'InvalidRegionId.NotFound',
    );
  });
});

describe('ResetSnapshot', () => {
  it('has the disk reset, and the desktop stopped only if asked for', async () => {
    expect(await bed.call('ResetSnapshot', { SnapshotId: 's-1' })).toEqual({});
    await bed.call('ResetSnapshot', { SnapshotId: 's-1', StopDesktop: true });
    expect(bed.calls.map((call) => call.args[0])).toEqual([
      { regionId: REGION, snapshotId: 's-1', stopDesktop: false },
      { regionId: REGION, snapshotId: 's-1', stopDesktop: true },
    ]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
    expect(await bed.codeOf('ResetSnapshot', { SnapshotId: 's-1', RegionId: '' })).toBe(
      'InvalidRegionId.NotFound',
    );
  });

  it.each([
    'InvalidSnapshotId.NotFound',
    'InvalidSnapshotId.NotReady',
    'IncorrectDesktopStatus',
    'OperationConflict',
  ] as const)('passes on %s', async (code) => {
    bed.answers.set('reset', () => {
      throw new EcdError(code);
    });
    expect(await bed.codeOf('ResetSnapshot', { SnapshotId: 's-1' })).toBe(code);
  });
});
