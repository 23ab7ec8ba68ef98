import { defineConfig } from 'vitest/config';

/**
 * Kinds of tests, by the end of the file's name:
 *   *.test.ts   unit and property tests: no QEMU, no network but loopback, under 30 s in all
 *   *.integ.ts  real QEMU programs, real files, real databases
 *   *.e2e.ts    the whole service with real desktops (in test/ and acceptance/)
 *   *.full.ts   the same, in the full tier alone: what needs programs that only `npm run test:full` installs
 */
const FULL = process.env['OPENECD_TEST_TIER'] === 'full';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'images/**/*.test.ts',
            'acceptance/**/*.test.ts',
            'console/src/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          testTimeout: 20_000,
          // Most of them wait for timers and sockets; none leaves anything behind for the next file.
          isolate: false,
          maxWorkers: 4,
        },
      },
      {
        test: {
          name: 'integ',
          include: ['src/**/*.integ.ts', 'test/**/*.integ.ts', 'images/**/*.integ.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: [
            'test/**/*.e2e.ts',
            'acceptance/**/*.e2e.ts',
            ...(FULL ? ['acceptance/**/*.full.ts', 'test/**/*.full.ts'] : []),
          ],
          globalSetup: ['acceptance/support/coverage-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
