import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { Bed, NOW } from './testing/bed.ts';

const TYPE = 'ALIYUN::GWS::INSTANCE';

let bed: Bed;
let a: string;
let b: string;
beforeEach(async () => {
  bed = new Bed();
  [a, b] = [await bed.desktop(), await bed.desktop()];
});
afterEach(() => bed.close());

type Sent = Readonly<Record<string, string>>;
const sent = (tags: Sent) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const tag = (ResourceId: string[], tags: Sent, more: object = {}) => ({
  ResourceType: TYPE,
  ResourceId,
  Tag: sent(tags),
  ...more,
});
const give = (ids: string[], tags: Sent) => bed.call('TagResources', tag(ids, tags));
const untag = (parameters: object) => bed.call('UntagResources', { ResourceType: TYPE, ...parameters });
const page = (filter: object = {}) => bed.call('ListTagResources', { ResourceType: TYPE, ...filter });
interface Shown {
  readonly ResourceId: string;
  readonly TagKey: string;
  readonly TagValue: string;
}
const texts = (tags: Shown[]) =>
  tags.map((t) => `${t.ResourceId === a ? 'a' : 'b'} ${t.TagKey}=${t.TagValue}`);
const list = async (filter: object = {}) => texts((await page(filter)).TagResources);
const rows = () => bed.catalogue.db.selectFrom('tags').selectAll().execute();
const nonces = () => bed.catalogue.db.selectFrom('nonces').selectAll().execute();

describe('TagResources', () => {
  it('gives tags, and a key that is there a new value, with the nonce', async () => {
    await give([a, b, a], { class: '5b', lent: '' });
    expect(await nonces()).toHaveLength(1);
    await give([a], { class: '6b' });
    expect((await list()).sort()).toEqual(['a class=6b', 'a lent=', 'b class=5b', 'b lent=']);
    expect((await page({ ResourceId: [b] })).TagResources).toEqual([
      { ResourceId: b, ResourceType: TYPE, TagKey: 'lent', TagValue: '' },
      { ResourceId: b, ResourceType: TYPE, TagKey: 'class', TagValue: '5b' },
    ]);
    const { Desktops } = await bed.call('DescribeDesktops');
    expect(Desktops).toMatchObject([
      { DesktopId: b, Tags: sent({ class: '5b', lent: '' }) },
      { DesktopId: a, Tags: sent({ class: '6b', lent: '' }) },
    ]);
  });

  it.each(['k', '班级', 'x'.repeat(128), '😀'.repeat(128), 'a b*~!=', 'myaliyun', 'key acs:'])(
    'takes the key %.30j',
    async (key) => {
      await give([a], { [key]: '😀'.repeat(128) });
      expect(await rows()).toMatchObject([{ key, value: '😀'.repeat(128) }]);
    },
  );

  it.each([
    ['InvalidTagKey.Malformed', { Tag: sent({ ['x'.repeat(129)]: '' }) }],
    ['InvalidTagKey.Malformed', { Tag: sent({ 'aliyun-x': '' }) }],
    ['InvalidTagKey.Malformed', { Tag: sent({ 'ACS:x': '' }) }],
    ['InvalidTagKey.Malformed', { Tag: sent({ 'x http://y': '' }) }],
    ['InvalidTagKey.Malformed', { Tag: sent({ 'x\ny': '' }) }],
    ['InvalidTagValue.Malformed', { Tag: sent({ x: 'y'.repeat(129) }) }],
    ['InvalidTagValue.Malformed', { Tag: sent({ x: 'acs:y' }) }],
    ['InvalidTagValue.Malformed', { Tag: sent({ x: 'see https://y' }) }],
    ['InvalidTag', { Tag: [{ Key: 'x', Value: '1' }, { Key: 'y' }, { Key: 'x', Value: '2' }] }],
    ['MissingTag.Key', { Tag: [{ Value: '1' }] }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
    ['InvalidResourceId.NotFound', { RegionId: 'room-2' }],
    ['InvalidResourceId.NotFound', { ResourceId: ['ecd-x'] }],
  ])('answers %s to %.60j and changes nothing', async (code, parameters) => {
    expect(await bed.codeOf('TagResources', tag([a], { x: 'y' }, parameters))).toBe(code);
    expect(await rows()).toEqual([]);
    expect(await nonces()).toEqual([]);
  });

  it('is all or none: for a deleted desktop, and for one with too many', async () => {
    const deleted = await bed.desktop({ status: 'Deleted' });
    const code = (ids: string[], tags: Sent) => bed.codeOf('TagResources', tag(ids, tags));
    expect(await code([a, deleted], { x: 'y' })).toBe('InvalidResourceId.NotFound');
    const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key ${n}`, '']));
    expect(await code([b], twenty)).toBe('none');
    expect(await code([b], { 'key 7': 'new' })).toBe('none');
    expect(await code([a, b], { x: 'y' })).toBe('QuotaExceed.Tag');
    expect(await rows()).toHaveLength(20);
    expect(await list({ ResourceId: [a] })).toEqual([]);
  });
});

describe('UntagResources', () => {
  beforeEach(() => give([a, b], { x: '1', y: '2', z: '3' }));

  it('takes keys, and all only without keys', async () => {
    await untag({ ResourceId: [a], TagKey: ['x', 'none'], All: true });
    await untag({ ResourceId: [b], TagKey: ['y', 'z'] });
    expect((await list()).sort()).toEqual(['a y=2', 'a z=3', 'b x=1']);
    await untag({ ResourceId: [a, b, a], All: true });
    expect(await rows()).toEqual([]);
  });

  it.each([
    ['MissingTagKey', {}],
    ['MissingTagKey', { All: false }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars', All: true }],
    ['InvalidResourceId.NotFound', { RegionId: 'room-2', All: true }],
  ])('answers %s to %j and changes nothing', async (code, parameters) => {
    const asked = { ResourceType: TYPE, ResourceId: [a], ...parameters };
    expect(await bed.codeOf('UntagResources', asked)).toBe(code);
    const some = { ResourceType: TYPE, ResourceId: [a, 'ecd-x'], All: true };
    expect(await bed.codeOf('UntagResources', some)).toBe('InvalidResourceId.NotFound');
    expect(await rows()).toHaveLength(6);
  });
});

describe('ListTagResources and DescribeDesktops', () => {
  const desktops = async (filter: object) =>
    (await bed.call('DescribeDesktops', filter)).Desktops.map((d: { DesktopId: string }) => d.DesktopId);

  it('find by tags: all of them, with any value if none is sent', async () => {
    await give([a], { class: '5b', lent: 'yes' });
    await give([b], { class: '5b', lent: '' });
    for (const [Tag, wanted] of [
      [[{ Key: 'class' }], [b, a]],
      [
        [
          { Key: 'class', Value: '5b' },
          { Key: 'lent', Value: 'yes' },
        ],
        [a],
      ],
      [[{ Key: 'class', Value: '5B' }], []],
      [[{ Key: 'Class' }], []],
      [[{ Key: 'lent' }, { Key: 'none' }], []],
    ] as const) {
      expect(await desktops({ Tag })).toEqual(wanted);
      expect((await bed.call('DescribeDesktops', { Tag })).TotalCount).toBe(wanted.length);
      const found = (await page({ Tag })).TagResources as Shown[];
      expect(new Set(found.map((t) => t.ResourceId))).toEqual(new Set(wanted));
      expect(found).toHaveLength(2 * wanted.length);
    }
    expect(await list({ ResourceId: [a, 'ecd-x'], Tag: [{ Key: 'class' }] })).toEqual([
      'a lent=yes',
      'a class=5b',
    ]);
    for (const name of ['DescribeDesktops', 'ListTagResources']) {
      expect(await bed.codeOf(name, { ResourceType: TYPE, Tag: [{ Value: 'x' }] })).toBe('MissingTag.Key');
    }
  });

  it('leave out deleted desktops and other regions', async () => {
    await give([a, b], { x: '1' });
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Deleted' }).where('id', '=', a).execute();
    await bed.catalogue.db.updateTable('desktops').set({ region_id: 'room-2' }).where('id', '=', b).execute();
    expect(await list()).toEqual([]);
    expect(await list({ RegionId: 'room-2' })).toEqual(['b x=1']);
    const shown = await bed.call('DescribeDesktops', { DesktopStatus: 'Deleted' });
    expect(shown.Desktops[0].Tags).toEqual(sent({ x: '1' }));
  });

  it('have pages that give each tag once while others come and go', async () => {
    await give([a, b], { k1: '1', k2: '2', 'k 3/x': '3' });
    const first = await page({ MaxResults: 2 });
    await bed.catalogue.db
      .insertInto('tags')
      .values({ desktop_id: a, key: 'newer', value: '', tagged_at: NOW + 1 })
      .execute();
    await untag({ ResourceId: [b], TagKey: ['k1'] });
    await give([a], { k1: 'changed' });
    const second = await page({ MaxResults: 3, NextToken: first.NextToken });
    expect(texts([...first.TagResources, ...second.TagResources])).toEqual([
      'b k2=2',
      'b k1=1',
      'b k 3/x=3',
      'a k2=2',
      'a k1=changed',
    ]);
    const third = await page({ NextToken: second.NextToken });
    expect(texts(third.TagResources)).toEqual(['a k 3/x=3']);
    expect(third).not.toHaveProperty('NextToken');
    const code = (parameters: object) =>
      bed.codeOf('ListTagResources', { ResourceType: TYPE, ...parameters });
    expect(await code({ NextToken: first.NextToken, ResourceId: [a] })).toBe('InvalidNextToken');
    expect(await code({ MaxResults: 101 })).toBe('InvalidMaxResults');
    expect(await code({ RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });
});

it('a desktop that is taken out of the catalogue takes its tags along', async () => {
  await give([a, b], { x: '1' });
  await bed.catalogue.db.deleteFrom('desktops').where('id', '=', a).execute();
  expect(await rows()).toMatchObject([{ desktop_id: b }]);
});

it.each(['TagResources', 'UntagResources'])('%s with a nonce that was used changes nothing', async (name) => {
  await bed.catalogue.db
    .insertInto('tags')
    .values({ desktop_id: a, key: 'x', value: '', tagged_at: NOW })
    .execute();
  const used = { access_key_id: 'key', nonce: 'nonce', expires_at: NOW };
  await bed.catalogue.db.insertInto('nonces').values(used).execute();
  await expect(bed.call(name, tag([a], { y: '' }, { All: true }))).rejects.toSatisfy((error) =>
    EcdError.is(error, 'SignatureNonceUsed'),
  );
  expect(await list()).toEqual(['a x=']);
});
