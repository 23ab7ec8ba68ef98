/** The vault, images and the stacks of disks in the console, and new desktops made in it, on a real service. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type Fields, Room } from '../acceptance/support/room.ts';
import { LOOKS } from './browser.ts';
import { ConsoleSession, HOSTILE } from './console-session.ts';

const MIB = 1024 ** 2;
const SLOW = { timeout: 60_000 };

let desktopId: string;
let snapshotId: string;
const session = new ConsoleSession(async () => {
  const room = await Room.open();
  const wanted = { BundleId: 'bundle_demo', Amount: '1', DesktopName: 'first' };
  const made = (await room.client.ok('CreateDesktops', wanted)) as { DesktopId: string[] };
  desktopId = made.DesktopId[0]!;
  await room.until(desktopId, 'Running');
  const asked = { DesktopId: desktopId, SnapshotName: HOSTILE, SourceDiskType: 'system' };
  snapshotId = String((await room.client.ok('CreateSnapshot', asked))['SnapshotId']);
  await room.accomplished(snapshotId);
  await importFilled(room);
  return room;
});
/** An image with something in it: half of it does not compress, a quarter stands there twice. */
async function importFilled(room: Room): Promise<void> {
  const file = join(room.service.data, '../filled.raw');
  const noise = randomBytes(16 * MIB);
  await writeFile(file, Buffer.concat([noise, noise.subarray(0, 8 * MIB), Buffer.alloc(8 * MIB, 'text ')]));
  await room.service.openecd('image', 'import', '--data', room.service.data, '--name', 'filled', file);
  const { Images } = await room.client.ok('DescribeImages', { ImageName: 'filled' });
  const made = await room.made(String((Images as Fields[])[0]!['ImageId']));
  expect(made).toMatchObject({ Status: 'Available' });
}

const client = () => session.served.client;
const dialog = () => session.page.getByRole('dialog');
const images = async () => (await client().ok('DescribeImages', {}))['Images'] as Fields[];

/** Works in the catalogue beside the service. */
function inCatalogue(act: (catalogue: DatabaseSync) => void): void {
  const catalogue = new DatabaseSync(join(session.served.service.data, 'catalogue.db'), { timeout: 10_000 });
  act(catalogue);
  catalogue.close();
}

test('the vault says what it holds and what it takes, as the service does', async () => {
  const { page } = session;
  await session.open('/console/vault');
  await page.getByText('snapshots: 1, images: 2; empty space, too').waitFor();
  const found = await client().ok('DescribeVault', {});
  const { PackCount, UniqueBytes, StoredBytes } = found['Vault'] as Record<string, number>;
  // What is there twice is stored once; what is all the same is stored as next to nothing.
  expect(UniqueBytes).toBeGreaterThan(16 * MIB);
  expect(UniqueBytes).toBeLessThan(18 * MIB);
  expect(StoredBytes).toBeGreaterThan(16 * MIB);
  const text = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  await page.getByText(text(UniqueBytes!)).first().waitFor();
  await page.getByText(text(StoredBytes!)).first().waitFor();
  await page.getByText(`after compression, in ${String(PackCount)} files`).waitFor();
  const holders = page.getByRole('region', { name: 'What each desktop holds' });
  await holders.getByRole('link', { name: 'first' }).waitFor();
  // The chart has drawn: its legend stands beside it.
  await page.locator('.u-legend').getByText('Added to the vault').waitFor();
  await page.locator('.u-over').waitFor();
  await page.getByText('Nothing is being stored.').waitFor();
});

test('what is being stored is shown with its progress and how fast it goes', async () => {
  const { page } = session;
  const row = (bytes: number) =>
    inCatalogue(
      (db) => void db.prepare('UPDATE snapshots SET done_bytes = ? WHERE id = ?').run(bytes, 's-job'),
    );
  inCatalogue((db) => {
    const columns = (db.prepare('PRAGMA table_info(snapshots)').all() as { name: string }[]).map(
      (one) => one.name,
    );
    const changed: Record<string, string> = {
      ...{ id: `'s-job'`, name: `'large one'`, status: `'PROGRESSING'`, total_bytes: String(400 * MIB) },
      ...{
        done_bytes: '0',
        stored_bytes: 'NULL',
        archived_at: 'NULL',
        disk_id: `'d-none'`,
        layer_id: 'NULL',
      },
    };
    const values = columns.map((name) => changed[name] ?? name).join(', ');
    db.prepare(`INSERT INTO snapshots SELECT ${values} FROM snapshots WHERE id = ?`).run(snapshotId);
  });
  await session.open('/console/vault');
  const jobs = page.getByRole('region', { name: 'Being stored now' });
  const job = jobs.getByRole('row').filter({ hasText: 'large one' });
  await job.getByText('measuring…').waitFor();
  row(100 * MIB);
  await job.getByText('25%').waitFor();
  await job.getByText('100.0 MiB of 400.0 MiB').waitFor();
  await job.getByText(/^[1-9][\d.]* (KiB|MiB)\/s$/).waitFor();
  inCatalogue((db) => void db.prepare('DELETE FROM snapshots WHERE id = ?').run('s-job'));
  await jobs.getByText('Nothing is being stored.').waitFor();
});

test('the disks are drawn as they lie there: the layer that is written above the base above the golden image', async () => {
  const { page } = session;
  await session.open(`/console/desktops/${desktopId}`);
  const stacks = page.getByRole('region', { name: 'Disks as they lie on the server' });
  const system = stacks.getByRole('list', { name: 'System disk' }).getByRole('listitem');
  await expect
    .poll(() => system.locator('strong').allTextContents(), SLOW)
    .toEqual(['active layer', 'base', 'golden image']);
  await system.nth(1).getByText(`holds ${HOSTILE}`).waitFor();
  await system
    .nth(1)
    .getByText(/on disk · in the vault$/)
    .waitFor();
  await system.nth(2).getByText('demo').waitFor();
  const data = stacks.getByRole('list', { name: 'Data disk' }).getByRole('listitem');
  expect(await data.locator('strong').allTextContents()).toEqual(['active layer']);
  await stacks.getByText('nothing below: a blank disk').waitFor();
});

test('an image is made of a snapshot, renamed, made into a bundle, and desktops of it', async () => {
  const { page } = session;
  await session.open(`/console/desktops/${desktopId}`);
  const row = page.getByRole('row').filter({ hasText: HOSTILE });
  await row.getByRole('button', { name: 'Make an image' }).click();
  await dialog().getByLabel('Name').fill('gold');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/console/images');
  const own = page.getByRole('region', { name: 'Images' });
  await own.getByRole('row').filter({ hasText: 'gold' }).getByText('ready').waitFor(SLOW);

  await own.getByRole('row').filter({ hasText: 'gold' }).getByRole('button', { name: 'Rename' }).click();
  await dialog().getByLabel('Name').fill(HOSTILE);
  await dialog().getByLabel('Description').fill('of the first desktop');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await own.getByRole('row').filter({ hasText: HOSTILE }).getByText('of the first desktop').waitFor();
  expect((await images()).map((one) => one['Name']).sort()).toEqual([HOSTILE, 'demo', 'filled']);

  const bundles = page.getByRole('region', { name: 'Bundles' });
  await page.getByRole('button', { name: 'New bundle' }).click();
  await dialog().getByLabel('Name').fill('golden');
  await dialog().getByRole('button', { name: 'Create' }).click();
  await bundles.getByRole('row').filter({ hasText: 'golden' }).getByText('made here').waitFor();

  await page.getByRole('link', { name: 'Desktops' }).click();
  await page.getByRole('button', { name: 'New desktops' }).click();
  await dialog().getByRole('combobox', { name: 'Bundle' }).click();
  await page
    .getByTitle(/^golden: /)
    .last()
    .click();
  await dialog().getByLabel('Name', { exact: true }).fill('1 bad name');
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().getByText('InvalidDesktopName.Malformed').waitFor();
  await dialog().getByLabel('Name', { exact: true }).fill('copy');
  await dialog().getByLabel('How many (1 to 500)').fill('2');
  await dialog()
    .getByText(/^2 new desktop\(s\), each with System disk \d+ GiB.*\. They start at once\.$/)
    .waitFor();
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().waitFor({ state: 'hidden' });
  await expect.poll(() => page.getByRole('row').filter({ hasText: 'copy' }).count()).toBe(2);
  const { Desktops } = await client().ok('DescribeDesktops', { DesktopName: 'copy*' });
  const ids = (Desktops as Fields[]).map((one) => String(one['DesktopId']));
  for (const id of ids) await session.served.until(id, 'Running');
  await client().ok('DeleteDesktops', { 'DesktopId.1': ids[0]!, 'DesktopId.2': ids[1]! });
  for (const id of ids) await session.served.until(id, 'Deleted');
});

test.each(LOOKS)('in $language, $theme: nothing serious for axe, nothing moves', async (look) => {
  await session.look(look);
  const { page, tab } = session;
  await session.open('/console/vault');
  await page.locator('.u-over').waitFor();
  await page.getByRole('link', { name: 'first' }).waitFor();
  const wrong = await tab.inspect('vault');
  await page.getByRole('link', { name: /^(Images|镜像)$/ }).click();
  await page.getByText('golden').waitFor();
  await page.getByText(HOSTILE).first().waitFor();
  wrong.push(...(await tab.inspect('images')));
  await page.getByRole('link', { name: /^(Desktops|云电脑)$/ }).click();
  await page.getByRole('link', { name: 'first' }).click();
  await page.locator('.layer.base').waitFor();
  wrong.push(...(await tab.inspect('stacks')));
  expect(wrong).toEqual([]);
});

test('an image that something needs is not deleted, and says so; with its bundles it goes', async () => {
  const { page } = session;
  await session.open('/console/images');
  const own = page.getByRole('region', { name: 'Images' });
  const remove = async (name: string) => {
    await own.getByRole('row').filter({ hasText: name }).getByRole('button', { name: 'Delete' }).click();
  };
  await remove(HOSTILE);
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await dialog().getByText('OperationDenied.ImageInUse').waitFor();
  await dialog().getByRole('checkbox').check();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await dialog().waitFor({ state: 'hidden' });
  await expect.poll(async () => (await images()).map((one) => one['Name'])).toEqual(['filled', 'demo']);
  await expect.poll(() => page.getByText('golden').count()).toBe(0);
});
