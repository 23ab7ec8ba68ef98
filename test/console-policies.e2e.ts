/** Policies in the console: the schedule editor, what it says will happen, and desktops that get and lose a policy. */
import { expect, test } from 'vitest';
import { type Fields, Room } from '../acceptance/support/room.ts';
import { LOOKS } from './browser.ts';
import { ConsoleSession, HOSTILE } from './console-session.ts';

/** A run every minute is at its turn at once. */
const SETTINGS = { policies: { jitterSeconds: 0, timeZone: 'Asia/Shanghai' } };
const A_MINUTE_AND_SOME = { timeout: 120_000 };

let desktopId: string;
const session = new ConsoleSession(async () => {
  const room = await Room.open(SETTINGS);
  const wanted = { BundleId: 'bundle_demo', Amount: '2', DesktopName: 'desk', DesktopNameSuffix: 'true' };
  const made = (await room.client.ok('CreateDesktops', wanted)) as { DesktopId: string[] };
  desktopId = made.DesktopId[0]!;
  for (const id of made.DesktopId) await room.until(id, 'Running');
  return room;
});
const client = () => session.served.client;
const policies = async () =>
  (await client().ok('DescribeAutoSnapshotPolicy', {}))['AutoSnapshotPolicies'] as Fields[];
const runsOf = async (parameters: Record<string, string>) =>
  ((await client().ok('PreviewAutoSnapshotPolicy', parameters))['Runs'] as Fields[]).map(
    (run) => run['Time'],
  );
const dialog = () => session.page.getByRole('dialog');
/** The runs that the page shows, by their instants. */
const shown = () =>
  session.page.evaluate<string[]>(`[...document.querySelectorAll('.runs time')].map((one) => one.dateTime)`);

test('a policy is made: days, hours and minutes chosen, with the very runs that the service will do', async () => {
  const { page } = session;
  await session.open('/console/policies');
  await page.getByText('There are no policies yet.').waitFor();
  await page.getByRole('button', { name: 'New policy' }).click();
  await dialog().getByLabel('Name').fill(HOSTILE);
  // Nightly at first: in Shanghai two o'clock is 18:00 the day before in UTC.
  await expect.poll(async () => (await shown())[0]).toMatch(/T18:00:00Z$/);
  await dialog().getByText('On some days of the week').click();
  await dialog().getByRole('combobox', { name: 'Hours' }).click();
  await page.keyboard.type('14');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('30');
  await page.keyboard.press('Enter');
  const expression = '0 0,30 2,14 ? * 2,3,4,5,6';
  const wanted = await runsOf({ CronExpression: expression });
  await expect.poll(shown, { timeout: 10_000 }).toEqual(wanted);
  expect(wanted).toHaveLength(10);
  await dialog().getByText('Asia/Shanghai').waitFor();
  await dialog()
    .getByText(/ (02|14):(00|30)$/)
    .first()
    .waitFor();
  await dialog().getByText('this is what one desktop would have').waitFor();
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().waitFor({ state: 'hidden' });
  expect(await policies()).toMatchObject([
    { PolicyName: HOSTILE, CronExpression: expression, RetentionDays: '7', DiskType: 'ALL' },
  ]);
  const row = page.getByRole('row').filter({ hasText: HOSTILE });
  await row.getByText('Monday, Tuesday, Wednesday, Thursday, Friday at 02:00, 02:30, 14:00, 14:30').waitFor();
});

test('an expression is taken as it is, and what is wrong with it is said before and after', async () => {
  const { page } = session;
  await session.open('/console/policies');
  await page.getByRole('button', { name: 'New policy' }).click();
  await dialog().getByLabel('Name').fill('by hand');
  await dialog().getByText('As an expression').click();
  const field = dialog().getByLabel('Expression', { exact: true });
  expect(await field.inputValue()).toBe('0 0 2 ? * *');
  await field.fill('0 0 25 ? * *');
  await dialog().getByText('InvalidCronExpression.Malformed').first().waitFor();
  await dialog().getByText('25 is no hour').first().waitFor();
  await dialog().getByRole('button', { name: 'Create' }).click();
  await expect.poll(() => dialog().getByText('25 is no hour').count()).toBe(2);
  expect(await policies()).toHaveLength(1);
  await field.fill('0 0 3 1 * ?');
  await expect.poll(shown, { timeout: 10_000 }).toEqual(await runsOf({ CronExpression: '0 0 3 1 * ?' }));
  await dialog().getByLabel('Days to keep each snapshot (1 to 180)').fill('180');
  await dialog().getByRole('button', { name: 'Create' }).click();
  await dialog().waitFor({ state: 'hidden' });
  const [made] = await policies();
  expect(made).toMatchObject({ CronExpression: '0 0 3 1 * ?', RetentionDays: '180' });
  await page.getByText('by the expression 0 0 3 1 * ?').waitFor();
});

test('desktops get it and lose it; what they would have is shown; a change shows what it does first', async () => {
  const { page } = session;
  await session.open('/console/policies');
  await page.getByRole('link', { name: 'by hand' }).click();
  await page.getByText('No desktop has this policy.').waitFor();
  await page.getByRole('button', { name: 'Give it to desktops' }).click();
  await dialog().getByText('these lose the one that they have now').waitFor();
  await dialog().getByLabel('Name or id').fill(desktopId);
  await dialog().getByRole('row').filter({ hasText: desktopId }).getByRole('checkbox').check();
  await dialog().getByRole('button', { name: 'Give it to 1' }).click();
  await dialog().waitFor({ state: 'hidden' });
  const own = page.getByRole('region', { name: 'Desktops with this policy' });
  await own.getByText(desktopId).waitFor();
  await page.getByText('Of 1 desktop(s).').waitFor();

  await page.getByRole('button', { name: 'Change' }).click();
  await dialog().getByText('Every day', { exact: true }).click();
  await dialog().getByLabel('Days to keep each snapshot (1 to 180)').fill('3');
  const days = dialog().getByRole('region', { name: 'The next 30 days' });
  // Two disks, each night, for three days: six are there from the third day on.
  await expect
    .poll(() => days.getByRole('img').getAttribute('aria-label'), { timeout: 10_000 })
    .toMatch(/at most 6\.$/);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'hidden' });
  expect((await policies())[0]).toMatchObject({ CronExpression: '0 0 2 ? * *', RetentionDays: '3' });

  await own.getByRole('checkbox', { name: /^Choose desk/ }).check();
  await own.getByRole('button', { name: 'Take it from 1' }).click();
  await dialog().getByText('Those there are stay').waitFor();
  await dialog().getByRole('button', { name: 'Take it from 1' }).click();
  await own.getByText('No desktop has this policy.').waitFor();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog().getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL('**/console/policies');
  await expect.poll(async () => (await policies()).length).toBe(1);
});

test("what a policy took stands on the disk's line of time, told apart from what somebody took", async () => {
  const { page } = session;
  const policy = {
    PolicyName: 'minutely',
    RetentionDays: '1',
    CronExpression: '0 * * * * ?',
    DiskType: 'SYSTEM',
  };
  const { PolicyId } = await client().ok('CreateAutoSnapshotPolicy', policy);
  const wanted = { DesktopId: desktopId, SnapshotName: 'by hand', SourceDiskType: 'system' };
  await session.served.accomplished(String((await client().ok('CreateSnapshot', wanted))['SnapshotId']));
  await client().ok('ApplyAutoSnapshotPolicy', { PolicyId: String(PolicyId), 'DesktopId.1': desktopId });
  await session.open(`/console/desktops/${desktopId}`);
  const disk = page.getByRole('region', { name: 'System disk', exact: true });
  const row = disk.getByRole('row').filter({ hasText: String(PolicyId) });
  await row.getByText('automatic').first().waitFor(A_MINUTE_AND_SOME);
  await client().ok('DeleteAutoSnapshotPolicy', { 'PolicyId.1': String(PolicyId) });
  await disk.getByRole('row').filter({ hasText: 'by hand' }).getByText('manual').waitFor();
  const line = disk.getByRole('img', { name: /^Time line: 1 manual and [12] automatic snapshots/ });
  await line.waitFor();
  expect(await line.locator('g.user').count()).toBe(1);
  expect(await line.locator('g.auto').count()).toBeGreaterThan(0);
});

test.each(LOOKS)('in $language, $theme: nothing serious for axe, nothing moves', async (look) => {
  await session.look(look);
  const { page, tab } = session;
  const [policy] = await policies();
  await client().ok('ApplyAutoSnapshotPolicy', {
    PolicyId: String(policy!['PolicyId']),
    'DesktopId.1': desktopId,
  });
  await session.open('/console/policies');
  await page.getByRole('link', { name: HOSTILE }).waitFor();
  const wrong = await tab.inspect('policies');
  await page.getByRole('link', { name: HOSTILE }).click();
  await page.getByText(desktopId, { exact: true }).waitFor();
  await page.locator('.days').waitFor();
  wrong.push(...(await tab.inspect('policy')));
  await page.getByRole('button', { name: /^(Change|修改)$/ }).click();
  await dialog().locator('.days').waitFor();
  wrong.push(...(await tab.inspect('schedule')));
  expect(wrong).toEqual([]);
});
