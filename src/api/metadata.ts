/**
 * The operations described in the form of the public service's metadata.
 *
 * Invariants: made of the schemas that requests are decoded and checked with, so that it cannot say anything else; it
 * tells nothing of what is stored, so that it needs no key.
 */
import { CATALOGUE, type CatalogueEntry } from '../errors.ts';
import type { Operation } from '../operations/operation.ts';
import { directoriesOf } from './metadata-directories.ts';
import { renderJson } from './render-json.ts';
import { renderXml } from './render-xml.ts';

export const PRODUCT = 'ecd';
const DEMO_REQUEST_ID = '00000000-0000-4000-8000-000000000000';

/** The words of JSON Schema that the schemas of operations use. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly 'x-style'?: string;
}

/** api-docs.json without `endpoints`, which depend on how the server was reached. */
export function documentOf(operations: ReadonlyMap<string, Operation>, version: string) {
  return {
    version: '1.0',
    info: { style: 'RPC', product: PRODUCT, version },
    directories: directoriesOf([...operations.keys()]),
    components: { schemas: {} },
    apis: Object.fromEntries([...operations].map(([name, operation]) => [name, apiOf(operation)])),
  };
}

/** api.json of one operation. */
export function apiOf(operation: Operation) {
  const parameters = operation.parameters as unknown as Schema;
  const response = operation.response as unknown as Schema;
  return {
    summary: operation.summary,
    title: operation.name,
    description: operation.summary,
    methods: ['post', 'get'],
    schemes: ['http', 'https'],
    security: [{ AK: [] }],
    operationType: operation.kind,
    deprecated: false,
    systemTags: { operationType: accessLevel(operation), riskType: 'none', chargeType: 'free' },
    parameters: Object.entries(parameters.properties ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      ...styleOf(schema),
      schema: schemaOf(schema, parameters.required?.includes(name) === true),
    })),
    responses: {
      '200': {
        schema: {
          type: 'object',
          properties: {
            RequestId: { type: 'string', description: 'The id of the request.' },
            ...fieldsOf(response, false),
          },
        },
      },
    },
    errorCodes: errorCodesOf(operation),
    responseDemo: demoOf(operation.name, response),
  };
}

function styleOf(schema: Schema): { style?: string } {
  if (schema['x-style'] !== undefined) return { style: schema['x-style'] };
  return schema.type === 'array' ? { style: 'repeatList' } : {};
}

/** Limits and defaults are texts there; whether a value is required stands in its own schema. */
function schemaOf(schema: Schema, required: boolean | undefined): Record<string, unknown> {
  const words: Record<string, unknown> = {};
  const put = (word: string, value: unknown) => {
    if (value !== undefined) words[word] = value;
  };
  put('type', typeOf(schema));
  put('format', schema.format);
  put('description', schema.description);
  put('required', required);
  put('docRequired', required);
  if (schema.enum !== undefined) {
    put('enum', schema.enum.map(String));
    put('enumValueTitles', Object.fromEntries(schema.enum.map((value) => [String(value), String(value)])));
  }
  for (const word of ['minimum', 'maximum', 'default'] as const) {
    if (schema[word] !== undefined) put(word, String(schema[word]));
  }
  for (const word of ['minLength', 'maxLength', 'maxItems', 'pattern'] as const) put(word, schema[word]);
  if (schema.items !== undefined)
    put('items', schemaOf(schema.items, required === undefined ? required : false));
  if (schema.properties !== undefined) put('properties', fieldsOf(schema, required !== undefined));
  return words;
}

function fieldsOf(schema: Schema, withRequired: boolean): Record<string, unknown> {
  const required = (name: string) => (withRequired ? schema.required?.includes(name) === true : undefined);
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [name, schemaOf(field, required(name))]),
  );
}

function typeOf(schema: Schema): string | undefined {
  if (schema.type !== undefined || schema.enum === undefined) return schema.type;
  return schema.enum.every((value) => typeof value === 'number') ? 'integer' : 'string';
}

function accessLevel({ name, kind }: Operation): string {
  if (name.startsWith('List')) return 'list';
  if (kind === 'read') return 'get';
  if (/^(Create|Run)/.test(name)) return 'create';
  return /^(Delete|Untag)/.test(name) ? 'delete' : 'update';
}

function errorCodesOf(operation: Operation) {
  const codes: Record<string, object[]> = {};
  for (const code of operation.errors) {
    const { status, message, advice } = CATALOGUE[code] as CatalogueEntry;
    const shown = (text: string) => text.replace(/\{(\w+)\}/g, '<$1>');
    const entry = { errorCode: code, errorMessage: shown(message), description: shown(advice) };
    (codes[String(status)] ??= []).push(entry);
  }
  return codes;
}

/** JSON text, as it is there: an answer in each format with a value of the right kind in every field. */
function demoOf(name: string, response: Schema): string {
  const demo = sampleOf(response) as object;
  return JSON.stringify([
    { type: 'json', example: renderJson(DEMO_REQUEST_ID, demo), errorExample: '' },
    { type: 'xml', example: renderXml(name, DEMO_REQUEST_ID, demo), errorExample: '' },
  ]);
}

function sampleOf(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, field]) => [name, sampleOf(field)]),
      );
    case 'array':
      return [sampleOf(schema.items ?? {})];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    default:
      return 'text';
  }
}
