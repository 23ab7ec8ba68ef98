/**
 * The console in a real browser, against the real service.
 *
 * Invariant: nothing but the service's own address is asked for, and no page has an error of its own: both are looked at
 * after every test.
 */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Fields } from '../acceptance/support/room.ts';
import { Service } from '../acceptance/support/service.ts';
import { Browser, LOOKS, type Tab } from './browser.ts';

const ELSEWHERE = 'console.test';

let service: Service;
let browser: Browser;
let tab: Tab;

/** A port that is free, so that the service can come back on it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  service = await Service.start({ port: await freePort() });
  browser = await Browser.open([ELSEWHERE]);
});
afterAll(async () => {
  await browser?.close();
  await service?.close();
});
beforeEach(async () => {
  tab = await browser.tab(service.url);
});
afterEach(async () => {
  expect(tab.errors).toEqual([]);
  expect(tab.foreign).toEqual([]);
  await tab.page.context().close();
});

async function signedIn(): Promise<void> {
  await tab.signIn(service.key);
  await tab.page.getByRole('button', { name: 'Sign out' }).waitFor();
}

test('signs in with the right secret, and says what is wrong with a wrong one', async () => {
  const { page } = tab;
  await tab.signIn(service.key, 'not-the-secret');
  await page.getByText('the AccessKeySecret is wrong').waitFor();
  expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
  await page.getByLabel('AccessKeySecret').fill(service.key.accessKeySecret);
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  // Nothing of it is left where another page or a later user could find it.
  const kept = `JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, document.documentElement.outerHTML])`;
  expect(await page.evaluate<string>(kept)).not.toContain(service.key.accessKeySecret);
  expect(await page.context().cookies()).toEqual([]);
  await page.reload();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
});

test('temporary credentials sign in with their token, and whoever has few rights is told which is missing', async () => {
  const { page } = tab;
  const data = ['--data', service.data, '--json'];
  const policy = join(service.data, '../desktops-only.json');
  const allow = { Effect: 'Allow', Action: ['ecd:DescribeDesktops'], Resource: '*' };
  await writeFile(policy, JSON.stringify({ Version: '1', Statement: [allow] }));
  await service.openecd('user', 'create', 'bob', ...data);
  await service.openecd('access-policy', 'create', 'desktops-only', '--file', policy, ...data);
  await service.openecd('access-policy', 'attach', 'desktops-only', '--user', 'bob', ...data);
  const lent = await service.openecd('key', 'temporary', '--user', 'bob', '--seconds', '600', ...data);
  const made = JSON.parse(lent) as Fields;
  await tab.signIn({
    accessKeyId: String(made['AccessKeyId']),
    accessKeySecret: String(made['AccessKeySecret']),
    securityToken: String(made['SecurityToken']),
  });
  await page.getByText('There are no desktops yet.').waitFor();
  await page.getByRole('link', { name: 'API Explorer' }).click();
  await page.getByRole('link', { name: 'DescribeRegions', exact: true }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('"Code": "NoPermission"').waitFor();
  await page.getByRole('link', { name: 'What to do' }).click();
  await page.getByText('Ask an administrator of this server for the right.').waitFor();
});

test('by the keyboard alone', async () => {
  const { page } = tab;
  await page.goto('/console/sign-in');
  await page.getByLabel('AccessKeyId').waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type(service.key.accessKeyId);
  await page.keyboard.press('Tab');
  await page.keyboard.type(service.key.accessKeySecret);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
});

test('without TLS on another host it says what to do', async () => {
  const elsewhere = service.url.replace('127.0.0.1', ELSEWHERE);
  await tab.page.context().close();
  tab = await browser.tab(elsewhere);
  await tab.page.goto('/console/sign-in');
  await tab.page.getByText('openecd tls init').waitFor();
  expect(await tab.page.locator('input[type=password]').count()).toBe(0);
  await tab.page.goto('/console/explorer/DescribeRegions');
  await tab.page.getByText('This page cannot sign requests').waitFor();
});

test('the service goes and comes back', async () => {
  const { page } = tab;
  await signedIn();
  await page.getByText('There are no desktops yet.').waitFor();
  await service.down();
  // The tests behind this one need it, whatever becomes of this one.
  await page
    .getByText('The service does not answer')
    .waitFor({ timeout: 40_000 })
    .finally(() => service.up());
  await page.getByText('The service answers again').waitFor({ timeout: 20_000 });
  expect(await page.getByText('The service does not answer').count()).toBe(0);
});

test('a page asked for while the service is away is shown when it is back, and the session is kept', async () => {
  const { page } = tab;
  await signedIn();
  await page.getByText('There are no desktops yet.').waitFor();
  await service.down();
  try {
    await page.getByRole('link', { name: 'Vault' }).click();
    await page.getByText('The service does not answer').waitFor({ timeout: 40_000 });
  } finally {
    await service.up();
  }
  await page.getByRole('heading', { name: 'Vault', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
});

test('an operation by its address: its form, its signature, its answer in both formats', async () => {
  const { page } = tab;
  await signedIn();
  await page.getByRole('link', { name: 'API Explorer' }).click();
  await page.getByRole('link', { name: 'DescribeSnapshots', exact: true }).click();
  await page.waitForURL('**/console/explorer/DescribeSnapshots');
  const hostile = `<img src=x onerror="document.title='owned'">`;
  await page.getByLabel('SnapshotName').fill(hostile);
  await page.getByRole('tab', { name: 'Signature' }).click();
  await expect
    .poll(() => page.getByRole('region', { name: '3. Signature' }).textContent())
    .toMatch(/^[0-9a-f]{64}$/);
  const canonical = await page.getByRole('region', { name: '1. Canonical request' }).textContent();
  expect(canonical).toContain('x-acs-action:DescribeSnapshots');
  for (const [format, found] of [
    ['JSON', '"Snapshots": []'],
    ['XML', '<DescribeSnapshotsResponse>'],
  ] as const) {
    await page.getByText(format, { exact: true }).click();
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.getByRole('region', { name: 'Answer' });
    await expect.poll(() => answer.textContent(), { timeout: 10_000 }).toContain(found);
    expect(await page.getByText(/^RequestId: [0-9A-F-]{36}$/).count()).toBe(1);
  }
  await page.getByRole('tab', { name: 'Sample code' }).click();
  expect(await page.getByRole('region', { name: 'curl' }).textContent()).toContain(
    'SnapshotName=%3Cimg%20src%3Dx',
  );
  await page.getByText('Python (SDK)').click();
  await page.getByText('This sample was never executed here').waitFor();
  expect(await tab.inspect('samples')).toEqual([]);
  expect(await page.title()).toBe('OpenECD');
});

test('what changes the service is sent only after a yes', async () => {
  const { page } = tab;
  await signedIn();
  await page.getByRole('link', { name: 'API Explorer' }).click();
  await page.getByRole('link', { name: 'CreateAutoSnapshotPolicy', exact: true }).click();
  await page.getByLabel('PolicyName').fill('of the console');
  await page.getByLabel('CronExpression').fill('0 0 3 ? * 2');
  await page.getByLabel('RetentionDays').fill('7');
  const policies = async () => {
    const answer = await service.client().ok('DescribeAutoSnapshotPolicy', { RegionId: 'cn-hangzhou' });
    return (answer['AutoSnapshotPolicies'] as { PolicyName: string }[]).map((one) => one.PolicyName);
  };
  await page.getByRole('button', { name: 'Try' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('PolicyName = of the console').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await policies()).toEqual([]);
  await page.getByRole('button', { name: 'Try' }).click();
  await dialog.getByRole('button', { name: 'CreateAutoSnapshotPolicy' }).click();
  await page.getByText('"PolicyId"').waitFor();
  expect(await policies()).toEqual(['of the console']);
});

test('Recommend of an error answer opens the error centre with code and RequestId', async () => {
  const { page } = tab;
  const answer = await service.client().call('DescribeDesktops', { RegionId: undefined });
  const { Recommend, RequestId } = answer.body as { Recommend: string; RequestId: string };
  await page.goto(Recommend);
  await page.getByText('Send the parameter RegionId.').waitFor();
  await page.getByText(RequestId).waitFor();
  await page
    .getByLabel('Paste an error answer, or a code')
    .fill(`<Error><Code>QuotaExceed.Snapshot</Code></Error>`);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('link', { name: 'CreateSnapshot' }).waitFor();
  const hostile = '<img src=x onerror=alert(1)>';
  await page.goto(`/console/errors?q=${encodeURIComponent(hostile)}`);
  await page.getByText(`${hostile} is not a code of this service.`).waitFor();
});

test.each(LOOKS)(
  'every page in $language, $theme: no error, nothing serious for axe, nothing moves',
  async (look) => {
    await tab.page.context().close();
    tab = await browser.tab(service.url, look);
    const { page } = tab;
    const wrong: string[] = [];
    const visit = async (name: string, path: string, heading: RegExp) => {
      await page.goto(path);
      await page.getByRole('heading', { name: heading }).first().waitFor();
      wrong.push(...(await tab.inspect(name)));
    };
    await visit('sign-in', '/console/sign-in', /^(Sign in|登录)$/);
    await visit('errors', '/console/errors', /^(Error centre|错误中心)$/);
    await visit('error', '/console/errors?q=MissingRegionId&requestId=R-1', /^(What to do|处理办法)$/);
    await visit('explorer', '/console/explorer/CreateSnapshot', /^CreateSnapshot$/);
    await visit('missing', '/console/explorer/Nothing', /^(API Explorer|API 调试)$/);
    expect(await page.evaluate('document.documentElement.lang')).toBe(
      look.language === 'zh' ? 'zh-CN' : 'en',
    );
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(look.theme);
    expect(wrong).toEqual([]);
  },
);

test('the first view needs under 500 KiB of script', async () => {
  const { page } = tab;
  let bytes = 0;
  page.on('response', async (response) => {
    if (/\.js$/.test(response.url())) bytes += Number(response.headers()['content-length'] ?? Infinity);
  });
  await page.goto('/console/sign-in');
  await page.getByLabel('AccessKeyId').waitFor();
  expect(bytes).toBeGreaterThan(50 * 1024);
  expect(bytes).toBeLessThan(500 * 1024);
});
