import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { Bed, REGION } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

describe.each([
  ['StartDesktops', 'start'],
  ['StopDesktops', 'stop'],
  ['RebootDesktops', 'reboot'],
  ['DeleteDesktops', 'remove'],
])('%s', (name, method) => {
  it('hands each desktop on once, with the nonce', async () => {
    expect(await bed.call(name, { DesktopId: ['ecd-2', 'ecd-1', 'ecd-2'] })).toEqual({});
    expect(bed.calls).toEqual([{ what: method, args: [['ecd-2', 'ecd-1']] }]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it('knows no desktops of other regions, and no other regions', async () => {
    const here = await bed.desktop();
    const there = await bed.desktop({ region_id: 'room-2' });
    const code = (DesktopId: string[], RegionId = REGION) => bed.codeOf(name, { DesktopId, RegionId });
    expect(await code([here])).toBe('none');
    expect(await code([here, there])).toBe('InvalidDesktopId.NotFound');
    expect(await code([there], 'room-2')).toBe('none');
    expect(await code([here], 'mars')).toBe('InvalidRegionId.NotFound');
    expect(bed.calls).toHaveLength(2);
  });

  it('passes on IncorrectDesktopStatus', async () => {
    bed.answers.set(method, () => {
      throw new EcdError('IncorrectDesktopStatus');
    });
    expect(await bed.codeOf(name, { DesktopId: ['ecd-1'] })).toBe('IncorrectDesktopStatus');
  });
});

describe('ModifyDesktopName', () => {
  const code = (NewDesktopName: string) =>
    bed.codeOf('ModifyDesktopName', { DesktopId: 'ecd-1', NewDesktopName });

  it.each(['a', 'Desk-1_a:b.c', '桌面1', 'é', 'httpd', 'x'.repeat(64)])('takes %.40j', async (name) => {
    expect(await code(name)).toBe('none');
    expect(bed.calls).toEqual([{ what: 'rename', args: ['ecd-1', name] }]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it.each(['', '1a', '-a', 'a b', 'http://a', 'https://a', 'a/b', 'a\n', 'x'.repeat(65)])(
    'refuses %.40j',
    async (name) => {
      expect(await code(name)).toBe('InvalidDesktopName.Malformed');
      expect(bed.calls).toEqual([]);
    },
  );

  it('knows no desktops of other regions', async () => {
    const there = await bed.desktop({ region_id: 'room-2' });
    const parameters = { DesktopId: there, NewDesktopName: 'a' };
    expect(await bed.codeOf('ModifyDesktopName', parameters)).toBe('InvalidDesktopId.NotFound');
  });
});

describe('DescribeRegions', () => {
  it('names this server for each region, in Chinese or English', async () => {
    const RegionEndpoint = 'desk.example:8787';
    expect(await bed.call('DescribeRegions')).toEqual({
      Regions: [
        { RegionId: REGION, RegionEndpoint, LocalName: '华东1(杭州)' },
        { RegionId: 'room-2', RegionEndpoint, LocalName: 'room-2' },
      ],
    });
    const { Regions } = await bed.call('DescribeRegions', { AcceptLanguage: 'en', RegionId: 'anywhere' });
    expect(Regions[0].LocalName).toBe('China (Hangzhou)');
  });
});
