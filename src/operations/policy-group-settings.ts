/**
 * What a policy group becomes by a request. Pure.
 *
 * Invariants: kept is what is shown: a setting that nobody has set is not there; of security rules that say the same
 * (all but their description) there is one, of access rules one for each network.
 */
import { type Static, Type } from 'typebox';
import type { PolicyGroupRow } from '../catalogue/offices.ts';
import { refused } from './checks.ts';
import {
  AccessRule,
  ClientType,
  DeviceRule,
  DomainRule,
  MAX_ACCESS_RULES,
  MAX_SECURITY_RULES,
  SETTINGS,
  type SecurityRule,
  ShownSecurityRule,
  SIMPLE,
  UsbRule,
} from './policy-group-parameters.ts';
import { choice, KEPT, texts } from './schema.ts';

const listOf = <T extends Type.TSchema>(items: T) => Type.Optional(Type.Array(items, { description: KEPT }));

/** What is kept of a policy group, as it is shown. */
export const Kept = Type.Object({
  ...SIMPLE,
  PreemptLoginUsers: Type.Optional(texts(KEPT)),
  AuthorizeSecurityPolicyRules: Type.Array(ShownSecurityRule),
  AuthorizeAccessPolicyRules: Type.Array(AccessRule),
  ClientTypes: listOf(ClientType),
  UsbSupplyRedirectRule: listOf(UsbRule),
  DomainResolveRuleType: Type.Optional(choice(['off', 'on'], KEPT)),
  DomainResolveRule: listOf(DomainRule),
  ScopeValue: Type.Optional(texts(KEPT)),
  DeviceRedirects: listOf(
    Type.Object({
      DeviceType: SETTINGS.DeviceRedirects.items.properties.DeviceType,
      RedirectType: Type.Optional(Type.String()),
    }),
  ),
  DeviceRules: listOf(DeviceRule),
});
export type Kept = Static<typeof Kept>;

const Asked = Type.Object(SETTINGS);
export type Asked = Static<typeof Asked> & {
  readonly RevokeSecurityPolicyRule?: readonly AskedRule[] | undefined;
  readonly RevokeAccessPolicyRule?: readonly Network[] | undefined;
};
type AskedRule = Static<typeof SecurityRule>;
type Network = Static<typeof AccessRule>;
type ShownRule = Static<typeof ShownSecurityRule>;

export const EMPTY: Kept = { AuthorizeSecurityPolicyRules: [], AuthorizeAccessPolicyRules: [] };

/** What the row keeps. */
export function keptOf(row: Pick<PolicyGroupRow, 'settings'>): Kept {
  return JSON.parse(row.settings) as Kept;
}

/** `before` with what is asked for; what is not sent stays. Rules are revoked first. Throws InvalidParameter. */
export function changed(before: Kept, asked: Asked): Kept {
  const simple = Object.keys(SIMPLE).map((name) => [name, asked[name as keyof typeof SIMPLE]]);
  const next = {
    ...simpleAndLists(asked),
    ...Object.fromEntries(simple),
    AuthorizeSecurityPolicyRules: securityRules(before.AuthorizeSecurityPolicyRules, asked),
    AuthorizeAccessPolicyRules: accessRules(before.AuthorizeAccessPolicyRules, asked),
  };
  const sent = Object.entries(next).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(sent) };
}

/** Settings that an answer names or spells otherwise than a request, and lists that replace those before. */
function simpleAndLists(asked: Asked) {
  return {
    PreemptLoginUsers: asked.PreemptLoginUser,
    ClientTypes: asked.ClientType,
    UsbSupplyRedirectRule: asked.UsbSupplyRedirectRule,
    DomainResolveRuleType: asked.DomainResolveRuleType?.toLowerCase(),
    DomainResolveRule: asked.DomainResolveRule,
    ScopeValue: asked.ScopeValue,
    DeviceRedirects: asked.DeviceRedirects,
    DeviceRules: asked.DeviceRules,
  };
}

function securityRules(before: readonly ShownRule[], asked: Asked): ShownRule[] {
  const shown = (rule: AskedRule): ShownRule =>
    rule.IpProtocol === undefined ? rule : { ...rule, IpProtocol: rule.IpProtocol.toLowerCase() };
  const key = ({ Description: _, ...rule }: ShownRule) => JSON.stringify(Object.entries(rule).sort());
  const revoked = asked.RevokeSecurityPolicyRule?.map(shown);
  const rules = merged(before, revoked, asked.AuthorizeSecurityPolicyRule?.map(shown), key);
  if (rules.length > MAX_SECURITY_RULES) throw tooMany('AuthorizeSecurityPolicyRule', MAX_SECURITY_RULES);
  return rules;
}

function accessRules(before: readonly Network[], asked: Asked): Network[] {
  const key = (rule: Network) => rule.CidrIp ?? '';
  const rules = merged(before, asked.RevokeAccessPolicyRule, asked.AuthorizeAccessPolicyRule, key);
  if (rules.length > MAX_ACCESS_RULES) throw tooMany('AuthorizeAccessPolicyRule', MAX_ACCESS_RULES);
  return rules;
}

function merged<Rule>(
  before: readonly Rule[],
  revoked: readonly Rule[] = [],
  added: readonly Rule[] = [],
  key: (rule: Rule) => string,
): Rule[] {
  const rules = new Map(before.map((rule) => [key(rule), rule]));
  for (const rule of revoked) rules.delete(key(rule));
  for (const rule of added) rules.set(key(rule), rule);
  return [...rules.values()];
}

function tooMany(parameter: string, most: number) {
  return refused(parameter, `A policy group has up to ${most} of these rules.`);
}

const NAME = /^\P{Cc}{1,128}$/u;

/** Throws InvalidParameter. */
export function checkGroupName(name: string | undefined): void {
  if (name !== undefined && !NAME.test(name)) {
    throw refused('Name', 'Use up to 128 characters without control characters.');
  }
}
