import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import {
  addTariffVersion,
  createTariff,
  createUser,
  decideBatch,
  decideTariffVersion,
  listCommands,
  type Meter,
  previewBatch,
} from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { axeFaults } from '../support/axe.ts';
import { type Api, ApiFailure, signInTo } from './support/api.ts';
import { type ClockedSystem, startWithClock } from './support/clockSite.ts';
import { enterEstate } from './support/estateByApi.ts';
import { hasMoney } from './support/hasMoney.ts';
import { savedRows } from './support/savedRows.ts';
import { signInAt } from './support/signInAt.ts';
import { type RunningSystem, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openPage } from './support/wallPage.ts';

const newSite = useSites();
const WAIT_MS = 60_000;
const HOUR_MS = 3_600_000;
const METERS = 32;
const PASSWORD = 'a-long-enough-password';
/** More than the thirty minutes in which a second person may agree. */
const TOO_LATE_MS = 31 * 60_000;
const TABS_MAX = 80;

interface Scene {
  readonly plant: Plant;
  readonly system: RunningSystem;
  readonly api: Api;
  readonly second: Api;
  readonly propertyId: number;
  /** Those that can be told prices, settings and protection. */
  readonly prepaid: readonly Meter[];
  readonly setClock: ClockedSystem['setClock'];
}

test('orders from the grid by keyboard alone, each watched until the meters say so: read, prices, settings, protection and its end by a second person with a frozen list, a request that lapses, and a server that is gone', {
  timeout: 240_000,
}, async () => {
  const scene = await startScene();
  const { page, errors } = await openPage();
  await signInAt(page, scene.system, `/p/${scene.propertyId}/grid`);
  await page.locator('[data-index="0"]').waitFor();
  const chosen = scene.prepaid.slice(0, 4);

  await choose(page, chosen);
  await page.keyboard.press('r');
  await nextBatch(page, '');
  await verified(page, scene.api, chosen.length);
  await sendPrices(page, scene, chosen);
  await sendSettings(page, scene, chosen);
  await protectAndEnd(page, scene, chosen);
  await lapse(page, scene);
  await scene.system.end('SIGKILL');
  await page.getByRole('alert').filter({ hasText: 'These values are old' }).waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(page)).toEqual([]);
  expect(errors).toEqual([]);
});

async function startScene(): Promise<Scene> {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const { system, setClock } = await startWithClock(newSite());
  const api = await system.signIn();
  const { propertyId, meters } = await enterEstate(api, plant.manifest);
  const grants = [{ role: 'engineer', scope: 'group' } as const];
  await api.call(createUser, { body: { user: 'second', displayName: 'Zhou Min', password: PASSWORD, grants } });
  const tariffVersionId = await publishTariff(api, propertyId);
  const meterIds = [...meters.values()].map(({ id }) => id);
  const order = { kind: 'prices', tariffVersionId } as const;
  const { items } = await until('every meter was read', WAIT_MS, async () => {
    const preview = await api.call(previewBatch, { body: { meterIds, order } });
    return preview.items.every(({ loadW }) => loadW !== undefined) && preview;
  });
  const told = new Set(items.filter(({ outcome }) => outcome === 'run').map(({ meterId }) => meterId));
  return {
    ...{ plant, system, api, propertyId },
    prepaid: [...meters.values()].filter(({ id, meterNumber }) => told.has(id) && hasMoney(plant, meterNumber)),
    second: await signInTo(system.url, 'second', PASSWORD),
    setClock,
  };
}

/** One price for all hours, which a meter can hold. */
async function publishTariff(api: Api, propertyId: number): Promise<number> {
  const tariff = await api.call(createTariff, { body: { propertyId, name: 'One price', medium: 'electricity' } });
  const version = await api.call(addTariffVersion, {
    params: { tariffId: tariff.id },
    body: {
      effectiveFrom: new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString(),
      body: { kind: 'single', price: '0.88' },
    },
  });
  await api.call(decideTariffVersion, { params: { versionId: version.id }, body: { decision: 'publish' } });
  return version.id;
}

/** Nobody answers at first, so that the batch is seen on its way; the counts always add up, and its file says the same. */
async function sendPrices(page: Page, { plant, api }: Scene, chosen: readonly Meter[]): Promise<void> {
  const gatewayCode = plant.manifest.gateways[0]?.code ?? '';
  await page.keyboard.press('d');
  await page.locator('select[name=tariff] option').nth(1).waitFor({ state: 'attached' });
  await tabTo(page, 'select[name=tariff]');
  await page.keyboard.press('ArrowDown');
  await page.locator('[data-go-dark]').waitFor();
  const mute = plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'mute' } });
  const before = await batchOf(page);
  await give(page, 'Prices of winter');
  await nextBatch(page, before);
  await until('the meters are on their way', WAIT_MS, async () => {
    const { queued = 0, sent = 0, confirming = 0 } = await steps(page);
    return queued + sent + confirming === chosen.length;
  });
  expect(await axeFaults(page)).toEqual([]);
  plant.faults.clear(mute.id);
  await verified(page, api, chosen.length);
  for (const { id } of chosen) await page.locator(`[data-meter="${id}"] [data-command-state=verified]`).waitFor();

  await tabTo(page, '[data-excel]:not([disabled])');
  const rows = await savedRows(page, 'Meter number', () => page.keyboard.press('Enter'));
  expect(rows.length).toBe(chosen.length);
  expect(new Set(rows.map((row) => row['Meter number']))).toEqual(new Set(chosen.map((one) => one.meterNumber)));
  expect(new Set(rows.map((row) => row['State']))).toEqual(new Set(['Verified']));
  await toGrid(page);
}

/** Lines that the meters keep themselves, typed into the dialog. */
async function sendSettings(page: Page, { api }: Scene, chosen: readonly Meter[]): Promise<void> {
  const before = await batchOf(page);
  await page.keyboard.press('s');
  await tabTo(page, 'input[name=alarm1Minor]');
  await page.keyboard.type('60');
  await tabTo(page, 'input[name=alarm2Minor]');
  await page.keyboard.type('20');
  await give(page, 'Lines of the new contract');
  await nextBatch(page, before);
  await verified(page, api, chosen.length);
  await toGrid(page);
}

/** Protection needs one person, its end two: the request is a frozen list, which another selection does not change. */
async function protectAndEnd(page: Page, scene: Scene, chosen: readonly Meter[]): Promise<void> {
  const { api, second, prepaid } = scene;
  let before = await batchOf(page);
  await page.keyboard.press('p');
  await give(page, 'Night of the fair');
  await nextBatch(page, before);
  await verified(page, api, chosen.length);
  await toGrid(page);

  before = await batchOf(page);
  await page.keyboard.press('u');
  await page.locator('[data-second-person]').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await give(page, 'The fair is over');
  const batchId = await nextBatch(page, before);
  await page.locator('[data-waiting]').waitFor();
  expect(await page.locator('[data-approve]').isDisabled()).toBe(true);
  expect(await axeFaults(page)).toEqual([]);
  await choose(page, prepaid.slice(2, 8));
  expect(await refusalOf(api.call(decideBatch, { params: { batchId }, body: { agree: true } }))).toBe(
    'approval.same-person',
  );
  const { items } = await api.call(listCommands, { query: { batchId } });
  expect(new Set(items.map(({ meterId }) => meterId))).toEqual(new Set(chosen.map(({ id }) => id)));
  expect(items.length).toBe(chosen.length);
  expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['awaitingApproval']));

  const other = await openPage();
  await signInAt(other.page, { ...scene.system, printedSignIn: { user: 'second', password: PASSWORD } }, '/jobs');
  await tabTo(other.page, `[data-job="${batchId}"] [data-approve]:not([disabled])`);
  await other.page.keyboard.press('Enter');
  await page.locator('[data-waiting]').waitFor({ state: 'detached', timeout: WAIT_MS });
  await verified(page, api, chosen.length);
  expect((await second.call(listCommands, { query: { batchId } })).items.length).toBe(chosen.length);
  await other.page.context().close();
}

/** A whole property is to be cut and nobody agrees in time: the request says that it lapsed, and nobody goes dark. */
async function lapse(page: Page, { second, setClock }: Scene): Promise<void> {
  const before = await batchOf(page);
  await toGrid(page);
  await page.keyboard.press('Control+a');
  await page.getByText(`${METERS} selected`, { exact: true }).waitFor();
  await page.keyboard.press('t');
  await page.locator('[data-second-person]').waitFor();
  await give(page, 'Busbar works, order 1107');
  const batchId = await nextBatch(page, before);
  await page.locator('[data-waiting]').waitFor();
  setClock(TOO_LATE_MS);
  await page.getByText('Nobody approved in time; nothing was sent.').waitFor({ timeout: WAIT_MS });
  expect(await refusalOf(second.call(decideBatch, { params: { batchId }, body: { agree: true } }))).not.toBe('');
  const { items } = await second.call(listCommands, { query: { batchId } });
  expect(items.filter(({ sentAt }) => sentAt !== undefined)).toEqual([]);
  expect(items.filter(({ why }) => why.includes('approvalExpired')).length).toBeGreaterThan(0);
  expect(await axeFaults(page)).toEqual([]);
}

/** Selects exactly these rows: from the first one down, space for each. */
async function choose(page: Page, meters: readonly Meter[]): Promise<void> {
  await toGrid(page);
  await page.keyboard.press('Escape');
  await page.getByText('0 selected', { exact: true }).waitFor();
  await page.keyboard.press('Home');
  const wanted = new Set(meters.map(({ id }) => id));
  for (let index = 0, left = wanted.size; left > 0; index++) {
    const row = page.locator(`[data-index="${index}"]`);
    if (wanted.has(Number(await row.getAttribute('data-meter')))) {
      await page.keyboard.press(' ');
      left--;
    }
    await page.keyboard.press('ArrowDown');
  }
  await page.getByText(`${meters.length} selected`, { exact: true }).waitFor();
}

/** The keyboard's way to the rows from anywhere: into the search, and out of it. */
async function toGrid(page: Page): Promise<void> {
  await page.keyboard.press('/');
  await page.locator('input[name=grid-find]:focus').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[role=grid]:focus').waitFor();
}

/** Says why, and gives the order that the open dialog describes. */
async function give(page: Page, reason: string): Promise<void> {
  await tabTo(page, 'textarea[name=reason]');
  await page.keyboard.type(reason);
  await page.locator('[data-give]:not([disabled])').waitFor();
  await tabTo(page, '[data-give]');
  await page.keyboard.press('Enter');
  await page.locator('[data-give]').waitFor({ state: 'detached' });
}

/** Presses Tab until an element has the focus: whatever has no place in that order cannot be reached by keyboard. */
async function tabTo(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor();
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    if ((await page.locator(`${selector}:focus`).count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${TABS_MAX} tabs do not lead to ${selector}`);
}

/** So many meters of the followed batch hold what they were told: by the server, and on the screen. */
async function verified(page: Page, api: Api, count: number): Promise<void> {
  const batchId = await batchOf(page);
  await until('the server has it verified', WAIT_MS, async () => {
    const { items } = await api.call(listCommands, { query: { batchId } });
    return items.length === count && items.every(({ state }) => state === 'verified');
  });
  await page.locator(`[data-step=verified][data-count="${count}"]`).waitFor({ timeout: WAIT_MS });
}

/** Step → meters, as the rail of the batch says. */
async function steps(page: Page): Promise<Readonly<Record<string, number>>> {
  const all = await page
    .locator('[data-followed] [data-step]')
    .evaluateAll((found) =>
      found.map((one) => [one.getAttribute('data-step'), Number(one.getAttribute('data-count'))]),
    );
  return Object.fromEntries(all);
}

async function batchOf(page: Page): Promise<string> {
  const rail = page.locator('[data-followed]');
  return (await rail.count()) === 0 ? '' : ((await rail.getAttribute('data-followed')) ?? '');
}

/** The batch that is followed after this one, once it is there. */
function nextBatch(page: Page, before: string): Promise<string> {
  return until('the next batch is followed', WAIT_MS, async () => {
    const batchId = await batchOf(page);
    return batchId !== '' && batchId !== before && batchId;
  });
}

/** The code of the refusal; empty where nothing was refused. */
async function refusalOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return '';
  } catch (error) {
    if (error instanceof ApiFailure) return error.code;
    throw error;
  }
}
