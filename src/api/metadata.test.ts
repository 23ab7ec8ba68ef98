import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SCHEMA_DIFFERENCES } from '../operations/differences.ts';
import { EXTENSIONS } from '../operations/extensions.ts';
import { OPERATIONS } from '../operations/index.ts';
import { IGNORED, KEPT } from '../operations/schema.ts';
import { compare, type Described, differences, type Node, published } from '../operations/testing/compare.ts';
import { COMMON, EFFECTS } from '../operations/testing/effects.ts';
import { sendTo } from './testing/http.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

const BASE = '/meta/v1/products/ecd/versions/2020-09-30';

let toy: ToyDoor;
beforeEach(async () => {
  toy = await startToyDoor({ operations: OPERATIONS, settings: { regions: ['cn-hangzhou', 'room-2'] } });
});
afterEach(() => toy.close());

interface Schema {
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly [word: string]: unknown;
}

interface Api {
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly style?: string; readonly schema: Schema }[];
  readonly responses: { readonly '200': { readonly schema: Schema } };
  readonly errorCodes: Readonly<Record<string, readonly { readonly errorCode: string }[]>>;
  readonly responseDemo: string;
  readonly [word: string]: unknown;
}

interface Docs {
  readonly apis: Readonly<Record<string, Api>>;
  readonly directories: readonly { readonly title: string; readonly children: readonly string[] }[];
  readonly [word: string]: unknown;
}

const get = (path: string, headers: Record<string, string> = {}) => sendTo(toy.port, path, { headers });
const docs = async () => JSON.parse((await get(`${BASE}/api-docs.json`)).text) as Docs;

/** As a reader of the public metadata takes it: limits are texts there. */
function nodeOf(schema: Schema, style: string | undefined): Node {
  const { items, properties, required, enum: words, ...rest } = schema;
  const node: Record<string, unknown> = {};
  const number = schema.type === 'integer' || schema.type === 'number';
  for (const word of ['type', 'format', 'minLength', 'maxLength', 'maxItems', 'pattern'])
    if (rest[word] !== undefined) node[word] = rest[word];
  for (const word of ['minimum', 'maximum', 'default']) {
    if (rest[word] === undefined) continue;
    expect(rest[word]).toBeTypeOf('string');
    node[word] = number ? Number(rest[word]) : schema.type === 'boolean' ? rest[word] === 'true' : rest[word];
  }
  if (required === true) node['required'] = true;
  if (words !== undefined) {
    expect(Object.keys(rest['enumValueTitles'] as object).sort()).toEqual([...(words as string[])].sort());
    node['enum'] = number
      ? (words as string[]).map(Number).sort((a, b) => a - b)
      : [...(words as string[])].sort();
  }
  if (style !== undefined) node['style'] = style;
  if (items !== undefined) node['items'] = nodeOf(items, undefined);
  if (properties !== undefined) node['properties'] = nodesOf(properties);
  return node as Node;
}

function nodesOf(properties: Readonly<Record<string, Schema>>): Record<string, Node> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, nodeOf(schema, undefined)]),
  );
}

function describedBy(apis: Docs['apis']): Described {
  return Object.fromEntries(
    Object.entries(apis).map(([name, api]) => {
      const { RequestId: id, ...response } = api.responses['200'].schema.properties!;
      expect(id).toMatchObject({ type: 'string' });
      const parameters = api.parameters.map((p) => [p.name, nodeOf(p.schema, p.style)]);
      return [name, { parameters: Object.fromEntries(parameters), response: nodesOf(response) }];
    }),
  );
}

/** What the description of a parameter, and of each of its members, says of its effect. */
function* marks(path: string, schema: Schema): Generator<[path: string, mark: string]> {
  const description = String(schema['description'] ?? '');
  const mark = [KEPT, IGNORED].find((words) => description.includes(words));
  yield [path, mark ?? (/^Refused|^Must be empty|is refused: this/.test(description) ? 'refused' : '')];
  const members = (schema.items ?? schema).properties ?? {};
  for (const [name, member] of Object.entries(members)) yield* marks(`${path}.${name}`, member);
}

describe('the metadata', () => {
  test('differ from the published ones in what is listed with its reason, and in nothing else', async () => {
    const ofThePublic = Object.entries((await docs()).apis).filter(([name]) => !(name in EXTENSIONS));
    const found = differences(published().operations, describedBy(Object.fromEntries(ofThePublic)));
    // What requests are decoded with, and what the list names: the same.
    const own = [...OPERATIONS.values()].filter(({ name }) => !(name in EXTENSIONS));
    expect(found).toEqual(compare(own));
    const listed = SCHEMA_DIFFERENCES.flatMap(({ at, names, why }) => {
      expect(why).toMatch(/^[A-Z].*[.]$/s);
      return (names ?? ['']).map((name) => (name === '' ? at : `${at}.${name}`));
    });
    expect(found.map((difference) => difference.where).sort()).toEqual(listed.sort());
    expect(found.length).toBeGreaterThan(100);
  });

  test('have the form of the public ones', async () => {
    const all = await docs();
    expect(all).toMatchObject({
      version: '1.0',
      info: { style: 'RPC', product: 'ecd', version: '2020-09-30' },
      components: { schemas: {} },
      endpoints: [
        { regionId: 'cn-hangzhou', endpoint: `127.0.0.1:${toy.port}` },
        { regionId: 'room-2', endpoint: `127.0.0.1:${toy.port}` },
      ],
    });
    const grouped = all.directories.flatMap((directory) => directory.children);
    expect(grouped.sort()).toEqual([...OPERATIONS.keys()].sort());
    expect(all.directories.map((directory) => directory.title)).not.toContain('Others');
    const api = all.apis['CreateSnapshot']!;
    expect(api).toMatchObject({
      methods: ['post', 'get'],
      schemes: ['http', 'https'],
      security: [{ AK: [] }],
      operationType: 'write',
      deprecated: false,
      systemTags: { operationType: 'create', riskType: 'none', chargeType: 'free' },
    });
    expect(api.parameters[2]).toEqual({
      name: 'SnapshotName',
      in: 'query',
      schema: {
        type: 'string',
        description: expect.any(String),
        required: true,
        docRequired: true,
        minLength: 2,
        maxLength: 128,
        pattern: '^(?!auto)\\P{Cc}*$',
      },
    });
    expect(all.apis['DeleteSnapshot']!.parameters[1]).toMatchObject({
      style: 'repeatList',
      schema: { type: 'array', maxItems: 100, items: { type: 'string' } },
    });
    expect(
      Object.values(api.errorCodes)
        .flat()
        .map((entry) => entry.errorCode)
        .sort(),
    ).toEqual([...OPERATIONS.get('CreateSnapshot')!.errors].sort());
    expect(api.errorCodes['404']!.map((entry) => entry.errorCode)).toContain('InvalidDesktopId.NotFound');
    const demo = JSON.parse(api.responseDemo) as { type: string; example: string }[];
    expect(demo.map((part) => part.type)).toEqual(['json', 'xml']);
    expect(JSON.parse(demo[0]!.example)).toEqual({ RequestId: expect.any(String), SnapshotId: 'text' });
    expect(demo[1]!.example).toContain('<CreateSnapshotResponse>');
  });

  test('mark each parameter that is kept or taken without effect, and no other', async () => {
    const { apis } = await docs();
    expect(Object.keys(EFFECTS).sort()).toEqual(Object.keys(apis).sort());
    const words = (list = '') => list.split(/\s+/).filter((word) => word !== '');
    for (const [name, { parameters }] of Object.entries(apis)) {
      const { works, ignored, refused } = EFFECTS[name]!;
      const expected = (path: string) => {
        if (words(`${COMMON} ${works ?? ''}`).includes(path)) return '';
        if (words(ignored).includes(path)) return IGNORED;
        return words(refused).includes(path) ? 'refused' : KEPT;
      };
      const found = parameters.flatMap((parameter) => [...marks(parameter.name, parameter.schema)]);
      expect.soft(found, name).toEqual(found.map(([path]) => [path, expected(path)]));
      const paths = found.map(([path]) => path);
      // A name that is not there any more would hide a new one.
      expect
        .soft(
          words(`${works ?? ''} ${ignored ?? ''} ${refused ?? ''}`).filter((word) => !paths.includes(word)),
        )
        .toEqual([]);
    }
  });
});

describe('their addresses', () => {
  test('give each operation by itself, too', async () => {
    const { apis } = await docs();
    for (const name of OPERATIONS.keys()) {
      const one = await get(`${BASE}/apis/${name}/api.json`);
      expect(one.status).toBe(200);
      expect(JSON.parse(one.text)).toEqual(apis[name]);
    }
  });

  test.each(['/api-docs.json', '/apis/CreateSnapshot/api.json'])(
    '%s needs no key, and may be kept',
    async (path) => {
      const first = await get(`${BASE}${path}?language=EN_US`);
      expect(first.status).toBe(200);
      expect(first.headers).toMatchObject({
        'content-type': 'application/json;charset=utf-8',
        'cache-control': 'public, max-age=300',
        'x-content-type-options': 'nosniff',
      });
      const etag = String(first.headers['etag']);
      expect((await get(`${BASE}${path}`)).headers['etag']).toBe(etag);
      for (const tag of [etag, `"x", W/${etag}`]) {
        const again = await get(`${BASE}${path}`, { 'if-none-match': tag });
        expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
      }
      expect((await get(`${BASE}${path}`, { 'if-none-match': '"x"' })).status).toBe(200);
      expect(toy.spent).toEqual([]);
    },
  );

  test.each([
    '/apis/CopySnapshot/api.json',
    '/apis/HibernateDesktops/api.json',
    '/apis/constructor/api.json',
    '/apis/CreateSnapshot',
    '/api-docs',
  ])('%s is not there', async (path) => {
    const answer = await get(`${BASE}${path}`);
    expect([answer.status, (JSON.parse(answer.text) as { Code: string }).Code]).toEqual([
      404,
      'InvalidAction.NotFound',
    ]);
    expect(answer.headers['cache-control']).toBeUndefined();
  });

  test('tell the address of the settings, if it is set, and never one that is no host', async () => {
    await toy.close();
    toy = await startToyDoor({ settings: { regions: ['r'], publicUrl: 'https://ecd.example.org/' } });
    const endpoints = async (host: string) => {
      const { text } = await get(`${BASE}/api-docs.json`, { host });
      return (JSON.parse(text) as { endpoints: unknown }).endpoints;
    };
    expect(await endpoints('evil.example')).toEqual([{ regionId: 'r', endpoint: 'ecd.example.org' }]);
    await toy.close();
    toy = await startToyDoor({ settings: { regions: ['r'] } });
    expect(await endpoints('desk.example:80')).toEqual([{ regionId: 'r', endpoint: 'desk.example:80' }]);
    expect(await endpoints('a"b')).toEqual([{ regionId: 'r', endpoint: `127.0.0.1:${toy.port}` }]);
  });

  test('are for reading', async () => {
    const answer = await sendTo(toy.port, `${BASE}/api-docs.json`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(404);
  });
});
