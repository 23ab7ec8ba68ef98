import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildCache } from './build-cache.ts';

const INSTALLED = '/usr/lib/openecd/src/cli/build-cache.js';

test('a checkout keeps its own cache, whatever the environment says', () => {
  const env = { XDG_CACHE_HOME: '/c', HOME: '/h' };
  expect(buildCache(env)).toBe(join(import.meta.dirname, '../../.cache'));
});

test("an installed program uses the user's cache", () => {
  expect(buildCache({ XDG_CACHE_HOME: '/c', HOME: '/h' }, INSTALLED)).toBe('/c/openecd');
  expect(buildCache({ XDG_CACHE_HOME: 'c', HOME: '/h' }, INSTALLED)).toBe('/h/.cache/openecd');
  expect(buildCache({ HOME: '/h' }, INSTALLED)).toBe('/h/.cache/openecd');
});
