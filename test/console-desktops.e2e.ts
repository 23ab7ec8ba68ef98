/**
 * Desktops and their snapshots in the console, with a real desktop whose names are hostile.
 *
 * Invariant: as in console.e2e.ts, pages have no error and ask nobody else.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Fields, Room } from '../acceptance/support/room.ts';
import { Browser, LOOKS, type Tab } from './browser.ts';
import { HOSTILE as TEXTS } from './hostile.ts';

const HOSTILE = TEXTS[0]!;
/** Seconds until a guest without a system is forced to stop, and some. */
const SLOW = { timeout: 60_000 };

let room: Room;
let browser: Browser;
let tab: Tab;
let desktopId: string;

beforeAll(async () => {
  room = await Room.open();
  const wanted = { BundleId: 'bundle_demo', Amount: '1', DesktopName: 'desktop' };
  const made = (await room.client.ok('CreateDesktops', wanted)) as { DesktopId: string[] };
  desktopId = made.DesktopId[0]!;
  browser = await Browser.open();
  await room.until(desktopId, 'Running');
  rename(HOSTILE);
});
afterAll(async () => {
  await browser?.close();
  await room?.close();
});
beforeEach(async () => {
  tab = await browser.tab(room.service.url);
});
afterEach(async () => {
  expect(await tab.page.title()).toBe('OpenECD');
  expect(tab.errors).toEqual([]);
  expect(tab.foreign).toEqual([]);
  await tab.page.context().close();
});

/** The service takes no such name of a desktop; a page does not rely on that. */
function rename(name: string): void {
  const catalogue = new DatabaseSync(join(room.service.data, 'catalogue.db'), { timeout: 10_000 });
  catalogue.prepare('UPDATE desktops SET name = ? WHERE id = ?').run(name, desktopId);
  catalogue.prepare('UPDATE snapshots SET desktop_name = ?, description = ?').run(name, name);
  catalogue.close();
}

/** A page that wants a session asks for it in its place. */
async function open(path: string): Promise<void> {
  await tab.page.goto(path);
  await tab.fillIn(room.service.key);
}

const snapshots = async () =>
  (await room.client.ok('DescribeSnapshots', { DesktopId: desktopId }))['Snapshots'] as Fields[];

/** The snapshots of the system disk: the desktop has a data disk, too. */
const systemDisk = () => tab.page.getByRole('region', { name: 'System disk' });

async function take(name: string, description: string): Promise<void> {
  const { page } = tab;
  await systemDisk().getByRole('button', { name: 'Take a snapshot' }).click();
  const dialog = page.getByRole('dialog');
  // As one types it: the name has the focus, Tab leads on, Enter takes it.
  await dialog.locator('input:focus').waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type(description);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('row').filter({ hasText: name }).getByText('stored').waitFor(SLOW);
}

test('the list finds desktops by name and state, and shows names as text', async () => {
  const { page } = tab;
  await open('/console/desktops');
  const row = page.getByRole('row').filter({ hasText: desktopId });
  await row.getByText(HOSTILE).waitFor();
  await row.getByText('Running').waitFor();
  await row.getByText('none').waitFor();
  await page.getByLabel('Name or id').fill('zzz');
  await page.getByText('Nothing matches.').waitFor();
  await page.getByLabel('Name or id').fill(desktopId);
  await row.waitFor();
  await page.getByRole('combobox', { name: 'State' }).click();
  await page.getByTitle('Stopped').click();
  await page.getByText('Nothing matches.').waitFor();
});

test('snapshots are taken while the desktop runs, and a reset says what is lost before it does it', async () => {
  const { page } = tab;
  await open(`/console/desktops/${desktopId}`);
  await systemDisk().getByText('There are no snapshots of this disk.').waitFor();
  await take('the first', HOSTILE);
  const events = page.getByRole('region', { name: 'Events' });
  const taken = events
    .getByRole('row')
    .filter({ hasText: 'CreateSnapshot' })
    .filter({ hasText: 'Administrator' });
  await taken.getByText('done').waitFor(SLOW);
  const first = page.getByRole('row').filter({ hasText: 'the first' });
  await first.getByText(HOSTILE).waitFor();
  await first.getByText('as after a power cut').waitFor();
  await first.getByText('manual').waitFor();
  await take('the second', '');
  expect((await snapshots()).map((one) => one['SnapshotName'])).toEqual(['the second', 'the first']);

  await first.getByRole('button', { name: 'Reset' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/System disk: everything written since .+ is lost\./).waitFor();
  await dialog.getByText('also those taken since: 1.').waitFor();
  await dialog
    .getByText(/about [\d.]+ KiB were written since; at most [\d.]+ KiB of it no snapshot has\./)
    .waitFor();
  await dialog.getByText('What the guest has not yet written to its disk is not counted.').waitFor();
  const yes = dialog.getByRole('button', { name: 'Reset' });
  expect(await yes.isDisabled()).toBe(true);
  await dialog.getByRole('checkbox').check();
  await yes.click();
  await dialog.waitFor({ state: 'hidden', ...SLOW });
  await page.getByText('Stopped').waitFor(SLOW);
  await room.until(desktopId, 'Stopped');
  await room.client.ok('ModifyDesktopName', { DesktopId: desktopId, NewDesktopName: 'reading-room-1' });
});

test.each(LOOKS)('in $language, $theme: nothing serious for axe, nothing moves', async (look) => {
  await tab.page.context().close();
  tab = await browser.tab(room.service.url, look);
  const { page } = tab;
  await open('/console/desktops');
  await page.getByText(desktopId).waitFor();
  const wrong = await tab.inspect('desktops');
  await page.getByRole('link', { name: 'reading-room-1' }).click();
  await page.getByRole('row').filter({ hasText: 'the second' }).waitFor();
  const disk = page.getByRole('region').filter({ has: page.locator('.time-line') });
  wrong.push(...(await tab.inspect('snapshots', disk.first())));
  await page
    .getByRole('button', { name: /^(Reset|回滚)$/ })
    .first()
    .click();
  await page.getByRole('dialog').waitFor();
  wrong.push(...(await tab.inspect('reset')));
  for (const name of [
    /^(Take a snapshot|创建快照)$/,
    /^(Make an image|制作镜像)$/,
    /^(Start|启动)$/,
    /^(Delete|删除)$/,
  ]) {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
    wrong.push(...(await tab.accessibility()));
  }
  expect(wrong).toEqual([]);
});

test('names and descriptions that are hostile are text, each of them', async () => {
  const { page } = tab;
  for (const text of TEXTS) {
    rename(text);
    await open(`/console/desktops/${desktopId}`);
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe(text);
    const row = page.getByRole('row').filter({ hasText: 'the second' });
    await expect.poll(() => row.locator('.quiet').first().textContent()).toBe(text);
    await page.getByRole('button', { name: 'Delete', exact: true }).first().click();
    await page.getByRole('dialog').getByText(`${text} (${desktopId})`, { exact: true }).waitFor();
    expect(await page.title()).toBe('OpenECD');
  }
  rename('reading-room-1');
});

test('several snapshots are deleted at once, after they have been named', async () => {
  const { page } = tab;
  await open(`/console/desktops/${desktopId}`);
  await systemDisk().getByRole('checkbox', { name: 'Choose all' }).check();
  await systemDisk().getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Delete 2 snapshot(s)?').waitFor();
  await dialog.getByRole('listitem').filter({ hasText: 'the first' }).waitFor();
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Cancel');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await snapshots()).toHaveLength(2);
  await systemDisk().getByRole('checkbox', { name: 'Choose all' }).check();
  await systemDisk().getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await systemDisk().getByText('There are no snapshots of this disk.').waitFor();
  expect(await snapshots()).toEqual([]);
});

test('a desktop is started, stopped and deleted, each after a yes, and only where that can be', async () => {
  const { page } = tab;
  await open('/console/desktops');
  const row = page.getByRole('row').filter({ hasText: desktopId });
  const button = (name: string) => page.getByRole('main').getByRole('button', { name, exact: true });
  const act = async (name: string, about: RegExp) => {
    await row.getByRole('checkbox').check();
    await button(name).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(about).waitFor();
    await dialog.getByText(desktopId).waitFor();
    await dialog.getByRole('button', { name, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  };
  await row.getByText('Stopped').waitFor();
  expect(await button('Start').isDisabled()).toBe(true);
  await row.getByRole('checkbox').check();
  expect(await button('Stop').isDisabled()).toBe(true);
  await act('Start', /are started/);
  await row.getByText('Running').waitFor(SLOW);
  await act('Stop', /not saved is lost/);
  await row.getByText('Stopped').waitFor(SLOW);
  await act('Delete', /and their disks are deleted/);
  await page.getByText('There are no desktops yet.').waitFor(SLOW);
  await room.until(desktopId, 'Deleted');
});
