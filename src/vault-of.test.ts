import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalogue } from './catalogue/catalogue.ts';
import { factOf, stateFact } from './catalogue/facts.ts';
import { EcdError } from './errors.ts';
import { openVault } from './vault-of.ts';

let work: string;
let catalogue: Catalogue;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-vault-of-'));
  catalogue = Catalogue.open(join(work, 'catalogue.db'));
});
afterEach(async () => {
  await catalogue.close();
  rmSync(work, { recursive: true, force: true });
});

const open = (name: string, of = catalogue) =>
  openVault({ catalogue: of, vaultDir: join(work, name), indexFile: join(work, 'index.db') });

async function refused(name: string): Promise<EcdError> {
  const error = await open(name).then(
    (vault) => vault.close().then(() => null),
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(EcdError);
  return error as EcdError;
}

/** The id of a vault made in `name`; it is the catalogue's from then on. */
async function first(name: string): Promise<string> {
  const vault = await open(name);
  await vault.close();
  return vault.id;
}

test('a catalogue without a vault gets one, and opens the same again', async () => {
  const id = await first('vault');
  expect(await factOf(catalogue.db, 'vault')).toBe(id);
  expect(await first('vault')).toBe(id);
});

test('an unmounted mount point or a missing directory does not become a new vault', async () => {
  const id = await first('vault');
  mkdirSync(join(work, 'mount-point'));
  for (const name of ['mount-point', 'missing']) {
    const error = await refused(name);
    expect(error.code).toBe('Vault.Unavailable');
    expect(error.message).toContain(id);
    expect(error.message).toMatch(/mount the file system .* --vault DIR/);
  }
  expect(readdirSync(join(work, 'mount-point'))).toEqual([]);
  expect(existsSync(join(work, 'missing'))).toBe(false);
  expect(await first('vault')).toBe(id);
});

test('the vault of another catalogue is refused, and its lock given back', async () => {
  const id = await first('vault');
  const other = Catalogue.open(':memory:');
  const foreign = await openVault({
    catalogue: other,
    vaultDir: join(work, 'foreign'),
    indexFile: join(work, 'foreign-index.db'),
  });
  await foreign.close();
  const error = await refused('foreign');
  expect(error.message).toContain(`holds vault ${foreign.id}`);
  expect(error.message).toContain(id);
  const again = await openVault({
    catalogue: other,
    vaultDir: join(work, 'foreign'),
    indexFile: join(work, 'foreign-index.db'),
  });
  await again.close();
  await other.close();
});

test('of two vaults that become the first at once, one does', async () => {
  // Another process states its vault between our look and ours.
  const racing = new Proxy(catalogue, {
    get(target, name) {
      if (name === 'db' && !stated) {
        stated = true;
        const db = target.db;
        return new Proxy(db, {
          get: (inner, key) =>
            key === 'selectFrom'
              ? () => ({ select: () => ({ where: () => ({ executeTakeFirst: async () => undefined }) }) })
              : Reflect.get(inner, key),
        });
      }
      return Reflect.get(target, name);
    },
  });
  let stated = false;
  await stateFact(catalogue.db, 'vault', 'the-other');
  await expect(open('vault', racing)).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  expect(await factOf(catalogue.db, 'vault')).toBe('the-other');
});

test('a stated fact stays', async () => {
  expect(await stateFact(catalogue.db, 'vault', 'one')).toBe('one');
  expect(await stateFact(catalogue.db, 'vault', 'two')).toBe('one');
  expect(await factOf(catalogue.db, 'vault')).toBe('one');
});
