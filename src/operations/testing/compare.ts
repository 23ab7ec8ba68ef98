/**
 * The operations of this server beside those of the published metadata (fixtures/ecd-operations.json): what differs in
 * the names, types and limits of parameters and response fields.
 */
import { readFileSync } from 'node:fs';
import type { Operation } from '../operation.ts';

/** A parameter or field as the fixture has it. */
export interface Node {
  readonly type?: string;
  readonly required?: boolean;
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly [word: string]: unknown;
}

/** Parameters and response fields of operations by their names. */
export type Described = Readonly<
  Record<
    string,
    {
      readonly parameters: Readonly<Record<string, Node>>;
      readonly response: Readonly<Record<string, Node>>;
    }
  >
>;

interface Published {
  readonly operations: Described;
}

/** One difference: `CreateSnapshot.parameters.SnapshotName.pattern`, there and here as JSON, undefined if not there. */
export interface Found {
  readonly where: string;
  readonly there: string | undefined;
  readonly here: string | undefined;
}

const WORDS = [
  'type',
  'format',
  'required',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'maxItems',
  'pattern',
  'default',
  'style',
] as const;

interface JsonSchema {
  readonly [word: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

export function published(): Published {
  return JSON.parse(readFileSync(new URL('../fixtures/ecd-operations.json', import.meta.url), 'utf8'));
}

/** All differences between the metadata and these operations. */
export function compare(operations: Iterable<Operation>): Found[] {
  const here = [...operations].map(({ name, parameters, response }) => [
    name,
    {
      parameters: nodesOf(parameters as unknown as JsonSchema, true),
      response: nodesOf(response as unknown as JsonSchema, false),
    },
  ]);
  return differences(published().operations, Object.fromEntries(here));
}

/** All differences between two descriptions. */
export function differences(there: Described, here: Described): Found[] {
  const found: Found[] = [];
  for (const name of new Set([...Object.keys(there), ...Object.keys(here)])) {
    for (const part of ['parameters', 'response'] as const)
      fields(`${name}.${part}`, there[name]?.[part] ?? {}, here[name]?.[part] ?? {}, found);
  }
  return found;
}

function nodesOf(schema: JsonSchema, withRequired: boolean, top = withRequired): Record<string, Node> {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => {
      const required = withRequired && schema.required?.includes(name) === true;
      return [name, { ...nodeOf(field, withRequired, top), ...(required ? { required } : {}) }];
    }),
  );
}

function nodeOf(schema: JsonSchema, withRequired: boolean, top: boolean): Node {
  const node: Record<string, unknown> = {};
  for (const word of WORDS) if (schema[word] !== undefined && word !== 'required') node[word] = schema[word];
  if (schema['enum'] !== undefined) {
    const values = [...(schema['enum'] as (string | number)[])];
    const numbers = values.every((value) => typeof value === 'number');
    node['enum'] = numbers ? values.sort((a, b) => a - b) : values.sort();
    node['type'] = numbers ? 'integer' : 'string';
  }
  if (schema['type'] === 'array') {
    if (top) node['style'] = 'repeatList';
    if (schema.items !== undefined) node['items'] = nodeOf(schema.items, withRequired, false);
  }
  if (schema['x-style'] !== undefined) node['style'] = schema['x-style'];
  if (schema.properties !== undefined) node['properties'] = nodesOf(schema, withRequired, false);
  return node;
}

function fields(
  where: string,
  there: Readonly<Record<string, Node>>,
  here: Readonly<Record<string, Node>>,
  found: Found[],
): void {
  for (const name of new Set([...Object.keys(there), ...Object.keys(here)])) {
    const place = `${where}.${name}`;
    const [a, b] = [there[name], here[name]];
    if (a === undefined || b === undefined) {
      found.push({ where: place, there: a?.type, here: b?.type });
    } else {
      nodes(place, a, b, found);
    }
  }
}

function nodes(where: string, there: Node, here: Node, found: Found[]): void {
  for (const word of WORDS) {
    const [a, b] = [there[word], here[word]].map((v) => (v === undefined ? undefined : JSON.stringify(v)));
    if (a !== b) found.push({ where: `${where}.${word}`, there: a, here: b });
  }
  if (there.items !== undefined && here.items !== undefined) {
    nodes(`${where}[]`, there.items, here.items, found);
  }
  fields(where, there.properties ?? {}, here.properties ?? {}, found);
}
