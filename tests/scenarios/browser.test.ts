import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/freePort.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { legend, openPage, sum } from './support/wallPage.ts';

const newSite = useSites();
const METERS = 64;
/** Meters are lost 5 s after their gateway; the rest is the line noticing, the feed and the screen. */
const SEEN_WITHIN_MS = 15_000;
/** The promise is ten seconds; the rest is the way from the screen to this test, on a busy machine. */
const STALE_WITHIN_MS = 10_000 + 500;

test('in a real browser: sign-in, wall, a change at the plant is seen, a dead server is told, the wall comes back alone', {
  timeout: 180_000,
}, async () => {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const site = newSite();
  const settings = { PORT: String(await freePort()) };
  const first = await site.start(settings);
  const { propertyId } = await enterEstate(await first.signIn(), plant.manifest);
  const { page, errors } = await openPage();

  // Whoever asks for the wall without a session signs in first and then gets what was asked for.
  await page.goto(`${first.url}/p/${propertyId}/wall`);
  await page.fill('input[name=username]', first.printedSignIn.user);
  await page.fill('input[type=password]', first.printedSignIn.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/p/${propertyId}/wall`);
  await until('the legend counts every meter, none of them lost', 30_000, async () => {
    const counts = await legend(page);
    return sum(counts) === METERS && counts['lost'] === 0;
  });
  const calm = await page.locator('canvas').first().screenshot();

  // A gateway goes: its 32 meters are lost on the wall, with one alarm that names them all.
  const gatewayCode = plant.manifest.gateways[0]?.code ?? '';
  const { id } = plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'down' } });
  await until('the wall shows 32 lost meters', SEEN_WITHIN_MS, async () => (await legend(page))['lost'] === 32);
  await until('the rail shows the one alarm', SEEN_WITHIN_MS, async () => {
    const rows = await page.locator('[data-alarm]', { hasText: gatewayCode }).allInnerTexts();
    return rows.length === 1 && rows[0]?.includes('32');
  });
  expect(calm.equals(await page.locator('canvas').first().screenshot()), 'the windows changed too').toBe(false);
  plant.faults.clear(id);
  await until('the wall shows them again', 60_000, async () => (await legend(page))['lost'] === 0);

  // The server dies: the wall says so in time, and not before.
  expect(await page.getByTestId('stale-banner').count()).toBe(0);
  const killedMs = performance.now();
  await first.end('SIGKILL');
  await page.getByTestId('stale-banner').waitFor({ timeout: STALE_WITHIN_MS });
  console.log(`the wall was marked stale ${((performance.now() - killedMs) / 1_000).toFixed(1)} s after the kill`);

  // It comes back: nobody touches the screen.
  await site.start(settings);
  await page.getByTestId('stale-banner').waitFor({ state: 'detached', timeout: 40_000 });
  await until('the wall is whole again', 40_000, async () => {
    const counts = await legend(page);
    return sum(counts) === METERS && counts['lost'] === 0;
  });
  expect(errors).toEqual([]);
});
