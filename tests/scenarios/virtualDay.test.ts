import { expect, onTestFinished, test } from 'vitest';
import { getLineHealth, getTrend, listAlarms, listRegisters, type RegisterReading } from '#contract/index.ts';
import { type Api, signInTo } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { startVirtualSite, type VirtualSite } from './support/virtualSite.ts';

const HOUR_MS = 3_600_000;
const HALF_HOUR_MS = HOUR_MS / 2;
/** Midnight in Shanghai. */
const START_MS = Date.parse('2026-03-02T16:00:00Z');
const LIVE_POLL_MS = 60_000;
/** One full line and a short one: RTU over TCP and Modbus TCP. */
const METERS = 40;
const OUTAGE_FROM_MS = START_MS + 3 * HOUR_MS + 5 * 60_000;
const OUTAGE_TO_MS = OUTAGE_FROM_MS + 80 * 60_000;

test('a day of an estate: every half hour of every meter, the truth of the plant, one outage told as one', {
  timeout: 600_000,
}, async () => {
  const site = await startVirtualSite(METERS, 7, START_MS - HALF_HOUR_MS);
  onTestFinished(() => site.stop());
  const { propertyId, meters, gateways } = await enterEstate(await signIn(site), site.plant.manifest, LIVE_POLL_MS);
  const [, second] = site.plant.manifest.gateways;
  const secondEntered = gateways.find(({ code }) => code === second?.code);
  if (second === undefined || secondEntered === undefined) throw new Error('the plant has two gateways');
  site.plant.faults.set({
    target: { kind: 'gateway', gatewayCode: second.code },
    fault: { kind: 'down' },
    afterSeconds: (OUTAGE_FROM_MS - site.clock.nowMs()) / 1_000,
    durationSeconds: (OUTAGE_TO_MS - OUTAGE_FROM_MS) / 1_000,
  });
  await site.pass(HALF_HOUR_MS + 24 * HOUR_MS + 5 * 60_000);
  // Yesterday's session has ended, as it should.
  const api = await signIn(site);

  const onSecond = new Set(second.lines.flatMap((line) => line.meters.map(({ meterNumber }) => meterNumber)));
  const truth = historyOf(site);
  for (const [meterNumber, { id }] of meters) {
    const { items } = await api.call(listRegisters, {
      params: { meterId: id },
      query: { from: iso(START_MS), limit: 100 },
    });
    const day = items.toReversed();
    expect(day.map(({ instant }) => instant)).toEqual(expectedInstants(onSecond.has(meterNumber)));
    expect(day.filter(({ quality }) => quality !== 'measured').map(({ instant }) => instant)).toEqual(
      onSecond.has(meterNumber) ? [iso(lastMissedInstant())] : [],
    );
    for (const reading of day) expectTrue(reading, meterNumber, truth);
  }

  const { items: alarms } = await api.call(listAlarms, { query: { propertyId, state: 'all', limit: 1_000 } });
  const lost = alarms.filter(({ kind }) => kind === 'gatewayLost' || kind === 'lineLost' || kind === 'meterLost');
  expect(lost).toHaveLength(1);
  expect(lost[0]).toMatchObject({ kind: 'gatewayLost', source: { id: secondEntered.id }, childCount: onSecond.size });
  expect(Date.parse(lost[0]?.raisedAt ?? '') - OUTAGE_FROM_MS).toBeLessThan(20_000);
  expect(Date.parse(lost[0]?.clearedAt ?? '') - OUTAGE_TO_MS).toBeLessThan(60_000);
  await everyArrearsIsAlarmed(site, api, propertyId, meters);

  const firstLine = gateways.find(({ id }) => id !== secondEntered.id)?.lines[0];
  if (firstLine === undefined) throw new Error('no line');
  const health = await api.call(getLineHealth, { params: { lineId: firstLine.id } });
  expect(health).toMatchObject({
    timeouts: 0,
    crcErrors: 0,
    frameErrors: 0,
    lateReplies: 0,
    reconnects: 0,
    overruns: 0,
  });

  const meterId = [...meters.values()][0]?.id ?? 0;
  const query = {
    quantity: 'activePowerW',
    from: iso(START_MS),
    to: iso(START_MS + 24 * HOUR_MS),
    resolution: '15m',
  } as const;
  const trend = await api.call(getTrend, { params: { meterId }, query });
  expect(trend.points.map(({ at }) => at)).toEqual(
    Array.from({ length: 96 }, (_, index) => iso(START_MS + index * 900_000)),
  );
});

async function signIn({ app }: VirtualSite): Promise<Api> {
  if (app.firstSignIn === undefined) throw new Error('nobody can sign in');
  return signInTo(app.address, app.firstSignIn.user, app.firstSignIn.password);
}

/** All half hours of the day; those within the outage are missing, not zero. The one after it is read late. */
function expectedInstants(withOutage: boolean): readonly string[] {
  const all = Array.from({ length: 49 }, (_, index) => START_MS + index * HALF_HOUR_MS);
  const missed = (atMs: number) => atMs > OUTAGE_FROM_MS && atMs < lastMissedInstant();
  return all.filter((atMs) => !(withOutage && missed(atMs))).map(iso);
}

/** Its half hour was not over when the gateway came back: the first reading then stands for it. */
function lastMissedInstant(): number {
  return Math.floor(OUTAGE_TO_MS / HALF_HOUR_MS) * HALF_HOUR_MS;
}

type Truth = ReadonlyMap<string, ReadonlyMap<number, Readonly<Record<string, number>>>>;

/** What every meter would have said at every half hour. */
function historyOf({ plant }: VirtualSite): Truth {
  const truth = new Map<string, Map<number, Readonly<Record<string, number>>>>();
  const range = { fromMs: START_MS, toMs: START_MS + 24 * HOUR_MS + 1, stepMs: HALF_HOUR_MS };
  for (const { meterNumber, atMs, values } of plant.history(range)) {
    const own = truth.get(meterNumber) ?? new Map();
    own.set(atMs, values);
    truth.set(meterNumber, own);
  }
  return truth;
}

/** The register lies between what the meter said at its own half hour and at the next one. */
function expectTrue(reading: RegisterReading, meterNumber: string, truth: Truth): void {
  const instantMs = Date.parse(reading.instant);
  const readWh = Number(reading.registers['energyWh']);
  const atWh = truth.get(meterNumber)?.get(instantMs)?.['energyWh'] ?? Number.NaN;
  // The day's last half hour has no next one yet.
  const nextWh = truth.get(meterNumber)?.get(instantMs + HALF_HOUR_MS)?.['energyWh'] ?? Number.POSITIVE_INFINITY;
  expect(readWh, `${meterNumber} at ${reading.instant}`).toBeGreaterThanOrEqual(atWh);
  expect(readWh, `${meterNumber} at ${reading.instant}`).toBeLessThanOrEqual(nextWh);
}

/** The open arrears alarms are exactly the meters that say so themselves. */
async function everyArrearsIsAlarmed(
  { plant }: VirtualSite,
  api: Api,
  propertyId: number,
  meters: ReadonlyMap<string, { readonly id: number }>,
): Promise<void> {
  const { items } = await api.call(listAlarms, { query: { propertyId, kind: 'arrears', state: 'open', limit: 1_000 } });
  const inArrears = [...meters].filter(([meterNumber]) => plant.meter(meterNumber)?.image.status.money === 'arrears');
  expect(new Set(items.map(({ source }) => source.id))).toEqual(new Set(inArrears.map(([, { id }]) => id)));
  expect(items.length, 'one alarm for each').toBe(inArrears.length);
  expect(inArrears.length, 'the day has somebody in arrears').toBeGreaterThan(0);
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
