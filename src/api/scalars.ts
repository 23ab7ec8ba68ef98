/**
 * Text, numbers and booleans of the wire, decoded and checked by their schema.
 *
 * Invariants: pure; a decoder is made once for a schema; lengths are in Unicode characters, never in UTF-16 units.
 */
export interface ScalarSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly ScalarSchema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-ignore-case'?: boolean;
}

/** A value, or the reason why the text is none. */
export interface Decoded {
  readonly value?: unknown;
  readonly reason?: string;
}

const INTEGER = /^[+-]?\d{1,15}$/;
const NUMBER = /^[+-]?\d{1,15}(\.\d{1,15})?$/;

/** Makes the decoder of a scalar's schema. */
export function scalarDecoder(schema: ScalarSchema): (text: string) => Decoded {
  const choices = choicesOf(schema);
  if (choices !== undefined) return choiceDecoder(choices, schema['x-ignore-case'] === true);
  if (schema.type === 'boolean') return decodeBoolean;
  if (schema.type === 'integer') return numberDecoder(schema, INTEGER, 'it is not a whole number');
  if (schema.type === 'number') return numberDecoder(schema, NUMBER, 'it is not a number');
  if (schema.type === 'string') return stringDecoder(schema);
  throw new TypeError(`a parameter's schema is of no known kind: ${JSON.stringify(schema)}`);
}

function choicesOf(schema: ScalarSchema): readonly unknown[] | undefined {
  if (schema.enum !== undefined) return schema.enum;
  if (schema.const !== undefined) return [schema.const];
  return schema.anyOf?.flatMap((part) => choicesOf(part) ?? []);
}

function choiceDecoder(choices: readonly unknown[], ignoreCase: boolean): (text: string) => Decoded {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const byText = new Map(choices.map((choice) => [fold(String(choice)), choice]));
  const reason = `it is none of ${choices.join(', ')}`;
  return (text) => (byText.has(fold(text)) ? { value: byText.get(fold(text)) } : { reason });
}

function decodeBoolean(text: string): Decoded {
  const folded = text.toLowerCase();
  if (folded === 'true' || folded === 'false') return { value: folded === 'true' };
  return { reason: 'it is neither true nor false' };
}

function numberDecoder(schema: ScalarSchema, shape: RegExp, reason: string): (text: string) => Decoded {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  return (text) => {
    if (!shape.test(text)) return { reason };
    const value = Number(text);
    if (value < minimum) return { reason: `it is under ${minimum}` };
    if (value > maximum) return { reason: `it is over ${maximum}` };
    return { value };
  };
}

function stringDecoder(schema: ScalarSchema): (text: string) => Decoded {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  const pattern = schema.pattern === undefined ? undefined : new RegExp(schema.pattern, 'u');
  return (value) => {
    const length =
      value.length < minLength || value.length > maxLength || minLength > 0 ? characters(value) : 0;
    if (length < minLength) return { reason: `it is shorter than ${minLength} characters` };
    if (length > maxLength) return { reason: `it is longer than ${maxLength} characters` };
    if (pattern !== undefined && !pattern.test(value))
      return { reason: 'it does not have the form asked for' };
    return { value };
  };
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
