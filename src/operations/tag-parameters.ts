/** What the operations on tags have in common. */
import type { Trx } from '../catalogue/catalogue.ts';
import { desktopsAmong } from '../catalogue/policies.ts';
import type { Tag, TagFilter } from '../catalogue/tags.ts';
import { EcdError } from '../errors.ts';
import { refused } from './checks.ts';
import { choice } from './schema.ts';

/** The only kind of thing that has tags. */
export const DESKTOP_TYPE = 'ALIYUN::GWS::INSTANCE';
export const ResourceType = choice([DESKTOP_TYPE], 'Only desktops have tags.');

export const TAG_ERRORS = ['InvalidTagKey.Malformed', 'InvalidTagValue.Malformed'] as const;

type Sent = readonly { readonly Key?: string; readonly Value?: string }[];

const KEY = /^(?!aliyun|acs:)(?!.*https?:\/\/)\P{Cc}{1,128}$/iu;
const VALUE = /^(?!acs:)(?!.*https?:\/\/)\P{Cc}{0,128}$/iu;

/** Tags to give. Throws InvalidTagKey.Malformed, InvalidTagValue.Malformed, MissingParameter, InvalidParameter. */
export function tagsOf(sent: Sent): Tag[] {
  const tags = sent.map(({ Key: key, Value: value = '' }) => {
    if (key === undefined) throw new EcdError('MissingParameter', { parameter: 'Tag.Key' });
    if (!KEY.test(key)) throw new EcdError('InvalidTagKey.Malformed');
    if (!VALUE.test(value)) throw new EcdError('InvalidTagValue.Malformed');
    return { key, value };
  });
  if (new Set(tags.map((tag) => tag.key)).size < tags.length) throw refused('Tag', 'A key stands twice.');
  return tags;
}

/** Tags to look for: a value that is not sent is any value. Throws MissingParameter. */
export function tagFilters(sent: Sent | undefined): TagFilter[] | undefined {
  return sent?.map(({ Key: key, Value: value }) => {
    if (key === undefined) throw new EcdError('MissingParameter', { parameter: 'Tag.Key' });
    return { key, value };
  });
}

/** Throws InvalidResourceId.NotFound unless all are desktops of the region. */
export async function requireTaggable(trx: Trx, regionId: string, ids: readonly string[]): Promise<void> {
  const found = await desktopsAmong(trx, ids);
  const here = found.filter((desktop) => desktop.region_id === regionId && desktop.status !== 'Deleted');
  if (here.length < new Set(ids).size) throw new EcdError('InvalidResourceId.NotFound');
}
