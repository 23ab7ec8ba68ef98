#!/usr/bin/env node
/**
 * `npm test`: the set-up, the checks, then the tests, kind by kind. Plain JavaScript for Node 20 and newer.
 *
 *   node scripts/test.mjs          unit, integ and e2e tests at reduced counts (about 15 minutes)
 *   node scripts/test.mjs unit     what needs no QEMU (under 30 seconds)
 *   node scripts/test.mjs full     everything at full counts
 *
 * Invariants: the last line is `N passed, N failed, N skipped`; the exit code is 0 only if something passed and nothing
 * failed; a kind of tests that finds no tests, ends by a signal or runs out of time has failed; nothing is skipped because
 * something is not installed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { checks } from './checks.mjs';
import { setup } from './setup.mjs';
import { duration, task, UserError } from './terminal.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const REPORTS = join(ROOT, '.cache/test');
const TIERS = { unit: ['unit'], quick: ['unit', 'integ', 'e2e'], full: ['unit', 'integ', 'e2e'] };
/** Minutes after which a kind of tests is ended: far above what it needs. */
const MINUTES = { unit: 5, integ: 30, e2e: 90 };

const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const failures = [];

/** Counts one check or a whole kind of tests as failed. @param {string} what */
function fail(what) {
  total.failed++;
  failures.push(what);
}

/** Runs the program on this terminal, in a group of its own that ends with it. @param {string} node @param {string[]} args @param {NodeJS.ProcessEnv} env @param {number} minutes */
function runShown(node, args, env, minutes) {
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    const end = (/** @type {NodeJS.Signals} */ signal) => {
      try {
        process.kill(-(child.pid ?? 0), signal);
      } catch {
        // It has ended already.
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end('SIGKILL');
    }, minutes * 60_000);
    const interrupted = () => end('SIGINT');
    process.on('SIGINT', interrupted);
    process.on('SIGTERM', interrupted);
    child.on('error', (error) => resolve({ code: 127, note: error.message }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupted);
      process.off('SIGTERM', interrupted);
      resolve({
        code,
        note: late ? `not done after ${minutes} minutes` : signal ? `ended by ${signal}` : '',
      });
    });
  });
}

/** Runs one project of vitest.config.ts and adds its results. @param {string} project @param {string} node @param {string} tier */
async function vitest(project, node, tier) {
  const report = join(REPORTS, `${project}.json`);
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', project];
  args.push('--reporter=default', '--reporter=json', `--outputFile.json=${report}`);
  const env = {
    ...process.env,
    OPENECD_TEST_TIER: tier,
    PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`,
  };
  const { code, note } = await runShown(node, args, env, MINUTES[project]);
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return fail(`${project} tests: no result (${note || `exit code ${code}`})`);
  }
  add(project, result, code, note);
}

/** The first lines of a failure, indented: the whole of it stands far above. @param {string} message */
function excerpt(message) {
  const lines = stripVTControlCharacters(message).trim().split('\n').slice(0, 6);
  return lines.map((line) => `\n      ${line.slice(0, 300)}`).join('');
}

/** Adds one report of vitest. A file that could not be loaded holds no test: it counts as one failure. */
function add(/** @type {string} */ project, result, code, note) {
  let failed = 0;
  for (const file of result.testResults) {
    const bad = file.assertionResults.filter(
      (/** @type {{ status: string }} */ one) => one.status === 'failed',
    );
    for (const one of bad) {
      const why = (one.failureMessages ?? []).map(excerpt).join('');
      failures.push(`${project}: ${file.name.replace(`${ROOT}/`, '')}: ${one.fullName}${why}`);
    }
    failed += bad.length;
    if (file.status === 'failed' && bad.length === 0) {
      failures.push(`${project}: ${file.name.replace(`${ROOT}/`, '')}: ${file.message || 'could not run'}`);
      failed++;
    }
  }
  total.passed += result.numPassedTests;
  total.failed += failed;
  total.skipped += result.numPendingTests + result.numTodoTests;
  if (result.numTotalTests === 0 && failed === 0) fail(`${project} tests: none found`);
  else if (code !== 0 && failed === 0) fail(`${project} tests: ${note || `exit code ${code}, see above`}`);
}

async function main() {
  const tier = /** @type {keyof typeof TIERS} */ (process.argv[2] ?? 'quick');
  const projects = TIERS[tier];
  if (!projects) throw new UserError(`Unknown tests: ${tier}`, 'Use unit, quick or full.');
  const began = performance.now();
  const { node } = await setup({ yes: true, programs: tier !== 'unit', tests: tier !== 'unit' });
  mkdirSync(REPORTS, { recursive: true });
  for (const project of projects) rmSync(join(REPORTS, `${project}.json`), { force: true });

  for (const { name, check } of checks(ROOT, node)) {
    try {
      await task(name, async () => {
        const wrong = await check();
        if (wrong) throw new Error(wrong);
      });
      total.passed++;
    } catch (error) {
      process.stdout.write(`${error.message}\n`);
      fail(name);
    }
  }
  if (projects.includes('integ')) {
    const { code, note } = await runShown(node, [join(ROOT, 'images/build.ts')], process.env, 15);
    if (code !== 0) fail(`demo guest image: ${note || `exit code ${code}`}`);
  }
  for (const project of projects) await vitest(project, node, tier === 'full' ? 'full' : 'quick');

  if (failures.length > 0)
    process.stdout.write(`\nFailed:\n${failures.map((one) => `  ${one}`).join('\n')}\n`);
  process.stdout.write(`\nall in ${duration(performance.now() - began)}\n`);
}

main()
  .catch((error) => {
    fail('the run itself');
    process.stderr.write(`${error instanceof UserError ? error.message : error.stack}\n`);
  })
  .finally(() => {
    process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
    process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  });
