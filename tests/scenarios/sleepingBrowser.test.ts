import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const METERS = 64;
const HOUR_MS = 3_600_000;
/** The server hangs up on whoever does not answer its heartbeat (platform/live); later, nothing is kept for the sleeper. */
const FORGOTTEN_WITHIN_MS = 30_000;
/** Beyond that the sleep is the same however long it lasts, but for the clock of the sleeper. */
const SLEPT_MS_MIN = 35_000;
/** The promise is ten seconds; the rest is the way from the screen to this test, on a busy machine. */
const TOLD_WITHIN_MS = 10_000 + 500;
/** Deltas that were on their way when the server hung up: five a second for the time that it waited. */
const LEFT_OVER_MAX = 150;

test('a browser that slept for an hour says so or is right within ten seconds, and is told the present, not the past', {
  timeout: 240_000,
}, async () => {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const { propertyId } = await enterEstate(await system.signIn(), plant.manifest);
  const { page, processes, frames } = await openPage();
  await page.goto(`${system.url}/p/${propertyId}/wall`);
  await page.fill('input[name=username]', system.printedSignIn.user);
  await page.fill('input[type=password]', system.printedSignIn.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/p/${propertyId}/wall`);
  await until('the wall shows every meter in contact', 30_000, async () => (await lostOn(page)) === 0);

  // Every process of the browser stops, as when a lid is closed: its sockets stay open and nobody reads them.
  const bytesBefore = await metric(system.url, 'process_resident_memory_bytes');
  for (const pid of processes()) process.kill(pid, 'SIGSTOP');
  onTestFinished(() => wake(processes()));
  const asleepMs = performance.now();
  const gatewayCode = plant.manifest.gateways[0]?.code ?? '';
  plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'down' } });
  await until(
    'the server has let go of the sleeper',
    FORGOTTEN_WITHIN_MS,
    async () => (await metric(system.url, 'live_sockets')) === 0,
  );
  await sleep(Math.max(0, SLEPT_MS_MIN - (performance.now() - asleepMs)));
  expect(await metric(system.url, 'live_feeds'), 'nothing is made for nobody').toBe(0);
  const grownMb = ((await metric(system.url, 'process_resident_memory_bytes')) - bytesBefore) / 2 ** 20;

  frames.splice(0);
  wake(processes());
  const awakeMs = performance.now();
  let toldAfterMs: number | undefined;
  await until('the wall says that it is stale, or shows the 32 lost meters', TOLD_WITHIN_MS, async () => {
    const isTold = (await page.getByTestId('stale-banner').count()) > 0 || (await lostOn(page)) === 32;
    toldAfterMs = isTold ? performance.now() - awakeMs : undefined;
    return isTold;
  });
  // What was under way when the server let go can be right already: live it is on a connection of its own.
  const isSnapshot = (text: string) => /^43\d+\[\{"ok":true,"snapshot":\{"room":"property:/.test(text);
  await until('the wall is right and live, on a new connection', 30_000, async () => {
    const isRight = (await lostOn(page)) === 32 && (await page.getByTestId('stale-banner').count()) === 0;
    return isRight && frames.some(isSnapshot);
  });

  // What was missed is not told: one snapshot on the new connection, and of the old one only what was under way.
  const opened = frames.findIndex((text) => text.startsWith('0{'));
  expect(opened, 'a new connection').toBeGreaterThanOrEqual(0);
  const isDelta = (text: string) => text.startsWith('42["delta"');
  expect(frames.slice(0, opened).filter(isDelta).length).toBeLessThan(LEFT_OVER_MAX);
  expect(frames.slice(opened).filter(isSnapshot)).toHaveLength(1);
  console.log(
    `told ${((toldAfterMs ?? 0) / 1_000).toFixed(1)} s after waking; ${frames.slice(0, opened).filter(isDelta).length} deltas were under way; the server's memory changed by ${grownMb.toFixed(0)} MB meanwhile`,
  );
});

interface Opened {
  readonly page: Page;
  /** The browser's processes now. */
  processes(): readonly number[];
  /** What came over its WebSockets. */
  readonly frames: string[];
}

async function openPage(): Promise<Opened> {
  const before = new Set(childrenOf(process.pid));
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const roots = childrenOf(process.pid).filter((pid) => !before.has(pid));
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1_920, height: 1_080 } });
  // The page finds its clock an hour later when it wakes: what stands for the hour that this test does not have.
  await context.addInitScript((sleptMs) => {
    const machineMs = Date.now.bind(Date);
    let lastMs = machineMs();
    let sleptBeforeMs = 0;
    Date.now = () => {
      const nowMs = machineMs();
      if (nowMs - lastMs > 15_000) sleptBeforeMs += sleptMs - (nowMs - lastMs);
      lastMs = nowMs;
      return nowMs + sleptBeforeMs;
    };
  }, HOUR_MS);
  const page = await context.newPage();
  const frames: string[] = [];
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => frames.push(payload.toString()));
  });
  return { page, frames, processes: () => roots.flatMap((pid) => [pid, ...descendantsOf(pid)]) };
}

function wake(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGCONT');
}

async function lostOn(page: Page): Promise<number> {
  const text = await page.locator('[data-state="lost"] b').first().textContent({ timeout: 1_000 });
  return Number((text ?? '').replaceAll(/\D/g, '') || Number.NaN);
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Linux: the parent is the second field behind the name, which may hold anything. */
function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined;
  }
}
