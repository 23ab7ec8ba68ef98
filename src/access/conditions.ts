/**
 * Conditions of a statement: where a request comes from, and whether it came encrypted.
 *
 * Invariants: all conditions of a statement must hold, of the values of one any; an address that nobody knows meets no
 * condition of an Allow and every one of a Deny. IPv4 addresses written as IPv6 (`::ffff:10.0.0.1`) are IPv4.
 */
import { BlockList, isIP } from 'node:net';
import { malformed, type Place, textsOf } from './places.ts';

/** What conditions look at. */
export interface Circumstances {
  /** The client's address; empty when it is not known. */
  readonly sourceAddress: string;
  /** Whether the request came over TLS. */
  readonly secure: boolean;
}

/** Null: it cannot be told. */
export type Condition = (circumstances: Circumstances) => boolean | null;

const MOST_VALUES = 100;

/** Reads `Condition` of a statement. Throws AccessPolicy.Malformed. */
export function parseConditions(value: unknown, place: Place): Condition[] {
  return entriesOf(value, place).flatMap(([operator, keys]) => {
    const make = OPERATORS[operator];
    const at: Place = `${place}.${operator}`;
    if (make === undefined)
      throw malformed(at, `this operator is not known; there are ${Object.keys(OPERATORS).join(', ')}`);
    return entriesOf(keys, at).map(([key, values]) => make(key, values, `${at}.${key}`));
  });
}

/** Whether a statement of that effect applies as far as its conditions go. */
export function holds(
  conditions: readonly Condition[],
  effect: 'Allow' | 'Deny',
  circumstances: Circumstances,
): boolean {
  return conditions.every((condition) => condition(circumstances) ?? effect === 'Deny');
}

const OPERATORS: Readonly<Record<string, (key: string, values: unknown, place: Place) => Condition>> = {
  IpAddress: (key, values, place) => addressCondition(key, values, place, true),
  NotIpAddress: (key, values, place) => addressCondition(key, values, place, false),
  Bool: secureCondition,
};

function addressCondition(key: string, values: unknown, place: Place, inside: boolean): Condition {
  if (key !== 'acs:SourceIp') throw malformed(place, 'only acs:SourceIp can be compared with addresses');
  const networks = new BlockList();
  textsOf(values, place, MOST_VALUES).forEach((text, i) => {
    addNetwork(networks, text, `${place}[${i}]`);
  });
  return ({ sourceAddress: source }) => {
    const version = isIP(source);
    if (version === 0) return null;
    return networks.check(source, version === 4 ? 'ipv4' : 'ipv6') === inside;
  };
}

function addNetwork(networks: BlockList, text: string, place: Place): void {
  const [address = '', length, more] = text.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (version === 0 || address.includes('%') || more !== undefined || prefix < 0 || prefix > bits)
    throw malformed(place, `'${text}' is neither an address nor a network like 192.0.2.0/24`);
  networks.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
}

function secureCondition(key: string, values: unknown, place: Place): Condition {
  if (key !== 'acs:SecureTransport') throw malformed(place, 'only acs:SecureTransport can be true or false');
  const texts = textsOf(typeof values === 'boolean' ? String(values) : values, place, 2);
  texts.forEach((text, i) => {
    if (text !== 'true' && text !== 'false') throw malformed(`${place}[${i}]`, 'use true or false');
  });
  return ({ secure }) => texts.includes(String(secure));
}

function entriesOf(value: unknown, place: Place): [string, unknown][] {
  const entries =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  if (entries.length === 0) throw malformed(place, 'it must be an object that is not empty');
  return entries;
}
