/** Collects over a whole run what clients receive, and writes acceptance/COVERAGE.md at its end. A vitest globalSetup. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { COVERAGE_DIR, coverageTable, isWhole, readSeen } from './coverage.ts';

const FILE = resolve(import.meta.dirname, '../COVERAGE.md');

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'openecd-coverage-'));
  process.env[COVERAGE_DIR] = directory;
  return () => {
    const seen = readSeen(directory);
    rmSync(directory, { recursive: true });
    if (isWhole(seen)) writeFileSync(FILE, coverageTable(seen));
  };
}
