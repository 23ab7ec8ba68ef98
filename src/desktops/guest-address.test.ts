import { expect, test } from 'vitest';
import { addressOf } from './guest-address.ts';

const MAC = '02:0a:1b:2c:3d:4e';
const card = (mac: unknown, ...addresses: unknown[]) => ({
  name: 'eth0',
  'hardware-address': mac,
  'ip-addresses': addresses.map((address) => ({
    'ip-address': address,
    'ip-address-type': 'ipv4',
    prefix: 24,
  })),
});

test.each([
  [[card(MAC, '192.0.2.7')], '192.0.2.7'],
  [[card(MAC.toUpperCase(), 'fe80::1', '2001:db8::7', '192.0.2.7', '192.0.2.8')], '192.0.2.7'],
  [[card(MAC, 'fe80::1', '2001:db8::7')], '2001:db8::7'],
  [[card('00:00:00:00:00:00', '127.0.0.1'), card('02:00:00:00:00:99', '192.0.2.9')], null],
  [[card(MAC, '169.254.1.1', '127.0.0.1', '0.0.0.0', 'fe80::1', '::1')], null],
  [[{ name: 'eth0', 'hardware-address': MAC }], null],
])('of %j: %s', (answer, address) => {
  expect(addressOf(answer, MAC)).toBe(address);
});

test.each([
  ['nothing', null],
  ['no list', { 'hardware-address': MAC }],
  ['words', 'eth0'],
  ['null in it', [null, 7, [], { 'hardware-address': MAC, 'ip-addresses': [null, 7, { 'ip-address': 7 }] }]],
  ['markup', [card(MAC, '<img src=x>', '192.0.2.7; reboot', '192.0.2.7\u0000')]],
  ['a card that is an object', [card({ toString: 1, valueOf: 1 }, '192.0.2.7'), card([MAC], '192.0.2.7')]],
  [
    'more than a machine has',
    [...Array.from({ length: 64 }, () => card('02:00:00:00:00:01')), card(MAC, '192.0.2.7')],
  ],
])('a hostile answer is no address: %s', (_, answer) => {
  expect(addressOf(answer, MAC)).toBeNull();
});
