/**
 * Signing in to the console by a link, sessions that end, and what the error centre tells whom, in a real browser.
 *
 * Invariant: as in console.e2e.ts, pages have no error and ask nobody else; no text of a user becomes part of a page.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Fields } from '../acceptance/support/room.ts';
import { Service } from '../acceptance/support/service.ts';
import { Browser, LOOKS, type Look, type Tab } from './browser.ts';
import { HOSTILE } from './hostile.ts';

const NO_DESKTOP = 'ecd-00000000000000000';
/** All that a later user or another page could read. */
const KEPT = `JSON.stringify([location.href, {...localStorage}, {...sessionStorage}, document.cookie, history.state,
  performance.getEntriesByType('resource').map((one) => one.name), document.documentElement.outerHTML])`;

let service: Service;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  service = await Service.start();
  await service.command('user', 'create', 'bob');
  browser = await Browser.open();
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

const link = async (...words: string[]) => (await service.command('console', 'link', ...words)).trim();
const tokenOf = (url: string) => decodeURIComponent(new URL(url).hash.replace('#link=', ''));
const signOut = () => tab.page.getByRole('button', { name: /^(Sign out|退出)$/ });

/** Another look at the pages, in a tab of its own. */
async function look(at: Look): Promise<void> {
  await tab.page.context().close();
  tab = await browser.tab(service.url, at);
}

/** Goes to a page without loading it anew, which would forget the session. */
async function go(path: string): Promise<void> {
  const address = JSON.stringify(path);
  await tab.page.evaluate(
    `history.pushState({}, '', ${address}); dispatchEvent(new PopStateEvent('popstate'))`,
  );
}

/** A refusal, and what the log has of it a moment later. */
async function refusal(): Promise<{ code: string; requestId: string; recommend: string }> {
  const { body, code } = await service.client().call('StopDesktops', { 'DesktopId.1': NO_DESKTOP });
  await new Promise((r) => setTimeout(r, 500));
  return { code, requestId: String(body['RequestId']), recommend: String(body['Recommend']) };
}

test('a link signs in, once, and leaves nothing behind', async () => {
  const { page } = tab;
  const url = await link();
  await page.goto(url);
  await page.getByText('There are no desktops yet.').waitFor();
  expect(await signOut().getAttribute('title')).toMatch(/STS\./);
  const kept = await page.evaluate<string>(KEPT);
  expect(kept).not.toContain(tokenOf(url));
  expect(kept).not.toContain('#link');
  expect(await page.context().cookies()).toEqual([]);
  // What it signs in with is as good as any key.
  await page.getByRole('link', { name: 'API Explorer' }).click();
  await page.getByRole('link', { name: 'DescribeRegions', exact: true }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('"RegionEndpoint"').waitFor();
  // Back is no way to it, either: it was taken out of the history.
  await page.goBack();
  await page.goBack();
  expect(page.url()).not.toContain('#');

  await look(LOOKS[0]!);
  await tab.page.goto(url);
  await tab.page.getByText('OperationDenied.SignInLinkInvalid').waitFor();
  expect(await signOut().count()).toBe(0);
  await tab.page.getByLabel('AccessKeyId').waitFor();
  const tries = async () => {
    const { AuditEvents } = await service.client().ok('GetAuditEvents');
    return (AuditEvents as Fields[]).filter((one) => one['Operation'] === 'ConsoleSignIn');
  };
  await expect.poll(tries).toMatchObject([
    { Result: 'OperationDenied.SignInLinkInvalid', UserName: '' },
    { Result: 'OK', UserName: 'Administrator' },
  ]);
});

test('a link that is too old is refused; another one is taken in the same page', async () => {
  const { page } = tab;
  const old = await link();
  const catalogue = new DatabaseSync(join(service.data, 'catalogue.db'), { timeout: 10_000 });
  catalogue.prepare('UPDATE sign_in_links SET expires_at = ?').run(Date.now() - 1);
  catalogue.close();
  await page.goto(old);
  await page.getByText('OperationDenied.SignInLinkInvalid').waitFor();
  await page.getByRole('link', { name: 'What to do' }).waitFor();
  expect(page.url()).not.toContain('#');
  // The address is the same but for what stands behind the #: nothing is loaded anew.
  await page.evaluate(`location.href = ${JSON.stringify(await link())}`);
  await page.getByText('There are no desktops yet.').waitFor();
});

test('a session that is over asks for a key in the place of the page, and shows nothing of it any more', async () => {
  const { page } = tab;
  await page.goto(await link('--seconds', '6'));
  await page.getByText('There are no desktops yet.').waitFor();
  await page.getByText('Your session has ended').waitFor({ timeout: 15_000 });
  expect(await page.getByText('There are no desktops yet.').count()).toBe(0);
  expect(page.url()).toContain('/console/desktops');
  // Temporary credentials that were typed in do not say when they end: the service does.
  const key = await service.newKey('key', 'temporary', '--user', 'Administrator', '--seconds', '600');
  await tab.fillIn(key);
  await page.getByText('There are no desktops yet.').waitFor();
  expect(await page.getByText('Your session has ended').count()).toBe(0);
  await service.command('key', 'disable', key.accessKeyId);
  await page.getByText('Your session has ended').waitFor({ timeout: 20_000 });
  await tab.fillIn(service.key);
  await page.getByText('There are no desktops yet.').waitFor();
});

test('a RequestId shows what was asked and decided to those who may read the audit log', async () => {
  const { page } = tab;
  const { requestId, recommend } = await refusal();
  await page.goto(recommend);
  await page.getByText('Who may read the audit log sees here').waitFor();
  await page.getByText('The desktop was deleted, belongs to another region').waitFor();
  expect(await page.getByText(NO_DESKTOP).count()).toBe(0);
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await tab.fillIn(service.key);
  // Back on the page that asked for it.
  await page.getByText(`desktop/${NO_DESKTOP}`).waitFor();
  await page.getByText('InvalidDesktopId.NotFound (HTTP 404)').waitFor();
  await page.getByText('Administrator').waitFor();
  expect(page.url()).toContain(requestId);
  await go('/console/errors');
  await page.getByLabel('Paste an error answer, or a code').fill(requestId);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.waitForURL(`**/console/errors?requestId=${requestId}`);
  await page.getByText(`desktop/${NO_DESKTOP}`).waitFor();
  await go('/console/errors?q=NoPermission&requestId=00000000-0000-4000-8000-000000000000');
  await page.getByText('The audit log has no entry of it.').waitFor();
  expect(await page.getByText(NO_DESKTOP).count()).toBe(0);

  await look(LOOKS[0]!);
  await tab.page.goto(await link('--user', 'bob'));
  await tab.page.getByText('NoPermission').first().waitFor();
  await go(new URL(recommend).pathname + new URL(recommend).search);
  await tab.page.getByText('has no right to the audit log').waitFor();
  expect(await tab.page.getByText(NO_DESKTOP).count()).toBe(0);
});

test('texts of others are shown as text, wherever they come in', async () => {
  const { page } = tab;
  await page.goto(await link());
  await page.getByText('There are no desktops yet.').waitFor();
  for (const text of HOSTILE) {
    await go(`/console/errors?q=${encodeURIComponent(text)}&requestId=${encodeURIComponent(text)}`);
    await page.getByText(`${text} is not a code of this service.`).waitFor();
    await page.getByRole('main').locator('code', { hasText: text }).waitFor();
    const box = page.getByLabel('Paste an error answer, or a code');
    await box.fill(JSON.stringify({ Code: text, Message: text, RequestId: text }));
    await page.getByRole('button', { name: 'Explain' }).click();
    await box.fill(
      `<Error><Code>QuotaExceed.Tag</Code><Message>${text}</Message><RequestId>${text}</RequestId></Error>`,
    );
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('UntagResources').first().waitFor();
  }
  await page.getByRole('link', { name: 'API Explorer' }).click();
  await page.getByRole('link', { name: 'CreatePolicyGroup', exact: true }).click();
  await page.getByRole('tab', { name: 'Sample code' }).click();
  for (const text of HOSTILE) {
    await page.getByLabel(/^Name string$/).fill(text);
    await expect
      .poll(() => page.getByRole('region', { name: 'curl' }).textContent())
      .toContain(
        `Name=${encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`,
      );
  }
  const [first] = HOSTILE;
  await page.getByLabel(/^Name string$/).fill(first!);
  await page.getByRole('button', { name: 'Try' }).click();
  await page.getByRole('dialog').getByText(`Name = ${first}`).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'CreatePolicyGroup' }).click();
  await page.getByText('"PolicyGroupId"').waitFor();
  await page.getByRole('link', { name: 'DescribePolicyGroups', exact: true }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await expect
    .poll(() => page.getByRole('region', { name: 'Answer' }).textContent())
    .toContain(JSON.stringify(first));
});

test('by the older signature, step by step, and the service takes it', async () => {
  const { page } = tab;
  await page.goto(await link());
  await page.getByText('There are no desktops yet.').waitFor();
  await page.getByRole('link', { name: 'API Explorer' }).click();
  await page.getByRole('link', { name: 'DescribeSnapshots', exact: true }).click();
  await page.getByLabel('SnapshotName').fill("a b*~!'()/中文+&=");
  await page.getByText('HMAC-SHA1', { exact: true }).click();
  await page.getByRole('tab', { name: 'Signature' }).click();
  const step = (name: string) => page.getByRole('region', { name }).textContent();
  await expect.poll(() => step('3. Signature')).toMatch(/^[A-Za-z0-9+/]{27}=$/);
  expect(await step('1. Canonical parameters')).toContain('&SignatureMethod=HMAC-SHA1&');
  expect(await step('2. String to sign')).toMatch(/^POST&%2F&AccessKeyId%3DSTS\./);
  for (const [format, found] of [
    ['JSON', '"Snapshots": []'],
    ['XML', '<DescribeSnapshotsResponse>'],
  ] as const) {
    await page.getByText(format, { exact: true }).click();
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => step('Answer'), { timeout: 10_000 }).toContain(found);
  }
  await page.getByRole('tab', { name: 'Request' }).click();
  expect(await step('Request')).toMatch(/^POST \/ HTTP\/1\.1[\s\S]*&Signature=[A-Za-z0-9%]+$/);
  expect(await step('Request')).not.toContain('authorization');
});

test.each(LOOKS)('in $language, $theme: nothing serious for axe, nothing moves', async (at) => {
  await look(at);
  const { page } = tab;
  const wrong: string[] = [];
  const used = await link();
  await page.goto(used);
  await signOut().waitFor();
  wrong.push(...(await tab.inspect('link')));
  const { recommend } = await refusal();
  await go(new URL(recommend).pathname + new URL(recommend).search);
  await page.getByText(`desktop/${NO_DESKTOP}`).waitFor();
  wrong.push(...(await tab.accessibility()));
  // Chinese errors are told in Chinese.
  const causes = at.language === 'zh' ? '云电脑已删除，属于其他地域' : 'The desktop was deleted, belongs to';
  await page.getByText(causes).waitFor();
  await go('/console/explorer/CreateDesktops');
  await page.getByRole('tab').nth(3).click();
  await page.getByText('Terraform', { exact: true }).click();
  await page.getByRole('region', { name: 'Terraform' }).waitFor();
  wrong.push(...(await tab.accessibility()));
  await page.getByText('HMAC-SHA1', { exact: true }).click();
  await page.getByRole('tab').nth(1).click();
  wrong.push(...(await tab.accessibility()));
  await page.goto('about:blank');
  await page.goto(used);
  await page.getByText('OperationDenied.SignInLinkInvalid').waitFor();
  wrong.push(...(await tab.inspect('link-used')));
  expect(wrong).toEqual([]);
});
