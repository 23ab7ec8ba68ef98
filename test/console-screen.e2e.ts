/**
 * The screen of a real guest in the console: seen, typed into by keyboard, held in a snapshot, and brought back.
 *
 * Invariant: what was typed is looked for in the guest, by RunCommand: a picture alone would prove nothing.
 */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Fields } from '../acceptance/support/room.ts';
import { Service } from '../acceptance/support/service.ts';
import { Browser, LOOKS, type Tab } from './browser.ts';

const BOOT_MS = 180_000;
const SLOW = { timeout: 60_000 };
/** What a keyboard has behind Shift. */
const SHIFTED = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;
const HOSTILE = `<img src=x onerror="document.title='owned'">`;

/** A port that is free. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

let service: Service;
let browser: Browser;
let tab: Tab;
let desktopId: string;

beforeAll(async () => {
  // The same address after each start, so that a page finds it again.
  service = await Service.start({ port: await freePort() }, async ({ data, openecd }) => {
    await openecd('image', 'build-demo', '--data', data, '--json');
  });
  const wanted = { BundleId: 'bundle_demo', Amount: '1', DesktopName: 'office' };
  const made = (await service.client().ok('CreateDesktops', wanted)) as { DesktopId: string[] };
  desktopId = made.DesktopId[0]!;
  browser = await Browser.open();
  expect(await inGuest('echo ready')).toBe('ready\n');
});
afterAll(async () => {
  await browser?.close();
  await service?.close();
});
beforeEach(async () => {
  tab = await browser.tab(service.url);
});
afterEach(async () => {
  expect(await tab.page.title()).toBe('OpenECD');
  expect(tab.errors).toEqual([]);
  expect(tab.foreign).toEqual([]);
  await tab.page.context().close();
});

/** Runs a script in the desktop, once its agent answers; gives what it wrote. */
async function inGuest(script: string): Promise<string> {
  const client = service.client();
  const asked = { 'DesktopId.1': desktopId, Type: 'RunShellScript', CommandContent: script };
  const shown = { IncludeOutput: 'true', ContentEncoding: 'PlainText' };
  const deadline = Date.now() + BOOT_MS;
  let invokeId: string | undefined;
  while (Date.now() < deadline) {
    if (invokeId === undefined) {
      const answer = await client.call('RunCommand', asked);
      if (answer.status === 200) invokeId = String(answer.body['InvokeId']);
    } else {
      const { Invocations } = await client.ok('DescribeInvocations', { InvokeId: invokeId, ...shown });
      const [one] = (Invocations as Fields[])[0]!['InvokeDesktops'] as Fields[];
      if (one!['InvocationStatus'] === 'Success') return String(one!['Output'] ?? '');
      expect(['Pending', 'Running']).toContain(one!['InvocationStatus']);
    }
    await new Promise((r) => setTimeout(r, 300));
  }
  throw new Error(`not in time: ${script}\n${service.log}`);
}

async function open(path = `/console/desktops/${desktopId}`): Promise<void> {
  await tab.page.goto(path);
  await tab.fillIn(service.key);
}

const screen = () => tab.page.getByRole('region', { name: 'Screen' });
const canvas = () => screen().getByRole('application');

/** Ends what an earlier test has left on the guest's first console, so that its menu is there again. */
const FRESH = `rm -f /run/shell; for p in /proc/[0-9]*; do
  [ "$(readlink $p/fd/0)" = /dev/tty1 ] && kill -9 \${p#/proc/}; done; sleep 1`;

/** Opens the screen and its shell, by the menu that the guest shows. */
async function openShell(): Promise<void> {
  await inGuest(FRESH);
  await screen()
    .getByRole('button', { name: /^Connect/ })
    .click();
  await screen().getByText('Ctrl+Alt+Home leaves it').waitFor(SLOW);
  await expect.poll(() => tab.page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
  // The menu asks anew every 20 seconds; a key that comes while it draws is kept.
  await tab.page.keyboard.press('3');
  await typed('echo shell > /run/shell', '/run/shell', 'shell\n');
}

/** Types a line into the guest and waits until what it makes is there. */
async function typed(line: string, file: string, content: string): Promise<void> {
  // A screen is sent keys, not characters.
  for (const one of line) await tab.page.keyboard.press(SHIFTED.test(one) ? `Shift+${one}` : one);
  await tab.page.keyboard.press('Enter');
  await expect.poll(() => inGuest(`cat ${file} 2>/dev/null; true`), SLOW).toBe(content);
}

/** Runs a script by the page and gives what the page shows of it. */
async function byPage(script: string): Promise<string> {
  const region = tab.page.getByRole('region', { name: 'Run a command' });
  await region.getByLabel('Script').fill(script);
  await region.getByRole('button', { name: 'Run', exact: true }).click();
  await region.getByText(/ · exit code \d/).waitFor(SLOW);
  return (await region.getByRole('region', { name: 'Output' }).locator('pre').textContent()) ?? '';
}

test('what is typed into the screen arrives, and a snapshot brings it back', async () => {
  const { page } = tab;
  await open();
  await openShell();
  await typed('echo "first {content} #1" > /root/note; sync', '/root/note', 'first {content} #1\n');

  const disk = page.getByRole('region', { name: 'System disk' });
  await disk.getByRole('button', { name: 'Take a snapshot' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('with the first');
  await dialog.getByRole('button', { name: 'Take a snapshot' }).click();
  const row = page.getByRole('row').filter({ hasText: 'with the first' });
  await row.getByText('stored').waitFor(SLOW);
  const { Snapshots } = await service.client().ok('DescribeSnapshots', { DesktopId: desktopId });
  expect(Snapshots).toMatchObject([{ Progress: '100%', Status: 'ACCOMPLISHED' }]);

  await canvas().click();
  await typed('echo changed > /root/note; sync', '/root/note', 'changed\n');
  expect(await byPage('cat /root/note')).toBe('changed\n');

  await row.getByRole('button', { name: 'Reset' }).click();
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Reset' }).click();
  await dialog.waitFor({ state: 'hidden', ...SLOW });
  await screen().getByText('it has no screen').waitFor(SLOW);
  expect(await screen().getByRole('button', { name: 'Connect' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Start', exact: true }).and(page.locator(':enabled')).click();
  await dialog.getByText(/are started/).waitFor();
  // As long as the disk is being reset it is refused, and says so.
  const started = async () => {
    await dialog.getByRole('button', { name: 'Start', exact: true }).click({ timeout: 3000 });
    await dialog.waitFor({ state: 'hidden', timeout: 3000 });
  };
  await expect.poll(() => started().then(() => 'started', String), { timeout: 60_000 }).toBe('started');
  await screen().getByRole('button', { name: 'Connect' }).and(page.locator(':enabled')).waitFor(SLOW);
  expect(await inGuest('cat /root/note')).toBe('first {content} #1\n');
  expect(await byPage('cat /root/note; exit 3')).toBe('first {content} #1\n');
  await openShell();
  await typed('cp /root/note /run/seen', '/run/seen', 'first {content} #1\n');
});

test('the keyboard leaves the screen, no key stays down, and the page goes on without it', async () => {
  const { page } = tab;
  await open();
  await openShell();
  await page.keyboard.press('Tab');
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
  await page.keyboard.press('Control+Alt+Home');
  await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Ctrl+Alt+Del');
  await page.keyboard.press('Shift+Tab');
  await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('checkbox');
  await canvas().focus();
  await page.keyboard.press('Control+C');
  // With a Control or Alt that is still down this would be no word.
  await typed('echo plain > /run/plain', '/run/plain', 'plain\n');
});

test('a connection that is lost is said, and a new one has a new ticket', async () => {
  const { page } = tab;
  const sent: string[] = [];
  page.on('websocket', (socket) => {
    expect(new URL(socket.url()).pathname + new URL(socket.url()).search).toBe('/screen');
    socket.on('framesent', ({ payload }) => void (typeof payload === 'string' && sent.push(payload)));
  });
  await open();
  await openShell();
  await service.down();
  await screen()
    .getByText('The connection with the screen has ended.')
    .waitFor()
    .finally(() => service.up());
  await screen().getByRole('button', { name: 'Connect again' }).click();
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
  await typed('echo again > /run/again', '/run/again', 'again\n');
  await screen().getByRole('button', { name: 'Disconnect' }).click();
  await screen().getByRole('button', { name: 'Connect' }).click();
  await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('CANVAS');
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(3);
  const audit = (await service.command('audit', 'export'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(audit.filter((one: Fields) => one['Operation'] === 'OpenScreen').length).toBeGreaterThanOrEqual(3);
  for (const ticket of sent) expect(JSON.stringify(audit) + service.log).not.toContain(ticket);
});

test('the list shows screens, to those who may see them, and leaves no file', async () => {
  const { page } = tab;
  await open('/console/desktops');
  const picture = page.getByAltText('Screen of office.');
  await picture.waitFor();
  await expect.poll(() => page.evaluate(`document.querySelector('.thumbnail img').naturalWidth`)).toBe(160);
  await service.openecd('user', 'create', 'eve', '--data', service.data);
  await service.openecd(
    'access-policy',
    'attach',
    'AliyunECDReadOnlyAccess',
    '--user',
    'eve',
    '--data',
    service.data,
  );
  const eve = await service.newKey('key', 'create', '--user', 'eve');
  const answer = await service.client(eve).call('GetDesktopScreenshot', { DesktopId: desktopId });
  expect([answer.status, answer.body['Code']]).toEqual([403, 'NoPermission']);
  await tab.page.context().close();
  tab = await browser.tab(service.url);
  let asked = 0;
  tab.page.on('request', (request) => {
    if (request.headers()['x-acs-action'] === 'GetDesktopScreenshot') asked++;
  });
  await tab.page.goto('/console/desktops');
  await tab.fillIn(eve);
  await tab.page.getByText(desktopId).waitFor();
  await new Promise((r) => setTimeout(r, 17_000));
  expect(asked).toBe(1);
  expect(await tab.page.getByAltText('Screen of office.').count()).toBe(0);
  expect(await readdir(join(service.data, 'run', desktopId))).not.toContain('screen.ppm');
});

test('output and tags that are hostile are text', async () => {
  const { page } = tab;
  await open();
  expect(await byPage(`echo '${HOSTILE.replaceAll("'", `'\\''`)}'`)).toBe(`${HOSTILE}\n`);
  const tags = page.getByRole('region', { name: 'Tags' });
  await tags.getByLabel('Key of a tag').fill('<b>key</b>');
  await tags.getByLabel('Value of a tag').fill(HOSTILE);
  await tags.getByRole('button', { name: 'Add' }).click();
  await tags.getByText(`<b>key</b> = ${HOSTILE}`).waitFor();
  await tags.getByRole('button', { name: 'Take the tag <b>key</b> away' }).click();
  await tags.getByText('There are no tags.').waitFor();
  await page.getByRole('region', { name: 'Run a command' }).getByLabel('Script').fill('exec sleep 600');
  await page.keyboard.press('Control+Enter');
  await page.getByText('The command is Running').waitFor();
  await page.getByRole('region', { name: 'Run a command' }).getByRole('button', { name: 'Stop' }).click();
  await page.getByText(/^Stopped/).waitFor(SLOW);
});

test.each(LOOKS)('in $language, $theme: nothing serious for axe, nothing moves', async (look) => {
  await tab.page.context().close();
  tab = await browser.tab(service.url, look);
  await open();
  await tab.page.getByRole('button', { name: /^(Connect|连接)$/ }).click();
  await tab.page.getByRole('application').waitFor();
  await tab.page.getByText(/Ctrl\+Alt\+Home/).waitFor();
  const wrong = await tab.inspect('screen');
  await open('/console/desktops');
  await tab.page.locator('.thumbnail img').waitFor();
  wrong.push(...(await tab.inspect('thumbnails')));
  expect(wrong).toEqual([]);
});
