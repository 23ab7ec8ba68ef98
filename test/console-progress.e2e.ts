/** The console while a snapshot of a real guest is stored: progress, consistency, and the size that it added. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Fields } from '../acceptance/support/room.ts';
import { Service } from '../acceptance/support/service.ts';
import { Browser, type Tab } from './browser.ts';

const BOOT_MS = 180_000;
const MIB = 1024 ** 2;
/** 200 MiB that neither compress nor deduplicate. */
const WRITE = `perl -e 'open R, "/dev/urandom"; read R, $b, 1 << 20; print $b ^ (pack("Q", rand 2**53) x (1 << 17)) for 1 .. 200' >/root/bulk; sync`;

let service: Service;
let browser: Browser;
let tab: Tab;
let desktopId: string;

beforeAll(async () => {
  service = await Service.start({}, async ({ data, openecd }) => {
    await openecd('image', 'build-demo', '--data', data, '--json');
  });
  const wanted = { BundleId: 'bundle_demo', Amount: '1', DesktopName: 'office' };
  const made = (await service.client().ok('CreateDesktops', wanted)) as { DesktopId: string[] };
  desktopId = made.DesktopId[0]!;
  await inGuest(WRITE);
  browser = await Browser.open();
});
afterAll(async () => {
  await browser?.close();
  await service?.close();
});
afterEach(() => expect(tab.errors).toEqual([]));

/** Runs a script in the desktop, once its agent answers. */
async function inGuest(script: string): Promise<void> {
  const client = service.client();
  const asked = { 'DesktopId.1': desktopId, Type: 'RunShellScript', CommandContent: script };
  const deadline = Date.now() + BOOT_MS;
  let invokeId: string | undefined;
  while (Date.now() < deadline) {
    if (invokeId === undefined) {
      const answer = await client.call('RunCommand', asked);
      if (answer.status === 200) invokeId = String(answer.body['InvokeId']);
    } else {
      const { Invocations } = await client.ok('DescribeInvocations', { InvokeId: invokeId });
      const [one] = (Invocations as Fields[])[0]!['InvokeDesktops'] as Fields[];
      const status = one!['InvocationStatus'];
      if (status === 'Success') return;
      expect(['Pending', 'Running']).toContain(status);
    }
    await new Promise((r) => setTimeout(r, 300));
  }
  throw new Error(`not in time: ${script}\n${service.log}`);
}

test('a snapshot shows its progress until it is stored, then what it added', async () => {
  tab = await browser.tab(service.url);
  const { page } = tab;
  await page.goto(`/console/desktops/${desktopId}`);
  await tab.fillIn(service.key);
  const disk = page.getByRole('region', { name: 'System disk' });
  await disk.getByRole('button', { name: 'Take a snapshot' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('with 200 MiB');
  const progress = disk.getByRole('progressbar', { name: 'Being stored' }).waitFor();
  await dialog.getByRole('button', { name: 'Take a snapshot' }).click();
  await progress;
  const row = page.getByRole('row').filter({ hasText: 'with 200 MiB' });
  await row.getByText('stored').waitFor({ timeout: 60_000 });
  await row.getByText('file systems at rest').waitFor();
  await expect.poll(() => disk.getByRole('progressbar').count()).toBe(0);
  const { Snapshots } = await service.client().ok('DescribeSnapshots', { DesktopId: desktopId });
  const stored = Number((Snapshots as Fields[])[0]!['StoredBytes']);
  expect(stored).toBeGreaterThan(190 * MIB);
  await row.getByText(`${(stored / MIB).toFixed(1)} MiB`).waitFor();
});

test('while it is being stored it says how much is done and how long it takes', async () => {
  const { page } = tab;
  // The answer of the service, as it is half-way: to meet that moment is a matter of luck.
  const toApi = (url: URL) => url.pathname === '/';
  await page.route(toApi, async (route) => {
    const answer = await route.fetch();
    if (route.request().headers()['x-acs-action'] !== 'DescribeSnapshots')
      return route.fulfill({ response: answer });
    const body = (await answer.json()) as { Snapshots: Fields[] };
    Object.assign(body.Snapshots[0]!, { Status: 'PROGRESSING', Progress: '37%', RemainTime: 12 });
    await route.fulfill({ response: answer, json: body });
  });
  const disk = page.getByRole('region', { name: 'System disk' });
  await disk.getByText('12 s left').waitFor();
  await disk.getByText('37%').waitFor();
  expect(await disk.getByRole('progressbar').getAttribute('value')).toBe('37');
  expect(await disk.locator('circle').first().getAttribute('stroke-dasharray')).toBe('3 2');
  await page.unroute(toApi);
  await disk.getByText('12 s left').waitFor({ state: 'hidden' });
});
