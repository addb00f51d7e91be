import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createKioskLink, revokeKioskLink } from '#contract/index.ts';
import { freePort } from '../support/freePort.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { legend, openPage, sum } from './support/wallPage.ts';

const newSite = useSites();
const METERS = 64;
const EACH_GATEWAY = 32;
const ANOTHER_RELEASE = '999.0.0';
/** The promise is ten seconds; the rest is the way from the screen to this test, on a busy machine. */
const STALE_WITHIN_MS = 10_000 + 500;
const CUT_MS = 60_000;
/** No promise, only an end: a busy machine starts a server, a page and two gateways anew in this time. */
const RIGHT_WITHIN_MS = 90_000;

test('a wall without a sign-in, through faults: right or marked stale, never reloaded by hand, until its link is revoked', {
  timeout: 480_000,
}, async () => {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const site = newSite();
  const settings = { PORT: String(await freePort()) };
  const first = await site.start(settings);
  const api = await first.signIn();
  const { propertyId } = await enterEstate(api, plant.manifest);
  const proxy = await startTcpProxy(Number(settings.PORT));
  onTestFinished(() => proxy.stop());
  const body = { name: 'Duty room', propertyIds: [propertyId], tour: { dwellS: 0, alarmS: 5, touchS: 5 } };
  const { link, token } = await api.call(createKioskLink, { body });

  const { page, errors } = await openPage();
  proxy.holdWebSockets(true);
  await page.goto(`${proxy.addressOf(first.url)}/kiosk/${token}`);
  await untilAwaited(page);
  proxy.holdWebSockets(false);
  await untilRight(page, 'opened by its link', 0);
  expect(new URL(page.url()).pathname, 'the link does not stay in the address').toBe('/kiosk');
  await page.evaluate('globalThis.loadedOnce = true');

  // The network is cut without a word, and the plant changes behind it.
  proxy.pause(true);
  const cutMs = performance.now();
  const [gateway] = plant.manifest.gateways;
  const { id } = plant.faults.set({
    target: { kind: 'gateway', gatewayCode: gateway?.code ?? '' },
    fault: { kind: 'down' },
  });
  await untilStale(page, 'the network is cut');
  // Longer than everything that waits for an answer: on both sides the connection is given up meanwhile.
  await sleep(CUT_MS - (performance.now() - cutMs));
  expect(await page.getByTestId('stale-banner').count(), 'still marked after a minute').toBe(1);
  proxy.pause(false);
  await untilRight(page, 'the network is back', EACH_GATEWAY);

  plant.faults.clear(id);
  await first.end('SIGKILL');
  await untilStale(page, 'the server is dead');
  const second = await site.start(settings);
  await untilRight(page, 'the server is back', 0);
  expect(await page.evaluate('globalThis.loadedOnce'), 'nothing of this takes a reload').toBe(true);

  // A stop with a goodbye, then another release: the page loads itself again, once that release serves it.
  await second.end('SIGTERM');
  const third = await site.startRelease(ANOTHER_RELEASE, settings);
  await until('the page of the new release is there', RIGHT_WITHIN_MS, async () => {
    return (await page.evaluate('globalThis.loadedOnce')) === undefined;
  });
  await untilRight(page, 'another release serves', 0);

  await (await third.signIn()).call(revokeKioskLink, { params: { linkId: link.id } });
  await page.getByRole('alert').filter({ hasText: 'revoked' }).waitFor({ timeout: RIGHT_WITHIN_MS });
  expect(errors).toEqual([]);
});

/** The wall stands and nothing was heard yet: every meter is not known, none is lost. */
async function untilAwaited(page: Page): Promise<void> {
  await page.getByTestId('awaited').waitFor({ timeout: RIGHT_WITHIN_MS });
  await page.getByTestId('wall').waitFor();
  expect(await page.locator('.legend li.awaited b').textContent()).toBe(String(METERS));
  expect(sum(await legend(page)), 'no meter has a state yet').toBe(0);
}

async function untilStale(page: Page, why: string): Promise<void> {
  await until(`the wall is marked stale: ${why}`, STALE_WITHIN_MS, async () => {
    return (await page.getByTestId('stale-banner').count()) > 0;
  });
}

/** Not stale, every meter counted, and as many of them lost as are. */
async function untilRight(page: Page, why: string, lost: number): Promise<void> {
  let seen: unknown;
  const told = () => `the wall is right: ${why}; it shows ${JSON.stringify(seen)} at ${page.url()}`;
  await until(told, RIGHT_WITHIN_MS, async () => {
    const counts = await legend(page);
    seen = counts;
    const isStale = (await page.getByTestId('stale-banner').count()) > 0;
    return !isStale && sum(counts) === METERS && counts['lost'] === lost;
  });
}
