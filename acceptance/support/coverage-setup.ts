/** Collects over a whole run what clients receive, and writes acceptance/COVERAGE.md at its end. A vitest globalSetup. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeCoverage } from './coverage.ts';
import { COVERAGE_DIR } from './seen.ts';

const FILE = resolve(import.meta.dirname, '../COVERAGE.md');

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'openecd-coverage-'));
  process.env[COVERAGE_DIR] = directory;
  return () => {
    try {
      writeCoverage(directory, FILE, new Date().toISOString().slice(0, 10));
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
}
