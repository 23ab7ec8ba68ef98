import { describe, expect, it } from 'vitest';
import { EXTENSIONS } from './extensions.ts';
import { OPERATIONS } from './index.ts';
import { KNOWN_OPERATIONS } from './known-operations.ts';
import { published } from './testing/compare.ts';

describe('the names of the public product', () => {
  it('hold all that is offered and all of the metadata, once, in order', () => {
    const names = [...KNOWN_OPERATIONS];
    expect(names).toEqual([...names].sort());
    for (const offered of [...OPERATIONS.keys(), ...Object.keys(published().operations)]) {
      if (!(offered in EXTENSIONS)) expect(names).toContain(offered);
    }
    expect(names.filter((name) => name in EXTENSIONS)).toEqual([]);
  });

  it('hold some that are not offered, and none that does not exist', () => {
    for (const name of ['ModifyDesktopSpec', 'HibernateDesktops', 'MigrateDesktops']) {
      expect(KNOWN_OPERATIONS.has(name) && !OPERATIONS.has(name)).toBe(true);
    }
    for (const name of ['CopySnapshot', 'ModifySnapshot', 'CreateRestorePoint', '', 'constructor']) {
      expect(KNOWN_OPERATIONS.has(name)).toBe(false);
    }
  });
});
