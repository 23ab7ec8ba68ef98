import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encodeChunk } from './codec.ts';
import { DirectoryStore } from './directory-store.ts';
import { ENTRY_BYTES, FOOTER_BYTES, HEADER_BYTES, packKey } from './pack-format.ts';
import { readPackIndex, readStored } from './pack-reader.ts';
import { PackWriter } from './pack-writer.ts';
import { chunkOf, tempDir } from './testing.ts';

async function writePack(store: DirectoryStore, contents: readonly Buffer[]) {
  const pack = await PackWriter.start(store);
  const objects = contents.map((raw) => encodeChunk(raw));
  for (const object of objects) await pack.add(object);
  return { id: pack.id, size: await pack.publish(), objects };
}

test('a pack gives back what went in, whatever the sizes', async () => {
  const store = new DirectoryStore(await tempDir());
  await store.make();
  const content = fc
    .tuple(fc.integer({ min: 8, max: 400_000 }), fc.integer())
    .map(([n, seed]) => chunkOf(seed, n));
  await fc.assert(
    fc.asyncProperty(fc.array(content, { maxLength: 12 }), async (contents) => {
      const { id, size, objects } = await writePack(store, contents);
      const entries = (await readPackIndex(store, id, size))!;
      expect(entries.map(({ name }) => name)).toEqual(objects.map(({ name }) => name));
      for (const [i, entry] of entries.entries()) {
        const data = (await readStored(store, id, entry))!;
        expect(decode({ ...entry, rawLength: entry.raw, data }).equals(contents[i]!)).toBe(true);
      }
    }),
    { numRuns: 20 },
  );
});

test('an index longer than one read of the tail', async () => {
  const store = new DirectoryStore(await tempDir());
  await store.make();
  const { id, size, objects } = await writePack(
    store,
    Array.from({ length: 1500 }, (_, i) => chunkOf(i + 1)),
  );
  expect((await readPackIndex(store, id, size))!.map((e) => e.name)).toEqual(objects.map((o) => o.name));
});

test('every byte of header, index and footer is guarded, and every length', async () => {
  const dir = await tempDir();
  const store = new DirectoryStore(dir);
  await store.make();
  const { id, size, objects } = await writePack(store, [chunkOf(1), chunkOf(2)]);
  const path = join(dir, packKey(id));
  const good = await readFile(path);
  const packHash = { from: size - FOOTER_BYTES + 48, to: size - 8 };
  const tail = size - FOOTER_BYTES - objects.length * ENTRY_BYTES;
  for (let at = 0; at < size; at++) {
    if (at >= HEADER_BYTES && at < tail) continue; // objects: their names guard them
    if (at >= packHash.from && at < packHash.to) continue; // read by verify only
    const bad = Buffer.from(good);
    bad[at]! ^= 1 << (at % 8);
    await writeFile(path, bad);
    await expect(readPackIndex(store, id, size)).rejects.toMatchObject({
      code: expect.stringMatching(/^Vault\.(Damaged|FormatUnknown)$/),
    });
  }
  for (let length = 0; length < size; length += 7) {
    await writeFile(path, good.subarray(0, length));
    await expect(readPackIndex(store, id, length)).rejects.toMatchObject({ code: 'Vault.Damaged' });
  }
});
