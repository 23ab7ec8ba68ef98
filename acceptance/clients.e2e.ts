/** The real npm clients of the public service against the running service. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SDK_NAMES, sdk } from './support/sdk.ts';
import { Service } from './support/service.ts';

let service: Service;

beforeAll(async () => {
  service = await Service.start({ args: ['--region', 'cn-hangzhou', '--region', 'cn-shanghai'] });
});
afterAll(() => service?.close());

describe.each(SDK_NAMES)('%s', (name) => {
  const call = (action: string, parameters: Record<string, string>, key = service.key) =>
    sdk(name, service.host, key)(action, parameters);
  const refusal = async (action: string, parameters: Record<string, string>, key = service.key) => {
    const error = await call(action, parameters, key).then(
      () => null,
      (e: unknown) => e as { code: string },
    );
    return error?.code.replace(/Error$/, '');
  };

  test('finds the regions and the address of this server', async () => {
    const answer = await call('DescribeRegions', { RegionId: 'cn-hangzhou' });
    expect(answer['Regions']).toEqual([
      expect.objectContaining({ RegionId: 'cn-hangzhou', RegionEndpoint: service.host }),
      expect.objectContaining({ RegionId: 'cn-shanghai', RegionEndpoint: service.host }),
    ]);
  });

  test('lists no snapshots where there are none', async () => {
    const parameters = { RegionId: 'cn-hangzhou', SnapshotName: "a b*~!'()/中文+&=", MaxResults: '10' };
    const answer = await call('DescribeSnapshots', parameters);
    expect(answer).toEqual({ RequestId: expect.stringMatching(/^[0-9A-F-]{36}$/), Snapshots: [] });
  });

  test('deletes unknown snapshots without a complaint, twelve at once', async () => {
    const list = Array.from({ length: 12 }, (_, i) => [
      `SnapshotId.${i + 1}`,
      `s-${'0'.repeat(18)}${10 + i}`,
    ]);
    const answer = await call('DeleteSnapshot', { RegionId: 'cn-hangzhou', ...Object.fromEntries(list) });
    expect(Object.keys(answer)).toEqual(['RequestId']);
  });

  test('learns why it is refused', async () => {
    const region = { RegionId: 'cn-hangzhou' };
    expect(await refusal('DescribeRestorePoints', region)).toBe('InvalidAction.NotFound');
    expect(await refusal('DescribeSnapshots', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
    expect(await refusal('DescribeSnapshots', { ...region, MaxResults: '101' })).toBe('InvalidMaxResults');
    expect(await refusal('CreateSnapshot', { ...region, DesktopId: 'ecd-00000000000000000' })).toBe(
      'MissingSnapshotName',
    );
    expect(await refusal('ResetSnapshot', { ...region, SnapshotId: 's-00000000000000000000' })).toBe(
      'InvalidSnapshotId.NotFound',
    );
    const unknown = { accessKeyId: 'nobody', accessKeySecret: 'x' };
    expect(await refusal('DescribeRegions', region, unknown)).toBe('InvalidAccessKeyId.NotFound');
    const wrong = { ...service.key, accessKeySecret: 'x' };
    expect(await refusal('DescribeRegions', region, wrong)).toBe('SignatureDoesNotMatch');
  });
});
