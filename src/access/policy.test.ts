import { describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { parsePolicy } from './policy.ts';

const statement = { Effect: 'Allow', Action: 'ecd:*', Resource: '*' };
const policy = (...statements: unknown[]) => JSON.stringify({ Version: '1', Statement: statements });
const wrong = (text: string) => {
  try {
    parsePolicy(text);
  } catch (error) {
    if (EcdError.is(error, 'AccessPolicy.Malformed')) return String(error.details['place']);
    throw error;
  }
  return 'accepted';
};

describe('reading a policy', () => {
  it('takes texts and lists, any case of an action, and fills in empty parts of a resource', () => {
    const { statements } = parsePolicy(
      policy({
        Effect: 'Deny',
        Action: ['ecd:Describe*', 'ECS:?et', '*'],
        Resource: ['acs:ecd:cn-hangzhou:100:desktop/ecd-1', 'acs:ecd:::snapshot/*', '*'],
        Condition: {
          IpAddress: { 'acs:SourceIp': ['10.0.0.0/8', '2001:db8::/32'] },
          Bool: { 'acs:SecureTransport': 'true' },
        },
      }),
    );
    expect(statements).toHaveLength(1);
    expect(statements[0]!.actions).toEqual([
      { service: 'ecd', name: 'describe*' },
      { service: 'ecs', name: '?et' },
      { service: '*', name: '*' },
    ]);
    expect(statements[0]!.resources).toEqual([
      { service: 'ecd', region: 'cn-hangzhou', account: '100', relative: 'desktop/ecd-1' },
      { service: 'ecd', region: '*', account: '*', relative: 'snapshot/*' },
      { service: '*', region: '*', account: '*', relative: '*' },
    ]);
    expect(statements[0]!.conditions).toHaveLength(2);
  });

  it.each([
    ['{', 'the document'],
    ['[]', 'the document'],
    ['{"Statement":[]}', 'the document'],
    [JSON.stringify({ Version: '2', Statement: [statement] }), 'Version'],
    [JSON.stringify({ Version: 1, Statement: [statement] }), 'Version'],
    [JSON.stringify({ Version: '1', Statement: [statement], Id: 'x' }), 'the document'],
    [JSON.stringify({ Version: '1', Statement: statement }), 'Statement'],
    [policy(), 'Statement'],
    [policy(...Array.from({ length: 101 }, () => ({}))), 'Statement'],
    [policy(statement, 'x'), 'Statement[1]'],
    [policy({ ...statement, Effect: 'allow' }), 'Statement[0].Effect'],
    [policy({ Effect: 'Allow', Action: '*' }), 'Statement[0]'],
    [policy({ ...statement, NotAction: 'ecd:*' }), 'Statement[0]'],
    [policy({ ...statement, Principal: '*' }), 'Statement[0]'],
    [policy(statement, { ...statement, Action: [] }), 'Statement[1].Action'],
    [policy({ ...statement, Action: ['ecd:*', 3] }), 'Statement[0].Action[1]'],
    [policy({ ...statement, Action: 'CreateSnapshot' }), 'Statement[0].Action'],
    [policy({ ...statement, Action: ['ecd:*', 'ecd:a b'] }), 'Statement[0].Action[1]'],
    [policy({ ...statement, Resource: 'acs:ecd:*' }), 'Statement[0].Resource'],
    [policy({ ...statement, Resource: ['*', 'desktop/ecd-1'] }), 'Statement[0].Resource[1]'],
    [policy({ ...statement, Resource: 'x'.repeat(513) }), 'Statement[0].Resource[0]'],
    [policy({ ...statement, Condition: {} }), 'Statement[0].Condition'],
    [policy({ ...statement, Condition: { StringLike: {} } }), 'Statement[0].Condition.StringLike'],
    [policy({ ...statement, Condition: { IpAddress: {} } }), 'Statement[0].Condition.IpAddress'],
    [
      policy({ ...statement, Condition: { IpAddress: { 'acs:Source': '10.0.0.1' } } }),
      'Statement[0].Condition.IpAddress.acs:Source',
    ],
    ...[
      '10.0.0.0/33',
      '10.0.0/8',
      '10.0.0.0/',
      '::1/129',
      'fe80::1%eth0',
      '10.0.0.0/8/8',
      '010.0.0.1',
      '',
    ].map((address) => [
      policy({ ...statement, Condition: { NotIpAddress: { 'acs:SourceIp': ['::1', address] } } }),
      'Statement[0].Condition.NotIpAddress.acs:SourceIp[1]',
    ]),
    [
      policy({ ...statement, Condition: { Bool: { 'acs:SecureTransport': 'yes' } } }),
      'Statement[0].Condition.Bool.acs:SecureTransport[0]',
    ],
    [policy({ ...statement, Action: Array.from({ length: 101 }, () => 'ecd:*') }), 'Statement[0].Action'],
    [
      policy({ ...statement, Resource: Array.from({ length: 90 }, () => `acs:ecd:*:*:${'x'.repeat(90)}`) }),
      'the document',
    ],
  ])('names what is wrong in %s', (text, place) => {
    expect(wrong(text!)).toBe(place);
  });
});
