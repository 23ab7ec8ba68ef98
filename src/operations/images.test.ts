import { Compile } from 'typebox/compile';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parameterDecoder, type WireSchema } from '../api/decode.ts';
import { EcdError } from '../errors.ts';
import { OPERATIONS } from './index.ts';
import { Bed, REGION } from './testing/bed.ts';

let bed: Bed;
let desktop: string;
let snapshot: string;
let data: string;
beforeEach(async () => {
  bed = new Bed();
  desktop = await bed.desktop();
  await bed.disk(desktop, 'system', 1024);
  snapshot = await bed.snapshot({ desktop_id: desktop });
  data = await bed.snapshot({ desktop_id: desktop, disk_type: 'data' });
});
afterEach(() => bed.close());

const asked = () => bed.calls.map((call) => [call.what, ...call.args]);
/** The code of what the wire sends, as the door decodes it. */
function wire(name: string, parameters: Record<string, string>): string {
  const decode = parameterDecoder(OPERATIONS.get(name)!.parameters as unknown as WireSchema);
  try {
    decode(new Map(Object.entries({ RegionId: REGION, ...parameters })));
  } catch (error) {
    return (error as EcdError).publicCode;
  }
  return 'none';
}

describe('CreateImage', () => {
  const create = (parameters: object) => bed.call('CreateImage', parameters);
  const code = (parameters: object) => bed.codeOf('CreateImage', parameters);
  const common = { regionId: REGION, name: '', description: '', creator: 'alice' };

  it('orders an image of a desktop, or of a snapshot, with the nonce', async () => {
    expect(await create({ DesktopId: desktop, ImageName: 'gold', Description: 'text' })).toEqual({
      ImageId: 'm-fake',
    });
    await create({ SnapshotId: snapshot });
    await create({ SnapshotIds: [snapshot] });
    await create({ SnapshotId: snapshot, SnapshotIds: [snapshot], DesktopId: desktop, DiskType: 'ALL' });
    await create({
      DesktopId: desktop,
      DiskType: 'SYSTEM',
      AutoCleanUserdata: false,
      ImageResourceType: 'x',
    });
    await create({ DesktopId: desktop, DiskType: 'ALL' });
    expect(asked()).toEqual(
      [
        { ...common, name: 'gold', description: 'text', from: { desktopId: desktop } },
        { ...common, from: { snapshotId: snapshot } },
        { ...common, from: { snapshotId: snapshot } },
        { ...common, from: { snapshotId: snapshot, desktopId: desktop } },
        { ...common, from: { desktopId: desktop } },
        { ...common, from: { desktopId: desktop } },
      ].map((order) => ['createImage', order]),
    );
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it('refuses what an image here cannot be, before anything is done', async () => {
    await bed.disk(desktop, 'data', 1024);
    expect(await code({ DesktopId: desktop, DiskType: 'ALL' })).toBe('InvalidDiskType');
    expect(await code({ DesktopId: desktop, DataSnapshotIds: [data] })).toBe('InvalidDataSnapshotIds');
    expect(await code({ DesktopId: desktop, AutoCleanUserdata: true })).toBe('InvalidAutoCleanUserdata');
    expect(await code({ SnapshotIds: [snapshot, data] })).toBe('InvalidSnapshotIds');
    expect(await code({ SnapshotIds: [snapshot], SnapshotId: 's-2' })).toBe('InvalidSnapshotIds');
    expect(await code({ SnapshotIds: [data] })).toBe('InvalidSnapshotIds');
    expect(await code({ SnapshotId: data })).toBe('InvalidSnapshotId');
    expect(await code({})).toBe('MissingDesktopId');
    expect(await code({ RegionId: 'mars', SnapshotId: snapshot })).toBe('InvalidRegionId.NotFound');
    expect(asked()).toEqual([]);
  });

  it('passes refusals on', async () => {
    bed.answers.set('createImage', () => {
      throw new EcdError('InvalidSnapshotId.NotReady');
    });
    expect(await code({ SnapshotId: snapshot })).toBe('InvalidSnapshotId.NotReady');
  });

  it.each([
    ['none', { DesktopId: 'd', ImageName: '😀😀', Description: '😀'.repeat(256) }],
    ['none', { ImageName: 'x'.repeat(128), DiskType: 'all', AutoCleanUserdata: 'FALSE' }],
    ['InvalidImageName.Malformed', { ImageName: '😀' }],
    ['InvalidImageName.Malformed', { ImageName: 'x'.repeat(129) }],
    ['InvalidImageName.Malformed', { ImageName: 'a\nb' }],
    ['InvalidDescription.Malformed', { Description: 'x'.repeat(257) }],
    ['InvalidDiskType', { DiskType: 'DATA' }],
    ['InvalidAutoCleanUserdata', { AutoCleanUserdata: 'maybe' }],
    [
      'InvalidSnapshotIds',
      Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`SnapshotIds.${n + 1}`, 's'])),
    ],
    [
      'InvalidDataSnapshotIds',
      Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`DataSnapshotIds.${n + 1}`, 's'])),
    ],
  ])('%s for some parameters on the wire', (wanted, parameters) => {
    expect(wire('CreateImage', parameters)).toBe(wanted);
  });

  it('acts on what it names, and on a new image', () => {
    const { resources } = OPERATIONS.get('CreateImage')!;
    const names = { DesktopId: 'ecd-1', SnapshotId: 's-1', SnapshotIds: ['s-2'], DataSnapshotIds: ['s-3'] };
    expect(resources!(names as never, bed.services)).toEqual([
      ...['image/new', 'desktop/ecd-1', 'snapshot/s-1', 'snapshot/s-2', 'snapshot/s-3'],
    ]);
  });
});

describe('ModifyImageAttribute', () => {
  it('changes what is sent', async () => {
    expect(await bed.call('ModifyImageAttribute', { ImageId: 'm-1', Name: 'new' })).toEqual({});
    await bed.call('ModifyImageAttribute', { ImageId: 'm-1', Description: 'text' });
    expect(asked()).toEqual([
      ['modifyImage', 'm-1', { name: 'new', description: undefined }],
      ['modifyImage', 'm-1', { name: undefined, description: 'text' }],
    ]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
    const inMars = { RegionId: 'mars', ImageId: 'm-1' };
    expect(await bed.codeOf('ModifyImageAttribute', inMars)).toBe('InvalidRegionId.NotFound');
  });

  it.each([
    ['MissingImageId', {}],
    ['InvalidImageName.Malformed', { ImageId: 'm', Name: 'x' }],
    ['InvalidDescription.Malformed', { ImageId: 'm', Description: 'x'.repeat(257) }],
    ['none', { ImageId: 'm', Name: 'xy', Description: 'x' }],
  ])('%s for some parameters on the wire', (wanted, parameters) => {
    expect(wire('ModifyImageAttribute', parameters as Record<string, string>)).toBe(wanted);
  });
});

describe('DeleteImages', () => {
  it('deletes each once', async () => {
    expect(await bed.call('DeleteImages', { ImageId: ['m-1', 'm-2', 'm-1'] })).toEqual({});
    expect(asked()).toEqual([['removeImages', ['m-1', 'm-2'], 'nothing']]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
    expect(await bed.codeOf('DeleteImages', { RegionId: 'mars', ImageId: ['m-1'] })).toBe(
      'InvalidRegionId.NotFound',
    );
    expect(wire('DeleteImages', {})).toBe('MissingImageId');
    expect(wire('DeleteImages', { 'ImageId.1': 'm', DeleteCascadedBundle: 'x' })).toBe(
      'InvalidDeleteCascadedBundle',
    );
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`ImageId.${n + 1}`, 'm']));
    expect(wire('DeleteImages', many)).toBe('InvalidImageId');
    await bed.call('DeleteImages', { ImageId: ['m-1'], DeleteCascadedBundle: true });
    expect(asked()[1]).toEqual(['removeImages', ['m-1'], 'bundles']);
    const { resources } = OPERATIONS.get('DeleteImages')!;
    const names = (more: object) => resources!({ ImageId: ['m-1'], ...more } as never, bed.services);
    expect(names({ DeleteCascadedBundle: false })).toEqual(['image/m-1']);
    expect(names({ DeleteCascadedBundle: true })).toEqual(['image/m-1', 'bundle/*']);
    const check = Compile(OPERATIONS.get('DeleteImages')!.parameters);
    expect(check.Check({ RegionId: 'r', ImageId: ['m'] })).toBe(true);
  });
});

describe('DescribeImages while images are made and deleted', () => {
  it('gives every image that stays exactly once', async () => {
    const at = (n: number) => ({ created_at: 1000 + Math.floor(n / 2) });
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) ids.push(await bed.image(at(n)));
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await bed.call('DescribeImages', {
        MaxResults: 3,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      seen.push(...page.Images.map((image: { ImageId: string }) => image.ImageId));
      token = page.NextToken;
      await bed.image({ created_at: 5000 + seen.length });
      const gone = seen[seen.length - 2]!;
      await bed.catalogue.db.deleteFrom('images').where('id', '=', gone).execute();
    } while (token !== undefined);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect(new Set(seen).size).toBe(seen.length);
  });
});
