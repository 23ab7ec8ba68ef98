import { expect, test } from 'vitest';
import { seedFiles } from './cloud-init.ts';

const ID = 'ecd-0123456789abcdefg';
const meta = (hostname: string) => JSON.parse(seedFiles({ id: ID, hostname }, '{}')['meta-data']!);

test('the host name is that of the desktop where it is one, else its id', () => {
  expect(meta('lab-7')).toEqual({ 'instance-id': ID, 'local-hostname': 'lab-7' });
  for (const name of ['Math 1', '数学', 'a\nb: c', '-x', '', 'x'.repeat(64)])
    expect(meta(name)).toEqual({ 'instance-id': ID, 'local-hostname': ID });
});

test('the cloud-config has its head line', () => {
  expect(seedFiles({ id: ID, hostname: 'x' }, '{"users":[]}')['user-data']).toBe(
    '#cloud-config\n{"users":[]}\n',
  );
});
