import { describe, expect, it } from 'vitest';
import { OPERATIONS } from './index.ts';
import { all, made, named, namedOrAll } from './resources.ts';

/** Parameters that name things a policy can speak of. */
const NAMING = [
  'DesktopId',
  'DesktopIds',
  'SnapshotId',
  'ImageId',
  'BundleId',
  'PolicyId',
  'OfficeSiteId',
  'PolicyGroupId',
];

describe('what operations act on', () => {
  it('is stated by every one that names a desktop, a snapshot, an image or a bundle', () => {
    const silent = [...OPERATIONS.values()].filter(
      (one) => one.resources === undefined && NAMING.some((name) => name in one.parameters.properties),
    );
    expect(silent.map((one) => one.name)).toEqual([]);
  });

  it('is named one by one; all of a kind only where nothing is named', () => {
    expect(named('desktop', 'a', undefined, ['b', 'c'])).toEqual(['desktop/a', 'desktop/b', 'desktop/c']);
    expect(namedOrAll('image', undefined, [])).toEqual(['image/*']);
    expect(namedOrAll('image', ['m-1'])).toEqual(['image/m-1']);
    expect([all('region'), made('desktop')]).toEqual([['region/*'], ['desktop/new']]);
  });

  it('is never a pattern, nor endless, by what a client sends', () => {
    expect(named('desktop', '*', 'a?b*', 'x'.repeat(129))).toEqual([
      'desktop/%2A',
      'desktop/a%3Fb%2A',
      'desktop/too-long',
    ]);
  });
});
