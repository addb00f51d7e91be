import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createPlace, createUser } from '#contract/index.ts';
import { type HookServer, signatureOf, startHookServer } from '../server/notifications/support/hookServer.ts';
import { type MailServer, startMailServer } from '../server/notifications/support/mailServer.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { useSites } from './support/systemUnderTest.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const PASSWORD = 'a-long-enough-password';
const WAIT_MS = 20_000;
const DESK = { width: 1_920, height: 1_080 };
const PHONE = { width: 390, height: 844 };
type Look = Pick<BrowserContextOptions, 'locale' | 'viewport' | 'colorScheme'>;

interface Person {
  readonly browser: Browser;
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

test('who is told: own e-mail and push, mail server, signed webhook, all of it in the log; then a wall by link that goes dark when it is revoked', {
  timeout: 300_000,
}, async () => {
  const [mail, hooks] = await Promise.all([startMailServer(), startHookServer()]);
  onTestFinished(async () => void (await Promise.all([mail.stop(), hooks.stop()])));
  const system = await newSite().start({ SMTP_URL: mail.url, SMTP_FROM: 'Meterwall <alarms@example.com>' });
  const api = await system.signIn();
  await api.call(createPlace, {
    body: { kind: 'property', names: { en: 'North mall', zh: '北区商场' }, timeZone: 'Asia/Shanghai' },
  });
  // A person sends one test in ten seconds: three persons need not wait for each other.
  for (const user of ['second', 'third'])
    await api.call(createUser, {
      body: { user, displayName: user, password: PASSWORD, grants: [{ role: 'administrator', scope: 'group' }] },
    });
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const first: Person = { browser, url: system.url, ...system.printedSignIn };
  const second = { ...first, user: 'second', password: PASSWORD };

  const page = await openAt(first, '/notifications', { locale: 'en-GB', viewport: DESK });
  await tellMe(page, mail);
  await tellByWebhook(await openAt(second, '/notifications', { locale: 'en-GB', viewport: DESK }), hooks);
  await tryMailServer({ ...second, user: 'third' }, mail);
  await readLog(page);
  await wallByLink(browser, page, system.url);
});

/** One's own: what a headless browser may do about push, an address, and a test that arrives. */
async function tellMe(page: Page, mail: MailServer): Promise<void> {
  await page.getByRole('button', { name: 'Turn on here' }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  const address = page.getByRole('textbox', { name: 'Address' });
  await address.fill('not an address');
  await page.getByRole('button', { name: 'Save settings' }).click();
  expect(await address.evaluate((field) => field.matches(':invalid'))).toBe(true);
  await address.fill('anna@example.com');
  await page.getByText('Changes are not saved yet').waitFor();
  expect(await page.getByRole('button', { name: 'Send a test mail' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('✓ Saved').waitFor();
  mail.refuse({ code: 550, text: 'no such mailbox' });
  await page.getByRole('button', { name: 'Send a test mail' }).click();
  await page.getByText(/✕ Not sent: .*no such mailbox/).waitFor({ timeout: WAIT_MS });
  mail.refuse(undefined);
  // No notification can be allowed without a head: the page says what the browser said, at once or when it was asked.
  const turnOn = page.getByRole('button', { name: 'Turn on here' });
  const refusedAlready = await turnOn.isDisabled();
  if (!refusedAlready) await turnOn.click();
  const said = page.locator('main').getByRole(refusedAlready ? 'status' : 'alert');
  await said
    .filter({ hasText: /browser|push service/i })
    .first()
    .waitFor({ timeout: WAIT_MS });
}

/** A webhook, its secret that is shown once, and a message whose signature that secret explains. */
async function tellByWebhook(page: Page, hooks: HookServer): Promise<void> {
  await page.getByRole('button', { name: 'Webhooks' }).click();
  await page.getByRole('button', { name: 'Add webhook' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Duty system');
  await dialog.getByLabel('Address', { exact: true }).fill(`${hooks.url}/duty`);
  expect(await axeFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  const secret = await page.locator('output').innerText();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('status').filter({ hasText: '✓ Sent' }).waitFor({ timeout: WAIT_MS });
  const [posted] = hooks.posted;
  expect(posted).toMatchObject({ path: '/duty', body: { event: 'test' } });
  expect(posted?.signature).toBe(posted && signatureOf(secret, posted));
}

/** In Chinese, by day, on a phone: where mails go, and a test that arrives. */
async function tryMailServer(person: Person, mail: MailServer): Promise<void> {
  const page = await openAt(person, '/notifications', { locale: 'zh-CN', viewport: PHONE, colorScheme: 'light' });
  await page.getByRole('button', { name: '保存设置' }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole('button', { name: '邮件服务器' }).click();
  await page.getByText('Meterwall <alarms@example.com>').waitFor();
  expect(await page.locator('main').innerText()).not.toContain('p@ss');
  await page.getByLabel('收件地址').fill('duty@example.com');
  await page.getByRole('button', { name: '发送测试邮件' }).click();
  await page.getByRole('status').filter({ hasText: '✓ 已送出' }).waitFor({ timeout: WAIT_MS });
  expect(mail.received.map(({ to }) => to)).toEqual([['duty@example.com']]);
  expect(await axeFaults(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
}

/** What was sent and what was not, by a filter in the address. */
async function readLog(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Deliveries' }).click();
  const rows = page.locator('tbody tr');
  await until('three messages stand there', WAIT_MS, async () => (await rows.count()) === 3);
  expect(await axeFaults(page)).toEqual([]);
  await page.getByLabel('State').selectOption('givenUp');
  await until('one of them was refused', WAIT_MS, async () => (await rows.count()) === 1);
  expect(new URL(page.url()).searchParams.get('state')).toBe('givenUp');
  await rows.getByText('no such mailbox').waitFor();
  await rows.getByText('anna@example.com').waitFor();
}

/** A link is made, opened by a screen where nobody signed in, and revoked under its eyes. */
async function wallByLink(browser: Browser, page: Page, url: string): Promise<void> {
  await page.goto(`${url}/kiosk-links`);
  await page.locator('input[name=kiosk-name]').fill('Duty room');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const address = await page.getByTestId('kiosk-address').inputValue();
  expect(address.startsWith(`${url}/kiosk/`)).toBe(true);
  expect(await axeFaults(page)).toEqual([]);

  const context = await browser.newContext({ viewport: DESK });
  const wall = await context.newPage();
  await wall.goto(`${address}?dwell=60&lang=zh&theme=light`);
  await wall.getByText('北区商场').first().waitFor({ timeout: WAIT_MS });
  // What opens it no longer stands in the address for everybody who passes.
  expect(new URL(wall.url()).pathname).toBe('/kiosk');
  expect(await wall.locator('html').getAttribute('lang')).toMatch(/^zh/);
  expect(await axeFaults(wall)).toEqual([]);
  // Its right ends at the wall.
  expect((await wall.request.get(`${url}/api/users`)).status()).toBe(403);

  await page.locator('[data-link]').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke it?' }).click();
  await page.getByText(/revoked by/).waitFor();
  await wall.locator('[role=alert]').first().waitFor({ timeout: 90_000 });
  expect(await wall.locator('[role=alert]').first().innerText()).toContain('此大屏链接已被收回');
  await wall.reload();
  await wall.locator('[role=alert]').first().waitFor();
  expect(await axeFaults(wall)).toEqual([]);
}

/** Signs in at `path`. */
async function openAt({ browser, url, user, password }: Person, path: string, look: Look): Promise<Page> {
  const context = await browser.newContext(look);
  if (look.colorScheme === 'light')
    await context.addInitScript(() => localStorage.setItem('meterwall.settings', '{"theme":"light"}'));
  const page = await context.newPage();
  await page.goto(`${url}/sign-in?return=${encodeURIComponent(path)}`);
  await page.fill('input[name=username]', user);
  await page.fill('input[type=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForURL((to) => to.pathname === path);
  return page;
}
