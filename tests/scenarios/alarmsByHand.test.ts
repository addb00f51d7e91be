import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Alarm,
  acknowledgeAlarms,
  getAlarmFigures,
  listAlarms,
  type Meter,
  previewBatch,
  updateMeter,
} from '#contract/index.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Api } from './support/api.ts';
import { startEnteredSite } from './support/enteredSite.ts';
import { hasMoney } from './support/hasMoney.ts';
import { raiseOnly } from './support/raiseOnly.ts';
import { savedRows } from './support/savedRows.ts';
import { signInAt } from './support/signInAt.ts';
import { smallTargets } from './support/smallTargets.ts';
import { type RunningSystem, useSites } from './support/systemUnderTest.ts';
import { until } from './support/until.ts';
import { openPage } from './support/wallPage.ts';

const newSite = useSites();
const WAIT_MS = 60_000;
const METERS = 32;
/** More than ten: what people can no longer bear in ten minutes. */
const OVERLOADED = 12;
/** Of the tone of a medium alarm, ms (web/app/alarmTone.ts). */
const TONE_EVERY_MS = 8_000;
/** Whenever this page sounds, it is known when and how high. */
const HEARD = `globalThis.tones = [];
  const Voice = globalThis.OscillatorNode;
  globalThis.OscillatorNode = class extends Voice {
    start(...when) {
      globalThis.tones.push({ atMs: performance.now(), hertz: this.frequency.value });
      super.start(...when);
    }
  };`;

/** Meters that are overloaded when a person says so. */
interface Scene {
  readonly api: Api;
  readonly propertyId: number;
  readonly meterIds: readonly number[];
  overload(indexes: readonly number[], isOver: boolean): Promise<void>;
  /** Overload alarms that are current, by their meter's index. */
  alarms(): Promise<ReadonlyMap<number, Alarm>>;
}

test('alarms by hand: a tone until A, muted with its end; a flood cleared in part, each row with its reason; the history and its file; the figures of the shift; a phone in one hand', {
  timeout: 240_000,
}, async () => {
  const { system, scene } = await startScene();
  const { page, errors } = await openPage();
  await page.addInitScript(HEARD);
  await signInAt(page, system, '/alarms?kind=overload');
  await until('nobody is called', WAIT_MS, () => acknowledgeAll(scene.api));

  await soundUntilAcknowledged(page, scene);
  await muteWithItsEnd(page, scene);
  await clearInPart(page, scene);
  await chatter(page, scene);
  expect(await tonesOf(page), 'muted is silent').toHaveLength(0);
  await readHistory(page);
  await readShift(page, scene);
  await inOneHand(system, scene);
  expect(errors).toEqual([]);
});

/** A site whose overload alarms come and go with the next readings, and chatter when they come twice. */
async function startScene(): Promise<{ readonly system: RunningSystem; readonly scene: Scene }> {
  const { plant, system, api, propertyId, meters } = await startEnteredSite(newSite, METERS);
  await raiseOnly(api, propertyId, 'overload', {
    delays: [{ kind: 'overload', raiseAfterS: 0, clearAfterS: 0 }],
    chatter: { times: 2, windowMinutes: 60 },
  });
  const order = { kind: 'trip', cause: 'operator' } as const;
  const all = [...meters.values()].map(({ id }) => id);
  const loads = await until('every meter was read', WAIT_MS, async () => {
    const { items } = await api.call(previewBatch, { body: { meterIds: all, order } });
    return items.every(({ loadW }) => loadW !== undefined) && items;
  });
  // A meter that runs out of money would be off, and not overloaded any more.
  const lasting = loads.filter(({ meterNumber }) => hasMoney(plant, meterNumber));
  const largest = lasting.toSorted((a, b) => (b.loadW ?? 0) - (a.loadW ?? 0)).slice(0, OVERLOADED);
  expect(largest.at(-1)?.loadW).toBeGreaterThan(1);
  const chosen: Meter[] = largest.flatMap(({ meterNumber }) => meters.get(meterNumber) ?? []);
  const scene: Scene = {
    api,
    propertyId,
    meterIds: chosen.map(({ id }) => id),
    async overload(indexes, isOver) {
      for (const index of indexes) {
        const meter = chosen[index];
        if (meter === undefined) throw new Error(`no meter ${index}`);
        const body = { version: meter.version, overloadLimitW: isOver ? 1 : null };
        chosen[index] = await api.call(updateMeter, { params: { meterId: meter.id }, body });
      }
    },
    async alarms() {
      const { items } = await api.call(listAlarms, { query: { kind: 'overload', state: 'current' } });
      return new Map(items.map((alarm) => [chosen.findIndex(({ id }) => id === alarm.source.id), alarm]));
    },
  };
  return { system, scene };
}

/** Whether nothing is left to be acknowledged: what the plant began with sounds no more. */
async function acknowledgeAll(api: Api): Promise<boolean> {
  const { items } = await api.call(listAlarms, { query: { state: 'unacknowledged' } });
  if (items.length > 0) await api.call(acknowledgeAlarms, { body: { ids: items.map(({ id }) => id) } });
  return items.length === 0;
}

/** The first one sounds by its severity until it is acknowledged; Enter leads to its meter. */
async function soundUntilAcknowledged(page: Page, scene: Scene): Promise<void> {
  await page.locator('button.sound.on').waitFor({ timeout: WAIT_MS });
  await page.evaluate('globalThis.tones.length = 0');
  await scene.overload([0], true);
  await page.locator('tr.current.unacknowledged').waitFor({ timeout: WAIT_MS });
  const heard = await until('a tone is heard', WAIT_MS, async () => {
    const tones = await tonesOf(page);
    return tones.length > 1 && tones;
  });
  expect(heard.slice(0, 2).map(({ hertz }) => Math.round(hertz))).toEqual([523, 659]);
  await page.keyboard.press('a');
  await page.locator('tr.current.acknowledged').waitFor({ timeout: WAIT_MS });
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/meters/${scene.meterIds[0]}`);
  await page.goBack();
  await page.locator('tr.acknowledged').waitFor();
  await until('it is silent for longer than between two tones', WAIT_MS, async () => {
    const last = (await tonesOf(page)).at(-1)?.atMs ?? 0;
    return (await nowOf(page)) - last > TONE_EVERY_MS + 1_000;
  });
}

/** Muted by keyboard for half an hour: the header says until when, and eleven alarms more are not heard. */
async function muteWithItsEnd(page: Page, scene: Scene): Promise<void> {
  await page.locator('button.sound').focus();
  await page.keyboard.press('Enter');
  const entry = page.getByRole('menuitem', { name: 'Mute for 30 min' });
  await entry.waitFor();
  const from = endOfMute();
  await entry.press('Enter');
  const told = await page.locator('button.sound.muted').getByText('Muted until').innerText();
  expect([from, endOfMute()]).toContain(told.slice(-5));
  await entry.waitFor({ state: 'detached' });
  expect(await axeFaults(page)).toEqual([]);
  await page.evaluate('globalThis.tones.length = 0');
  await scene.overload(
    Array.from({ length: OVERLOADED - 1 }, (_, index) => index + 1),
    true,
  );
  await until('all rows are there', WAIT_MS, async () => (await page.locator('tr[data-alarm]').count()) === OVERLOADED);
}

function endOfMute(): string {
  const at = new Date(Date.now() + 30 * 60_000);
  return at.toLocaleTimeString('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });
}

/** Two are over: of all only those are cleared, and each of the others says why not. */
async function clearInPart(page: Page, scene: Scene): Promise<void> {
  await scene.overload([1, 2], false);
  const rows = page.locator('tr[data-alarm]');
  await until('two have returned', WAIT_MS, async () => (await page.locator('tr.returned').count()) === 2);
  await page.keyboard.press('Control+a');
  await page.getByText('Clear 2 of 12').waitFor();
  await page.keyboard.press('c');
  await page.locator('dialog input[name=note]:focus').waitFor();
  await page.keyboard.type('Kettles are off');
  await page.keyboard.press('Enter');
  await until('the others are left', WAIT_MS, async () => (await rows.count()) === OVERLOADED - 2);
  const why = page.locator('tr[data-alarm] [data-outcome]');
  await until('each says why', WAIT_MS, async () => (await why.count()) === OVERLOADED - 2);
  expect(new Set(await why.allInnerTexts())).toEqual(new Set(['condition still holds']));
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
}

/** One goes and comes again: it stands there once, with its times and as chattering. */
async function chatter(page: Page, scene: Scene): Promise<void> {
  await scene.overload([3], false);
  const id = (await scene.alarms()).get(3)?.id;
  await page.locator(`tr.returned[data-alarm="${id}"]`).waitFor({ timeout: WAIT_MS });
  await scene.overload([3], true);
  await page.locator(`tr[data-alarm="${id}"] .times.chattering`).waitFor({ timeout: WAIT_MS });
}

/** What was cleared, filtered by its kind and by the words of its note; the file has exactly the same rows. */
async function readHistory(page: Page): Promise<void> {
  await page.getByRole('tab', { name: /^History/ }).focus();
  await page.keyboard.press('Enter');
  await page.locator('tr.closed[data-alarm]').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('kettles');
  await page.waitForURL((url) => url.search.includes('q=kettles') && url.search.includes('tab=closed'));
  const rows = page.locator('tr.closed[data-alarm]');
  await until('both are listed', WAIT_MS, async () => (await rows.count()) === 2);
  const shown = await rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-alarm')));
  const inFile = await savedRows(page, 'Number', () => page.locator('[data-export]').click());
  expect(inFile.map((row) => row['Number'])).toEqual(shown);
  expect(inFile.map((row) => row['Note'])).toEqual(['Kettles are off', 'Kettles are off']);
}

/** The figures of the running shift as the server counts them, the chattering one among them. */
async function readShift(page: Page, { api, propertyId }: Scene): Promise<void> {
  await page.goto(new URL('/alarms/shift', page.url()).href);
  const tiles = page.locator('dl.tiles dd');
  await until('the page says what the server counts', WAIT_MS, async () => {
    await page.reload();
    await tiles.first().waitFor();
    const shown = await tiles.evaluateAll((all) => all.map((one) => one.firstChild?.textContent?.trim() ?? ''));
    const told = await api.call(getAlarmFigures, { query: { propertyId } });
    const [average, peak, flood, ...others] = shown;
    const share = Number(flood?.replace('%', '').trim()) / 100;
    return (
      average === told.averagePer10Min.toFixed(1) &&
      Number(peak) === told.peakPer10Min &&
      Math.abs(share - told.floodShare) < 0.01 &&
      others.join() === [told.standing, told.standingLong, told.chattering].join()
    );
  });
  const told = await api.call(getAlarmFigures, { query: { propertyId } });
  expect(told.chattering).toBe(1);
  expect(told.raised).toBeGreaterThan(OVERLOADED);
  expect(await axeFaults(page)).toEqual([]);
}

/** A phone: all that can be tapped is as large as a thumb; one is acknowledged, one that is over is cleared. */
async function inOneHand(system: RunningSystem, scene: Scene): Promise<void> {
  await scene.overload([4], false);
  const over = await until('one is over', WAIT_MS, async () => {
    const alarm = (await scene.alarms()).get(4);
    return alarm?.state === 'returned' && alarm;
  });
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const look = { locale: 'en-GB', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const page = await (await browser.newContext(look)).newPage();
  await signInAt(page, system, '/alarms?kind=overload');
  const waiting = page.locator('button.card.unacknowledged');
  await waiting.first().waitFor();
  expect(await smallTargets(page), 'the queue').toEqual([]);
  const before = await waiting.count();

  await waiting.first().tap();
  await page.locator('.actions').waitFor();
  expect(await smallTargets(page), 'an alarm').toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(await axeFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Acknowledge' }).tap();
  await page.getByRole('button', { name: 'Queue' }).tap();
  await until('it is acknowledged', WAIT_MS, async () => (await waiting.count()) === before - 1);

  await page.locator('button.card.returned').tap();
  await page.getByRole('button', { name: /^Clear/ }).tap();
  await page.locator('dialog input[name=note]').waitFor();
  expect(await smallTargets(page), 'what is asked').toEqual([]);
  await page.locator('dialog button[type=submit]').tap();
  await until('it is closed', WAIT_MS, async () => {
    const { items } = await scene.api.call(listAlarms, { query: { kind: 'overload', state: 'closed' } });
    return items.some(({ id }) => id === over.id);
  });
}

interface Tone {
  readonly atMs: number;
  readonly hertz: number;
}
async function tonesOf(page: Page): Promise<readonly Tone[]> {
  return JSON.parse(String(await page.evaluate('JSON.stringify(globalThis.tones)')));
}
async function nowOf(page: Page): Promise<number> {
  return Number(await page.evaluate('performance.now()'));
}
