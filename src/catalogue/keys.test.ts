import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from './catalogue.ts';
import { createKey, KeyStore, listKeys, openKeySecrets, setKeyStatus } from './keys.ts';

let work: string;
let catalogue: Catalogue;
const keyFile = () => join(work, 'secret.key');
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-keys-'));
  catalogue = Catalogue.open(join(work, 'catalogue.db'));
});
afterEach(async () => {
  await catalogue.close();
  rmSync(work, { recursive: true, force: true });
});

describe('access keys', () => {
  it('look like those of the public service and are found with their secret', async () => {
    const box = await openKeySecrets(catalogue, keyFile());
    const key = await createKey(catalogue.db, box);
    expect(key.AccessKeyId).toMatch(/^LTAI[A-Za-z0-9]{20}$/);
    expect(key.AccessKeySecret).toMatch(/^[A-Za-z0-9]{30}$/);
    expect(await new KeyStore(catalogue, box).find(key.AccessKeyId)).toEqual({
      secret: key.AccessKeySecret,
      status: 'Active',
      userName: 'Administrator',
    });
    expect(await new KeyStore(catalogue, box).find('LTAIunknown')).toBeNull();
  });

  it('are nowhere in the catalogue file in the clear, nor in lists', async () => {
    const key = await createKey(catalogue.db, await openKeySecrets(catalogue, keyFile()), {
      clock: () => 1000,
    });
    expect(await listKeys(catalogue.db)).toEqual([
      {
        accessKeyId: key.AccessKeyId,
        userName: 'Administrator',
        status: 'Active',
        createdAt: 1000,
        lastUsedAt: null,
        expiresAt: null,
      },
    ]);
    await catalogue.close();
    const bytes = readFileSync(join(work, 'catalogue.db'));
    expect(bytes.includes(key.AccessKeyId)).toBe(true);
    expect(bytes.includes(key.AccessKeySecret)).toBe(false);
    catalogue = Catalogue.open(join(work, 'catalogue.db'));
  });

  it('are seen to be disabled within a second, also by another process', async () => {
    const box = await openKeySecrets(catalogue, keyFile());
    const key = await createKey(catalogue.db, box);
    let now = 50_000;
    const store = new KeyStore(catalogue, box, () => now);
    expect((await store.find(key.AccessKeyId))?.status).toBe('Active');
    const other = Catalogue.open(join(work, 'catalogue.db'));
    await setKeyStatus(other.db, key.AccessKeyId, 'Inactive');
    await other.close();
    now += 999;
    expect((await store.find(key.AccessKeyId))?.status).toBe('Active');
    now += 1;
    expect((await store.find(key.AccessKeyId))?.status).toBe('Inactive');
    await setKeyStatus(catalogue.db, key.AccessKeyId, 'Active');
    now -= 3_600_000;
    expect((await store.find(key.AccessKeyId))?.status).toBe('Active');
  });

  it('cannot be disabled when they are not there', async () => {
    await expect(setKeyStatus(catalogue.db, 'LTAInone', 'Inactive')).rejects.toThrow('not found');
  });

  it('do not work with a key file that is not theirs, nor with a secret moved between rows', async () => {
    const box = await openKeySecrets(catalogue, keyFile());
    const [one, two] = [await createKey(catalogue.db, box), await createKey(catalogue.db, box)];
    const { secret } = await catalogue.db
      .selectFrom('access_keys')
      .select('secret')
      .where('id', '=', one.AccessKeyId)
      .executeTakeFirstOrThrow();
    await catalogue.db.updateTable('access_keys').set({ secret }).where('id', '=', two.AccessKeyId).execute();
    const store = new KeyStore(catalogue, box);
    await expect(store.find(two.AccessKeyId)).rejects.toMatchObject({ code: 'Secrets.Unusable' });
    expect((await store.find(one.AccessKeyId))?.secret).toBe(one.AccessKeySecret);
    rmSync(keyFile());
    await expect(openKeySecrets(catalogue, keyFile())).rejects.toThrow('secret.key is missing');
  });
});
