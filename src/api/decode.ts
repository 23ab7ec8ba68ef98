/**
 * The flattened text parameters of a request, as the typed parameters of an operation.
 *
 * Invariants: a schema is walked once, when the decoder is made; unknown parameters are ignored; an empty value counts
 * as not sent; lengths are in Unicode characters. A list is `X.1`, `X.2` (gaps are fine), a bare `X`, or a JSON array;
 * an object is `X.Key` or JSON text.
 */
import { EcdError, type ErrorCode } from '../errors.ts';
import type { ParameterMap } from './parameters.ts';
import { type ScalarSchema, scalarDecoder } from './scalars.ts';
import { nodeOfJson, numbered, type WireNode, wireTree } from './wire-tree.ts';

/** The words of JSON Schema that parameters use. */
export interface WireSchema extends ScalarSchema {
  readonly properties?: Readonly<Record<string, WireSchema>>;
  readonly required?: readonly string[];
  readonly items?: WireSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly 'x-error'?: ErrorCode;
}

/** Where a value stands: its wire name, the parameter it belongs to, and the code for a malformed value. */
interface Place {
  readonly name: string;
  readonly parameter: string;
  readonly code: ErrorCode;
}

type NodeDecoder = (node: WireNode, place: Place) => unknown;

/**
 * Makes the decoder of an operation's parameters.
 * It throws MissingParameter, or for a malformed value the schema's `x-error`, else InvalidParameter.
 */
export function parameterDecoder(schema: WireSchema): (parameters: ParameterMap) => Record<string, unknown> {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    place: { name, parameter: name, code: field['x-error'] ?? ('InvalidParameter' as const) },
    decode: nodeDecoder(field),
    structured: isStructured(field),
    required: required.has(name),
    fallback: field.default,
  }));
  const roots = new Set(fields.filter((f) => f.structured).map((f) => f.name));

  return (parameters) => {
    const tree = roots.size > 0 ? wireTree(parameters, roots) : undefined;
    const result: Record<string, unknown> = {};
    for (const field of fields) {
      let value: unknown;
      if (field.structured) {
        const node = tree!.get(field.name);
        value = node === undefined ? undefined : field.decode(node, field.place);
      } else {
        const text = parameters.get(field.name);
        value = text === undefined || text === '' ? undefined : field.decode({ value: text }, field.place);
      }
      value ??= field.fallback;
      if (value !== undefined) result[field.name] = value;
      else if (field.required) throw new EcdError('MissingParameter', { parameter: field.name });
    }
    return result;
  };
}

function isStructured(schema: WireSchema): boolean {
  return schema.type === 'array' || schema.type === 'object';
}

/** A decoder that gives undefined for what was not sent. */
function nodeDecoder(schema: WireSchema): NodeDecoder {
  if (schema.type === 'array') return listDecoder(schema);
  if (schema.type === 'object') return objectDecoder(schema);
  const decode = scalarDecoder(schema);
  return (node, place) => {
    if (node.value === undefined || node.value === '') return undefined;
    const { value, reason } = decode(node.value);
    if (reason !== undefined) throw malformed(place, reason, schema);
    return value;
  };
}

function listDecoder(schema: WireSchema): NodeDecoder {
  const items = schema.items ?? { type: 'string' };
  const decode = nodeDecoder(items);
  return (node, place) => {
    const code = items['x-error'] ?? place.code;
    const source = unpacked(node, place, '[', isStructured(items), schema);
    const entries = numbered(source);
    if (entries === null) throw malformed(place, 'an index stands twice', schema);
    const list: unknown[] = [];
    for (const [index, child] of entries) {
      const value = decode(child, { ...place, code, name: `${place.name}.${index}` });
      if (value !== undefined) list.push(value);
    }
    if (list.length === 0) return undefined;
    if (list.length > (schema.maxItems ?? Number.POSITIVE_INFINITY))
      throw malformed(place, `more than ${schema.maxItems} items`, schema);
    if (list.length < (schema.minItems ?? 0))
      throw malformed(place, `fewer than ${schema.minItems} items`, schema);
    return list;
  };
}

function objectDecoder(schema: WireSchema): NodeDecoder {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => [name, nodeDecoder(field), field['x-error'], field.default] as const,
  );
  return (node, place) => {
    const source = unpacked(node, place, '{', true, schema);
    const result: Record<string, unknown> = {};
    for (const [name, decode, error, fallback] of fields) {
      const child = source.children?.get(name);
      const inner = { ...place, name: `${place.name}.${name}`, code: error ?? place.code };
      const value = (child === undefined ? undefined : decode(child, inner)) ?? fallback;
      if (value !== undefined) result[name] = value;
      else if (required.has(name) && (source.children?.size ?? 0) > 0)
        throw new EcdError('MissingParameter', { parameter: inner.name });
    }
    return Object.keys(result).length > 0 ? result : undefined;
  };
}

/** The node with its children, whether they came flattened, as JSON text, or (a list's only item) bare. */
function unpacked(
  node: WireNode,
  place: Place,
  opens: '[' | '{',
  onlyJson: boolean,
  schema: WireSchema,
): WireNode {
  const text = node.value;
  if (text === undefined || text === '') return node;
  if ((node.children?.size ?? 0) > 0) throw malformed(place, 'it is sent whole and in parts', schema);
  if (text.trimStart().startsWith(opens)) {
    const parsed = nodeOfJson(parseJson(text, place, schema));
    if (parsed === null) throw malformed(place, 'the JSON is nested too deep', schema);
    return parsed;
  }
  if (onlyJson) throw malformed(place, 'it is neither flattened nor JSON', schema);
  return { children: new Map([['1', { value: text }]]) };
}

function parseJson(text: string, place: Place, schema: WireSchema): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(place, 'the JSON cannot be read', schema);
  }
}

function malformed(place: Place, reason: string, schema: WireSchema): EcdError {
  return new EcdError(place.code, {
    parameter: place.parameter,
    reason: ` ${place.name}: ${reason}.`,
    minimum: schema.minimum ?? '',
    maximum: schema.maximum ?? schema.maxItems ?? '',
  });
}
