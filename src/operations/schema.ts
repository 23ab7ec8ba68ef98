/** The schemas that many operations share. */
import { Type } from 'typebox';
import { MAX_RESULTS } from '../catalogue/listing.ts';

export const RegionId = Type.String({ description: 'The region.' });

export const MaxResults = Type.Optional(
  Type.Integer({
    format: 'int32',
    minimum: 0,
    maximum: MAX_RESULTS,
    default: MAX_RESULTS,
    'x-error': 'InvalidMaxResults',
    description: `How many items a page holds at most: 1 to ${MAX_RESULTS}; 0 means the default.`,
  }),
);

export const NextToken = Type.Optional(
  Type.String({ description: 'The NextToken of the page before, with the same filters.' }),
);

export const NextTokenGiven = Type.Optional(
  Type.String({ description: 'Leads to the next page. Absent on the last one.' }),
);

/** An optional text, flag or number. */
export const text = (description: string) => Type.Optional(Type.String({ description }));
export const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
export const int32 = (description: string) => Type.Optional(Type.Integer({ format: 'int32', description }));
export const int64 = (description: string) => Type.Optional(Type.Integer({ format: 'int64', description }));

/** One of a few words, in any case on the wire; the handler gets it as it stands here. */
export function choice<const V extends string[]>(values: readonly [...V], description: string) {
  return Type.Enum(values, { 'x-ignore-case': true, description });
}

/** A list on the wire as `X.1`, `X.2`. */
export const texts = (description: string, maxItems?: number) =>
  Type.Array(Type.String(), { description, ...(maxItems === undefined ? {} : { maxItems }) });

/** Parameters that are taken and mean nothing here. */
export const IGNORED = 'Accepted, without meaning here.';

/** Parameters that change nothing here. */
export const KEPT = 'Kept and given back, without effect here.';

export const None = Type.Object({});

/** Tags of a request, and of a desktop. */
export const MAX_TAGS = 20;

export const tagList = (description: string) =>
  Type.Array(Type.Object({ Key: text('The key of the tag.'), Value: text('The value of the tag.') }), {
    maxItems: MAX_TAGS,
    description,
  });
export const Tags = (description: string) => Type.Optional(tagList(description));
