/**
 * The demo: a snapshot of a running desktop brings its disk back, in front of the user.
 *
 * Invariants: it succeeds only if the content read at the end is the content written first; what it started is stopped on
 * Ctrl-C, on failure with --once, and never otherwise.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EcdError } from '../../src/errors.ts';
import { bar, duration, size, task, UserError } from '../terminal.mjs';
import { Demo } from './desktop.ts';
import {
  accelerator,
  type DemoService,
  defaultDataDir,
  OPENECD,
  openecd,
  runningService,
  startService,
  stopService,
} from './service.ts';

const FIRST = 'This was written first.';
const SECOND = 'This was written over it.';
const FILE = '/root/demo.txt';
const BULK = '/root/demo.bin';
/** 200 MiB, no two blocks of them equal, made from 1 MiB of random bytes: the guest's own random numbers are slow to make. */
const RANDOM = `perl -e 'open R, "/dev/urandom"; read R, $b, 1 << 20; print $b ^ (pack("Q", rand 2**53) x (1 << 17)) for 1 .. 200'`;

const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    detach: { type: 'boolean', default: false },
    stop: { type: 'boolean', default: false },
    data: { type: 'string', default: defaultDataDir() },
  },
});
const dataDir = resolve(options.data);
const interrupt = new AbortController();
const say = (text = '') => process.stdout.write(`${text}\n`);
process.umask(0o022);

/** Stops the desktop, then the service. */
async function stopAll(service: DemoService): Promise<void> {
  // Of its own: the signal that ended the demo does not end its end.
  const demo = new Demo(service, AbortSignal.timeout(180_000));
  const desktop = await demo.find();
  if (desktop && desktop.DesktopStatus !== 'Stopped') {
    await task('StopDesktops', async (update) => {
      const status = await demo.rest(desktop.DesktopId, update);
      if (status === 'Running') await demo.call('StopDesktops', { 'DesktopId.1': desktop.DesktopId });
      await demo.waitFor(desktop.DesktopId, 'Stopped', update);
    });
  }
  const ended = await task('the service ends', () => stopService(service));
  if (!ended)
    throw new UserError(`The service (process ${service.pid}) does not end.`, `Its log: ${service.logFile}`);
}

/** Starts, or finds, the service with the demo image. */
async function prepare(signal: AbortSignal): Promise<DemoService> {
  const running = await runningService(dataDir);
  if (running) {
    say(`+ the service runs already: ${running.endpoint}`);
    return running;
  }
  // The command shows its own progress.
  const began = performance.now();
  say('  demo guest image');
  await openecd(['image', 'build-demo', '--data', dataDir, '--json'], signal);
  say(`+ demo guest image  ${duration(performance.now() - began)}`);
  return await task('the service starts', () => startService(dataDir, signal));
}

/** A Running desktop: the one of an earlier run, or a new one. */
async function desktopOf(demo: Demo): Promise<string> {
  await demo.checkBundle();
  const old = await demo.find();
  if (!old) {
    const id = await task('CreateDesktops', () => demo.create());
    await task('DescribeDesktops until Running', (update) => demo.waitFor(id, 'Running', update));
    return id;
  }
  const id = old.DesktopId;
  const status = await task(`the desktop of the last run (${id})`, (update) => demo.rest(id, update));
  if (status === 'Stopped') {
    await task('StartDesktops', async (update) => {
      await demo.call('StartDesktops', { 'DesktopId.1': id });
      await demo.waitFor(id, 'Running', update);
    });
  }
  return id;
}

/** The main job. Answers whether the first content came back. */
async function mainJob(demo: Demo): Promise<boolean> {
  const id = await desktopOf(demo);
  const booted = () =>
    task('RunCommand: answers once the guest has booted', (update) => demo.shell(id, 'true', update));
  await booted();
  const write = `echo '${FIRST}' >${FILE}; ${RANDOM} >${BULK}; sync; cat ${FILE}; md5sum ${BULK}`;
  const first = await task('RunCommand: writes 200 MiB and a file inside the desktop', (update) =>
    demo.shell(id, write, update),
  );
  say(`    ${FILE} says: ${first.split('\n')[0]}`);

  const snapshotId = await task('CreateSnapshot while it runs', () => demo.snapshot(id));
  const snapshot = await task('DescribeSnapshots until 100%', (update) =>
    demo.archived(snapshotId, (percent) => update(bar(percent))),
  );
  say(
    `    ${snapshotId}: consistency ${snapshot.Consistency ?? 'unknown'}, ${size(snapshot.StoredBytes ?? 0)} new in the vault`,
  );

  const overwrite = `echo '${SECOND}' >${FILE}; dd if=/dev/zero of=${BULK} bs=1M count=20 2>/dev/null; sync; cat ${FILE}`;
  const second = await task('RunCommand: overwrites both', (update) => demo.shell(id, overwrite, update));
  say(`    ${FILE} says: ${second.trim()}`);

  await task('StopDesktops', async (update) => {
    await demo.call('StopDesktops', { 'DesktopId.1': id });
    await demo.waitFor(id, 'Stopped', update);
  });
  await task('ResetSnapshot', () => demo.call('ResetSnapshot', { SnapshotId: snapshotId }));
  await task('StartDesktops', async (update) => {
    await demo.call('StartDesktops', { 'DesktopId.1': id });
    await demo.waitFor(id, 'Running', update);
  });
  await booted();
  const back = await task('RunCommand: reads them again', (update) =>
    demo.shell(id, `cat ${FILE}; md5sum ${BULK}`, update),
  );
  say(`    ${FILE} says: ${back.split('\n')[0]}`);
  const deleted = await demo.deleteOld(id);
  if (deleted > 0) say(`    ${deleted} old snapshot(s) of earlier runs deleted`);
  return first === back && first.startsWith(FIRST) && second.startsWith(SECOND);
}

async function nextSteps(service: DemoService): Promise<void> {
  const link = await openecd(['console', 'link', '--data', dataDir], interrupt.signal);
  say();
  say(`The service answers on ${service.endpoint}`);
  say(`The access key is in ${service.keyFile}`);
  say('The web console, signed in by this link, once, within 10 minutes:');
  say(`  ${link.trim()}`);
  say('Try next:');
  say(`  ${OPENECD} call DescribeDesktops --data ${dataDir}`);
  say(`  ${OPENECD} call DescribeSnapshots --data ${dataDir}`);
  say(`  ${OPENECD} vault stats --data ${dataDir}`);
  say(`  ${OPENECD} console link --data ${dataDir}`);
}

async function main(): Promise<number> {
  if (options.stop) {
    const running = await runningService(dataDir);
    if (running) await stopAll(running);
    else say(`No demo runs on ${dataDir}.`);
    return 0;
  }
  const began = performance.now();
  say(`OpenECD demo: data in ${dataDir}; desktops run by ${await accelerator()}.`);
  const service = await prepare(interrupt.signal);
  let matched = false;
  try {
    matched = await mainJob(new Demo(service, interrupt.signal));
  } catch (error) {
    if (interrupt.signal.aborted || options.once || service.started) await stopAll(service);
    throw error;
  }
  say(
    matched
      ? `+ The first content is back. All in ${duration(performance.now() - began)}.`
      : '! The content is NOT what was written first.',
  );
  if (options.once) await stopAll(service);
  else if (options.detach) {
    await nextSteps(service);
    say(
      `Stop it with: npm run demo -- --stop${options.data === defaultDataDir() ? '' : ` --data ${dataDir}`}`,
    );
  } else {
    await nextSteps(service);
    say('Ctrl-C stops service and desktop.');
    await interrupted(interrupt.signal);
    say();
    await stopAll(service);
  }
  return matched ? 0 : 1;
}

/** Waits for Ctrl-C; the timer keeps the process alive. */
function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setInterval(() => {}, 60_000);
    const end = () => {
      clearInterval(timer);
      done();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new UserError('interrupted'));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (interrupt.signal.aborted) process.exitCode = 130;
  else {
    const known = error instanceof UserError || EcdError.is(error);
    const advice = EcdError.is(error) && error.advice ? `\n  ${error.advice}` : '';
    process.stderr.write(`${known ? `${(error as Error).message}${advice}` : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
