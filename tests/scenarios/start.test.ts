import { expect, onTestFinished, test } from 'vitest';
import { getMeterNow, listPlaces } from '#contract/index.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Api } from './support/api.ts';
import { signInAt } from './support/signInAt.ts';
import { type RunningSystem, useSites } from './support/systemUnderTest.ts';
import { until } from './support/until.ts';
import { openWallFeed, type WallFeed } from './support/wallFeed.ts';

const newSite = useSites();
const METERS_MIN = 300;

test('one start shows an estate of hundreds of meters that move; the next one is quick; Ctrl-C ends all', async () => {
  const site = newSite();
  const first = await site.start({ PLANT: 'demo' });
  const api = await first.signIn();
  const properties = await propertiesOf(api);
  expect(properties).toHaveLength(3);
  const walls = await Promise.all(properties.map(({ id }) => openWallFeed(first.url, api, id)));
  const wall = walls.toSorted((left, right) => right.meters.size - left.meters.size)[0];
  if (wall === undefined) throw new Error('no wall');
  expect(walls.reduce((sum, { meters }) => sum + meters.size, 0)).toBeGreaterThan(METERS_MIN);
  await until('most meters have answered', 60_000, () => heardShare(wall) > 0.8);
  const before = new Map([...wall.meters].map(([id, { loadW }]) => [id, loadW]));
  await until('loads change', 30_000, () => [...wall.meters].some(([id, { loadW }]) => loadW !== before.get(id)));
  for (const { close, fault } of walls) {
    expect(fault()).toBeUndefined();
    close();
  }
  const meterId = await until('a meter with values', 5_000, () => [...wall.meters].find(([, now]) => now.loadW)?.[0]);

  const ending = await first.end('SIGINT');
  expect(ending).toMatchObject({ code: 0 });
  expect(await site.processesLeft(0)).toEqual([]);

  const second = await site.start({ PLANT: 'demo' });
  console.log(`first start served after ${seconds(first.startedInMs)}, second after ${seconds(second.startedInMs)}`);
  const now = await (await second.signIn()).call(getMeterNow, { params: { meterId } });
  expect(now.readAt, 'the last known value is there before the first new one').toBeDefined();
  await dayBeside(second, meterId);
  expect(await second.end('SIGTERM')).toMatchObject({ code: 0 });
  expect(await site.processesLeft(0)).toEqual([]);
});

/** The demo has a past: a meter's registers with their quality, and its energy of a day beside that of the day before. */
async function dayBeside(system: RunningSystem, meterId: number): Promise<void> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
  await signInAt(page, system, `/meters/${meterId}?range=day`);
  const before = page.locator('.summary').filter({ hasText: /24 h before [\d,.]+ kWh/ });
  const total = page.locator('.registers tr.total').filter({ hasText: 'measured' });
  // The past is taken in while the demo already runs.
  await until('the day before and the registers are there', 90_000, async () => {
    const shown = await Promise.all([before, total].map((one) => one.waitFor({ timeout: 5_000 }).then(yes, no)));
    if (shown.every(Boolean)) return true;
    await page.reload();
    return false;
  });
}

const yes = () => true;
const no = () => false;

async function propertiesOf(api: Api) {
  const { items } = await api.call(listPlaces);
  return items.filter(({ kind }) => kind === 'property');
}

function heardShare(wall: WallFeed): number {
  const all = [...wall.meters.values()];
  return all.filter(({ heardAgoS, stale }) => heardAgoS !== undefined && !stale).length / all.length;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
