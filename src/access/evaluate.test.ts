/** Decisions, by examples and against an oracle that is written naively in another way. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccessRequest, decide, decideUnnamed } from './evaluate.ts';
import { covers, touches } from './glob.ts';
import { parsePolicy } from './policy.ts';

interface Written {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string[]>>;
}

const policyOf = (...statements: Written[]) =>
  parsePolicy(JSON.stringify({ Version: '1', Statement: statements }));
const request = (change: Partial<AccessRequest>): AccessRequest => ({
  operation: 'CreateSnapshot',
  regionId: 'cn-hangzhou',
  accountId: '100',
  resources: ['desktop/ecd-1'],
  sourceAddress: '192.0.2.7',
  secure: false,
  ...change,
});
const allow = (Action: string | string[], Resource: string | string[]): Written => ({
  Effect: 'Allow',
  Action,
  Resource,
});
const deny = (Action: string, Resource: string): Written => ({ Effect: 'Deny', Action, Resource });

describe('decisions', () => {
  it.each<[string, Written[], Partial<AccessRequest>, string]>([
    ['nothing said', [], {}, 'ImplicitDeny'],
    ['all', [allow('*', '*')], {}, 'Allow'],
    ['any case of an action', [allow('ecd:createsnapshot', '*')], {}, 'Allow'],
    ['another service', [allow('ecs:*', '*')], {}, 'ImplicitDeny'],
    ['another action', [allow('ecd:Describe*', '*')], {}, 'ImplicitDeny'],
    ['its desktop', [allow('ecd:*', 'acs:ecd:*:*:desktop/ecd-1')], {}, 'Allow'],
    ['another desktop', [allow('ecd:*', 'acs:ecd:*:*:desktop/ecd-2')], {}, 'ImplicitDeny'],
    ['resources are case-sensitive', [allow('ecd:*', 'acs:ecd:*:*:desktop/ECD-1')], {}, 'ImplicitDeny'],
    ['another region', [allow('ecd:*', 'acs:ecd:cn-beijing:*:*')], {}, 'ImplicitDeny'],
    ['another account', [allow('ecd:*', 'acs:ecd:*:200:*')], {}, 'ImplicitDeny'],
    [
      'every one must be allowed',
      [allow('ecd:*', 'acs:ecd:*:*:desktop/ecd-1')],
      { resources: ['desktop/ecd-1', 'desktop/ecd-2'] },
      'ImplicitDeny',
    ],
    [
      'by several statements',
      [allow('ecd:*', 'acs:ecd:*:*:desktop/ecd-1'), allow('ecd:*', 'acs:ecd:*:*:desktop/ecd-2')],
      { resources: ['desktop/ecd-1', 'desktop/ecd-2'] },
      'Allow',
    ],
    ['a Deny wins', [allow('*', '*'), deny('ecd:*', 'acs:ecd:*:*:desktop/ecd-1')], {}, 'ExplicitDeny'],
    [
      'a Deny of one of many wins',
      [allow('*', '*'), deny('ecd:*', 'acs:ecd:*:*:desktop/ecd-2')],
      { resources: ['desktop/ecd-1', 'desktop/ecd-2'] },
      'ExplicitDeny',
    ],
    [
      'a listing needs all',
      [allow('*', 'acs:ecd:*:*:desktop/ecd-?')],
      { resources: ['desktop/*'] },
      'ImplicitDeny',
    ],
    ['a listing with all', [allow('*', 'acs:ecd:*:*:desktop/*')], { resources: ['desktop/*'] }, 'Allow'],
    [
      'a listing of what is partly denied',
      [allow('*', '*'), deny('*', 'acs:ecd:*:*:desktop/ecd-2')],
      { resources: ['desktop/*'] },
      'ExplicitDeny',
    ],
    [
      'a listing of another kind',
      [allow('*', '*'), deny('*', 'acs:ecd:*:*:desktop/ecd-2')],
      { resources: ['region/*'] },
      'Allow',
    ],
    [
      'making a new one beside a denied one',
      [allow('*', '*'), deny('*', 'acs:ecd:*:*:desktop/ecd-2')],
      { resources: ['desktop/new'] },
      'Allow',
    ],
    ['no resources at all', [allow('*', '*')], { resources: [] }, 'ImplicitDeny'],
  ])('%s', (_, statements, change, verdict) => {
    const policies = statements.map((one) => policyOf(one));
    expect(decide(policies, request(change))).toBe(verdict);
    expect(decide(policies.reverse(), request(change))).toBe(verdict);
  });

  it('look at where a request comes from, and whether it is encrypted', () => {
    const from = (operator: string, ...networks: string[]): Written => ({
      ...allow('*', '*'),
      Condition: { [operator]: { 'acs:SourceIp': networks } },
    });
    const verdict = (written: Written, sourceAddress: string, secure = false) =>
      decide([policyOf(allow('ecs:*', '*'), written)], request({ sourceAddress, secure }));
    expect(verdict(from('IpAddress', '10.0.0.0/8', '192.0.2.7'), '192.0.2.7')).toBe('Allow');
    expect(verdict(from('IpAddress', '10.0.0.0/8'), '::ffff:10.1.2.3')).toBe('Allow');
    expect(verdict(from('IpAddress', '10.0.0.0/8'), '11.0.0.1')).toBe('ImplicitDeny');
    expect(verdict(from('IpAddress', '2001:db8::/32'), '2001:db8:1::9')).toBe('Allow');
    expect(verdict(from('NotIpAddress', '10.0.0.0/8', '192.0.2.7'), '192.0.2.7')).toBe('ImplicitDeny');
    // Nobody knows the address: an Allow does not hold, a Deny does.
    for (const operator of ['IpAddress', 'NotIpAddress']) {
      expect(verdict(from(operator, '10.0.0.0/8'), '')).toBe('ImplicitDeny');
      const denied = policyOf({ ...from(operator, '10.0.0.0/8'), Effect: 'Deny' });
      expect(decide([denied, policyOf(allow('*', '*'))], request({ sourceAddress: '' }))).toBe(
        'ExplicitDeny',
      );
    }
    const plain: Written = {
      ...deny('*', '*'),
      Condition: { Bool: { 'acs:SecureTransport': ['false'] } },
    };
    const both = [policyOf(allow('*', '*')), policyOf(plain)];
    expect(decide(both, request({ secure: false }))).toBe('ExplicitDeny');
    expect(decide(both, request({ secure: true }))).toBe('Allow');
  });

  it('of a request whose parameters cannot be read ask only whether it may be allowed', () => {
    const one = policyOf(allow('ecd:*', 'acs:ecd:*:*:desktop/ecd-1'));
    expect(decideUnnamed([one], request({}))).toBe('Allow');
    expect(decideUnnamed([one], request({ operation: 'x' }))).toBe('Allow');
    expect(decideUnnamed([policyOf(allow('ecs:*', '*'))], request({}))).toBe('ImplicitDeny');
    expect(decideUnnamed([one, policyOf(deny('ecd:*', '*'))], request({}))).toBe('ExplicitDeny');
  });

  it('are not slowed down by patterns made for it', () => {
    const started = performance.now();
    expect(covers(`${'*a'.repeat(200)}b`, 'a'.repeat(600))).toBe(false);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('against the oracle', () => {
  const texts = (letters: string, most: number): string[] =>
    most === 0
      ? ['']
      : ['', ...texts(letters, most - 1).flatMap((rest) => [...letters].map((c) => c + rest))];
  /** All names there are in the small world of these tests. */
  const WORLD = [...new Set([...texts('ab', 5).flatMap((id) => [`x/${id}`, `y/${id}`]), ...texts('xa/', 3)])];
  const regexOf = (pattern: string) =>
    new RegExp(
      `^${[...pattern].map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[/.]/, '\\$&'))).join('')}$`,
    );

  const pattern = fc.string({
    unit: fc.constantFrom('x', 'y', '/', 'a', 'b', '*', '?'),
    minLength: 1,
    maxLength: 6,
  });
  const resource = fc.oneof(
    fc.constantFrom('x/*', 'y/*', '*'),
    fc.constantFrom(...WORLD.filter((name) => /^[xy]\//.test(name))),
  );

  /** Names that a pattern takes, however it is written. */
  const examples = (one: string): string[] => {
    const fill = (text: string, mark: string, by: string[]) =>
      text.includes(mark) ? by.map((letters) => text.replace(mark, letters)) : [text];
    return ['', '/', 'x/', 'y/']
      .flatMap((star) => fill(one, '*', [star]))
      .flatMap((text) => fill(text.replaceAll('*', ''), '?', ['x', 'y', '/', 'a']))
      .flatMap((text) => fill(text, '?', ['x', 'y', '/', 'a']))
      .map((text) => text.replaceAll('?', 'a'));
  };

  /** Names that a resource of a request stands for, with some that the patterns take. */
  const meant = (name: string, ...patterns: string[]) =>
    name.endsWith('*')
      ? [...WORLD, ...patterns.flatMap(examples)].filter((one) => one.startsWith(name.slice(0, -1)))
      : [name];

  it('patterns cover and touch what they say', () => {
    fc.assert(
      fc.property(pattern, resource, (one, name) => {
        const regex = regexOf(one);
        const all = meant(name).every((x) => regex.test(x));
        // With a ? it may be careful: `*?` is not said to take all of x/*, though it does.
        if (!name.endsWith('*') || !one.includes('?')) expect(covers(one, name)).toBe(all);
        else if (covers(one, name)) expect(all).toBe(true);
        expect(touches(one, name)).toBe(meant(name, one).some((x) => regex.test(x)));
      }),
      { numRuns: 2000 },
    );
  });

  const ipv4 = fc.tuple(fc.nat(255), fc.nat(3), fc.nat(3), fc.nat(255)).map((parts) => parts.join('.'));
  const network = fc.tuple(ipv4, fc.nat(32)).map(([address, bits]) => `${address}/${bits}`);
  const numberOf = (address: string) =>
    address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const within = (address: string, net: string) => {
    const [base = '', bits = ''] = net.split('/');
    const shift = 32n - BigInt(bits);
    return numberOf(address) >> shift === numberOf(base) >> shift;
  };
  const operation = fc.constantFrom('DescribeA', 'DescribeB', 'CreateA');
  const written = fc.record({
    Effect: fc.constantFrom('Allow' as const, 'Deny' as const),
    Action: fc.array(
      fc.constantFrom('ecd:Describe*', 'ecd:*a', 'ECD:createa', '*', 'ecs:*', 'ecd:Describe?'),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
    Resource: fc.array(
      fc.oneof(
        fc.constant('*'),
        fc
          .tuple(fc.constantFrom('r1', 'r?', '*', 'r2'), fc.constantFrom('1', '*', ''), pattern)
          .filter(([, , relative]) => !relative.includes('?'))
          .map(([region, account, relative]) => `acs:ecd:${region}:${account}:${relative}`),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    networks: fc.option(fc.tuple(fc.boolean(), fc.array(network, { minLength: 1, maxLength: 3 }))),
    secure: fc.option(fc.boolean()),
  });

  it('decisions are those of the oracle', () => {
    fc.assert(
      fc.property(
        fc.array(written, { maxLength: 4 }),
        fc.array(resource, { minLength: 1, maxLength: 3 }),
        operation,
        ipv4,
        fc.boolean(),
        (statements, resources, name, sourceAddress, secure) => {
          const wish = { operation: name, regionId: 'r1', accountId: '1', resources, sourceAddress, secure };
          const policies = statements.map(({ networks, secure: wanted, ...one }) => {
            const Condition = {
              ...(networks === null
                ? {}
                : { [networks[0] ? 'IpAddress' : 'NotIpAddress']: { 'acs:SourceIp': networks[1] } }),
              ...(wanted === null ? {} : { Bool: { 'acs:SecureTransport': [String(wanted)] } }),
            };
            return policyOf(Object.keys(Condition).length === 0 ? one : { ...one, Condition });
          });
          const speaks = statements.filter(
            (one) =>
              one.Action.some((action) => regexOf(action.toLowerCase()).test(`ecd:${name}`.toLowerCase())) &&
              (one.secure === null || one.secure === secure) &&
              (one.networks === null ||
                one.networks[1].some((net) => within(sourceAddress, net)) === one.networks[0]),
          );
          const takes = (one: (typeof statements)[number], thing: string) =>
            one.Resource.some((text) => {
              if (text === '*') return true;
              const [, , region = '', account = '', ...rest] = text.split(':');
              return (
                regexOf(region).test('r1') &&
                regexOf(account || '*').test('1') &&
                regexOf(rest.join(':')).test(thing)
              );
            });
          const denied = resources.some((thing) =>
            speaks.some(
              (one) =>
                one.Effect === 'Deny' &&
                meant(thing, ...one.Resource.map((text) => text.split(':').at(-1)!)).some((x) =>
                  takes(one, x),
                ),
            ),
          );
          // One pattern must take a listing whole.
          const allowed = resources.every((thing) =>
            speaks.some(
              (one) =>
                one.Effect === 'Allow' &&
                one.Resource.some((text) =>
                  meant(thing).every((x) => takes({ ...one, Resource: [text] }, x)),
                ),
            ),
          );
          expect(decide(policies, wish)).toBe(denied ? 'ExplicitDeny' : allowed ? 'Allow' : 'ImplicitDeny');
        },
      ),
      { numRuns: 800 },
    );
  });
});
