/**
 * Access policies in the grammar of the public access-control service: Version, Statement, Effect, Action, Resource,
 * Condition.
 *
 * Invariants: reading is strict: what is not understood is refused with its place, never skipped, so that no policy
 * allows more or denies less than it says. A name of an action is compared in any case, a resource as it is written.
 * `*` and `?` stay within one part of a resource (`acs:SERVICE:REGION:ACCOUNT:KIND/ID`), the last part is one.
 */
import { type Condition, parseConditions } from './conditions.ts';
import { malformed, type Place, textsOf } from './places.ts';

/** Longest document, in characters. */
export const MOST_CHARACTERS = 6144;
const MOST_STATEMENTS = 100;
const MOST_ITEMS = 100;

/** Parts of an action, in lower case. */
export interface ActionPattern {
  readonly service: string;
  readonly name: string;
}

export interface ResourcePattern {
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** `desktop/ecd-...` */
  readonly relative: string;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly ActionPattern[];
  readonly resources: readonly ResourcePattern[];
  readonly conditions: readonly Condition[];
}

export interface Policy {
  readonly statements: readonly Statement[];
}

/** Reads a document. Throws AccessPolicy.Malformed, which names the place. */
export function parsePolicy(text: string): Policy {
  if (text.length > MOST_CHARACTERS)
    throw malformed('the document', `it is longer than ${MOST_CHARACTERS} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw malformed('the document', `it is no JSON: ${(error as Error).message}`);
  }
  const document = fieldsOf(parsed, 'the document', ['Version', 'Statement']);
  if (document['Version'] !== '1') throw malformed('Version', 'it must be "1"');
  const { Statement: list } = document;
  if (!Array.isArray(list) || list.length === 0)
    throw malformed('Statement', 'it must be a list that is not empty');
  if (list.length > MOST_STATEMENTS)
    throw malformed('Statement', `it has more than ${MOST_STATEMENTS} items`);
  return { statements: list.map((one, i) => parseStatement(one, `Statement[${i}]`)) };
}

function parseStatement(value: unknown, place: Place): Statement {
  const fields = fieldsOf(value, place, ['Effect', 'Action', 'Resource'], ['Condition']);
  const effect = fields['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`${place}.Effect`, 'it must be Allow or Deny');
  const each = <T>(field: string, read: (text: string, at: Place) => T) =>
    textsOf(fields[field], `${place}.${field}`, MOST_ITEMS).map((text, i) =>
      read(text, Array.isArray(fields[field]) ? `${place}.${field}[${i}]` : `${place}.${field}`),
    );
  return {
    effect,
    actions: each('Action', parseAction),
    resources: each('Resource', parseResource),
    conditions:
      fields['Condition'] === undefined ? [] : parseConditions(fields['Condition'], `${place}.Condition`),
  };
}

function parseAction(text: string, place: Place): ActionPattern {
  if (text === '*') return { service: '*', name: '*' };
  const parts = /^([a-z0-9*?-]+):([a-z0-9*?]+)$/.exec(text.toLowerCase());
  if (parts === null)
    throw malformed(place, `'${text}' is no action like ecd:CreateSnapshot, ecd:Describe* or *`);
  return { service: parts[1]!, name: parts[2]! };
}

function parseResource(text: string, place: Place): ResourcePattern {
  if (text === '*') return { service: '*', region: '*', account: '*', relative: '*' };
  const parts = /^acs:([a-z0-9*?-]+):([a-z0-9*?-]*):([A-Za-z0-9*?-]*):(.+)$/.exec(text);
  if (parts === null)
    throw malformed(place, `'${text}' is no resource like acs:ecd:REGION:ACCOUNT:desktop/ID or *`);
  // Nothing between the colons means any, as in the public service.
  return {
    service: parts[1]!,
    region: parts[2] || '*',
    account: parts[3] || '*',
    relative: parts[4]!,
  };
}

/** The fields of an object that has all of `wanted` and nothing but those and `optional`. */
function fieldsOf(
  value: unknown,
  place: Place,
  wanted: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(place, 'it must be an object');
  const known = [...wanted, ...optional];
  for (const name of Object.keys(value))
    if (!known.includes(name))
      throw malformed(place, `'${name}' is not understood; there are ${known.join(', ')}`);
  for (const name of wanted) if (!Object.hasOwn(value, name)) throw malformed(place, `${name} is missing`);
  return value as Record<string, unknown>;
}
