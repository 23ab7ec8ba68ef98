/**
 * The benchmarks: runs the parts that are asked for, one after the other, shows a table and keeps it in bench/results/.
 *
 * Invariants: a part has a directory of its own, removed at its end, below a temporary one that QEMU's user can pass
 * through; a part that fails is in the results with its error, and the others run; the exit code is 0 only if no part
 * failed (a missed target is a result, not a failure).
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { api } from './api.ts';
import { archive } from './archive.ts';
import { freeze } from './freeze.ts';
import { guestIo } from './guest-io.ts';
import { describeMachine } from './machine.ts';
import { memory } from './memory.ts';
import type { Part } from './part.ts';
import { peerFreeze } from './peer-freeze.ts';
import { markdown, number, type PartResult, type Results, type Row } from './report.ts';
import { onInterrupt } from './run.ts';
import { scale } from './scale.ts';
import { vault } from './vault.ts';

const PARTS: Readonly<Record<string, Part>> = {
  freeze,
  peers: peerFreeze,
  io: guestIo,
  archive,
  memory,
  api,
  scale,
  vault,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: true },
    results: { type: 'string' },
  },
  allowNegative: true,
});

async function runPart(name: string, dir: string): Promise<PartResult> {
  mkdirSync(dir, { mode: 0o711 });
  const rows: Row[] = [];
  const loadBefore = loadavg()[0]!;
  const began = performance.now();
  const say = (text: string) => process.stdout.write(`  [${name}] ${text}\n`);
  const done = (error?: unknown): PartResult => ({
    part: name,
    seconds: (performance.now() - began) / 1000,
    loadBefore,
    rows,
    ...(error === undefined ? {} : { error: error instanceof Error ? error.message : String(error) }),
  });
  try {
    await PARTS[name]!({
      quick: values.quick,
      dir,
      say,
      row(given) {
        rows.push({ part: name, ...given });
        const ratio = given.ratio === undefined ? '' : `, ${number(given.ratio.of)}x ${given.ratio.to}`;
        say(`${given.what}: ${number(given.value)} ${given.unit}${ratio}`);
      },
    });
    return done();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return done(error);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function main(): Promise<number> {
  const asked = values.only.flatMap((text) => text.split(','));
  const unknown = asked.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no part ${unknown}: ${Object.keys(PARTS).join(', ')}\n`);
    return 2;
  }
  const work = mkdtempSync(join(tmpdir(), 'oeb-'));
  chmodSync(work, 0o711);
  onInterrupt(() => rmSync(work, { recursive: true, force: true, maxRetries: 5 }));
  const machine = await describeMachine(work);
  const parts: PartResult[] = [];
  try {
    for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
      process.stdout.write(`${name} (load average ${loadavg()[0]!.toFixed(2)})\n`);
      parts.push(await runPart(name, join(work, name)));
    }
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    quick: values.quick,
    machine,
    parts,
  };
  const text = markdown(results);
  process.stdout.write(`\n${text}`);
  if (values.keep && !values.quick) keep(results, text);
  return parts.some((part) => part.error !== undefined) ? 1 : 0;
}

function keep(results: Results, text: string): void {
  const folder = values.results ?? join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  // Some parts alone leave the results of a whole run as they are.
  const some = values.only.length === 0 ? '' : `-${results.parts.map(({ part }) => part).join('-')}`;
  const name = join(folder, `${results.date}-${results.machine.name}${some}`);
  writeFileSync(`${name}.md`, text);
  writeFileSync(`${name}.json`, `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\nKept in ${name}.md and .json\n`);
}

process.exitCode = await main();
// Connections that fetch keeps alive, and threads that wait, are nothing to wait for.
process.exit();
