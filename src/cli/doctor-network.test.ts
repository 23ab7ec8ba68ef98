import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filterFindings } from './doctor-network.ts';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-doctor-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

test('a firewall that filters the frames of bridges is told, and only then', () => {
  const file = join(work, 'bridge-nf-call-iptables');
  expect(filterFindings(file)).toEqual([]);
  writeFileSync(file, '0\n');
  expect(filterFindings(file)).toEqual([]);
  writeFileSync(file, '1\n');
  expect(filterFindings(file)).toEqual([
    expect.objectContaining({ status: 'warning', what: 'frames on bridges' }),
  ]);
});
