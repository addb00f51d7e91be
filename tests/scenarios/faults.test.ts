import { expect, onTestFinished, test } from 'vitest';
import { type Alarm, getLineHealth, getMeterNow, type LineHealthDto, listAlarms } from '#contract/index.ts';
import type { Fault } from '#drivers/simulator/faults/fault.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import type { Api } from './support/api.ts';
import { type EnteredEstate, enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed, type WallFeed } from './support/wallFeed.ts';

const newSite = useSites();

const LIVE_POLL_MS = 2_000;
/** Lost after a minute of silence (domain/evaluate.ts), and the time of the read that notices. */
const METER_LOST_WITHIN_MS = 90_000;
const GATEWAY_LOST_WITHIN_MS = 30_000;
/** The longest back-off that this storm can have reached, about 40 s, and the 15 s that an alarm must be quiet. */
const RECOVERED_WITHIN_MS = 120_000;
const LOST_KINDS = ['meterLost', 'lineLost', 'gatewayLost'];

interface DamagedLine {
  readonly gateway: number;
  readonly fault: Fault;
  /** Chance that one reply is struck. */
  readonly chance: number;
  /** The figure of the line's health that tells it. */
  readonly seen: keyof LineHealthDto;
}

/** Gateways with an even index speak RTU over TCP, those with an odd one Modbus TCP. */
const DAMAGED_LINES: readonly DamagedLine[] = [
  { gateway: 2, fault: { kind: 'dropped' }, chance: 0.1, seen: 'timeouts' },
  { gateway: 3, fault: { kind: 'dropped' }, chance: 0.1, seen: 'timeouts' },
  { gateway: 4, fault: { kind: 'delayed', delayMs: 900 }, chance: 0.1, seen: 'lateReplies' },
  { gateway: 5, fault: { kind: 'delayed', delayMs: 900 }, chance: 0.1, seen: 'lateReplies' },
  { gateway: 6, fault: { kind: 'corrupted' }, chance: 0.2, seen: 'crcErrors' },
  // A damaged MBAP header leaves nothing to hold on to in the stream: the line connects anew each time.
  { gateway: 7, fault: { kind: 'corrupted' }, chance: 0.02, seen: 'reconnects' },
  { gateway: 8, fault: { kind: 'merged' }, chance: 0.1, seen: 'lateReplies' },
  { gateway: 9, fault: { kind: 'merged' }, chance: 0.1, seen: 'lateReplies' },
  { gateway: 10, fault: { kind: 'split', pieceBytes: 5, gapMs: 3 }, chance: 1, seen: 'replies' },
  { gateway: 11, fault: { kind: 'split', pieceBytes: 5, gapMs: 3 }, chance: 1, seen: 'replies' },
];
const SILENT_GATEWAY = 0;
const DOWN_GATEWAY = 1;
const UNTOUCHED_GATEWAY = 12;
const GATEWAYS = 13;

interface Storm {
  readonly plant: Plant;
  readonly api: Api;
  readonly entered: EnteredEstate;
  readonly wall: WallFeed;
}

test('every fault of the field at once: each shows as what it is, hurts nobody else, and heals by itself', {
  timeout: 400_000,
}, async () => {
  const storm = await calmBefore();
  const silent = meterNumbers(storm, SILENT_GATEWAY)[5] ?? '';
  storm.plant.faults.set({ target: { kind: 'meter', meterNumber: silent }, fault: { kind: 'silent' } });
  storm.plant.faults.set({
    target: { kind: 'gateway', gatewayCode: code(storm, DOWN_GATEWAY) },
    fault: { kind: 'down' },
  });
  for (const { gateway, fault, chance } of DAMAGED_LINES) {
    const target = { kind: 'line', gatewayCode: code(storm, gateway), lineName: '1' } as const;
    storm.plant.faults.set({ target, fault, probability: chance });
  }

  await until('the gateway and its 32 meters are lost', GATEWAY_LOST_WITHIN_MS, async () => {
    const [alarm, ...more] = (await lostAlarms(storm)).filter(({ source }) => source.kind !== 'meter');
    expect(more.map(({ label }) => label?.en)).toEqual([]);
    return alarm?.kind === 'gatewayLost' && alarm.childCount === 32 && links(storm, DOWN_GATEWAY).lost === 32;
  });
  await until('the silent meter is lost', METER_LOST_WITHIN_MS, () => linkOf(storm, silent) === 'lost');
  await until('one alarm per cause', 10_000, async () => (await lostAlarms(storm)).length === 2);

  expect(links(storm, SILENT_GATEWAY)).toEqual({ online: 31, late: 0, lost: 1 });
  expect(links(storm, UNTOUCHED_GATEWAY)).toEqual({ online: 32, late: 0, lost: 0 });
  for (const { gateway, fault, seen } of DAMAGED_LINES) {
    const health = await healthOf(storm, gateway);
    expect(links(storm, gateway).lost, `${fault.kind} on ${health.gatewayCode} loses no meter`).toBe(0);
    expect(Number(health[seen]), `${fault.kind} on ${health.gatewayCode} shows in ${seen}`).toBeGreaterThan(0);
  }
  await everyValueIsItsOwn(storm);

  for (const { id } of storm.plant.faults.list()) storm.plant.faults.clear(id);
  await until('every meter is online again', RECOVERED_WITHIN_MS, () =>
    [...storm.wall.meters.values()].every(({ facts }) => facts.link === 'online'),
  );
  await until('both alarms cleared by themselves', 30_000, async () => (await lostAlarms(storm)).length === 0);
  await everyValueIsItsOwn(storm);
  expect(storm.wall.fault()).toBeUndefined();
});

async function calmBefore(): Promise<Storm> {
  const plant = await startTestPlant(GATEWAYS * 32);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  const entered = await enterEstate(api, plant.manifest, LIVE_POLL_MS);
  const wall = await openWallFeed(system.url, api, entered.propertyId);
  onTestFinished(() => wall.close());
  const notYet = () =>
    [...wall.meters].filter(([, { facts, heardAgoS }]) => facts.link !== 'online' || heardAgoS === undefined);
  await until(
    () =>
      `every meter is online; not yet: ${notYet()
        .map(([id, { facts }]) => `${id} ${facts.link}`)
        .join(', ')}`,
    60_000,
    () => notYet().length === 0,
  );
  expect(wall.meters.size).toBe(GATEWAYS * 32);
  return { plant, api, entered, wall };
}

/** A reply taken for another meter's, or a damaged one believed, would show here: all registers differ. */
async function everyValueIsItsOwn({ plant, api, entered }: Storm): Promise<void> {
  for (const [meterNumber, { id }] of entered.meters) {
    const { values } = await api.call(getMeterNow, { params: { meterId: id } });
    const truth = plant.meter(meterNumber)?.image.values;
    const energyWh = values['energyWh'] ?? Number.NaN;
    expect(energyWh, `energy of ${meterNumber}`).toBeLessThanOrEqual(truth?.energyWh ?? Number.NaN);
    expect(energyWh, `energy of ${meterNumber}`).toBeGreaterThan((truth?.energyWh ?? Number.NaN) - 20_000);
  }
}

function code({ plant }: Storm, gateway: number): string {
  return plant.manifest.gateways[gateway]?.code ?? '';
}

function meterNumbers({ plant }: Storm, gateway: number): readonly string[] {
  return (
    plant.manifest.gateways[gateway]?.lines.flatMap(({ meters }) => meters.map((meter) => meter.meterNumber)) ?? []
  );
}

function linkOf({ entered, wall }: Storm, meterNumber: string): string | undefined {
  const meter = entered.meters.get(meterNumber);
  return meter === undefined ? undefined : wall.meters.get(meter.id)?.facts.link;
}

function links(storm: Storm, gateway: number): Record<'online' | 'late' | 'lost', number> {
  const all = meterNumbers(storm, gateway).map((meterNumber) => linkOf(storm, meterNumber));
  const count = (link: string) => all.filter((one) => one === link).length;
  return { online: count('online'), late: count('late'), lost: count('lost') };
}

async function lostAlarms({ api, entered }: Storm): Promise<readonly Alarm[]> {
  const { items } = await api.call(listAlarms, {
    query: { propertyId: entered.propertyId, state: 'open', limit: 1_000 },
  });
  return items.filter(({ kind }) => LOST_KINDS.includes(kind));
}

async function healthOf({ api, entered }: Storm, gateway: number): Promise<LineHealthDto> {
  const lineId = entered.gateways[gateway]?.lines[0]?.id;
  if (lineId === undefined) throw new Error(`no gateway ${gateway}`);
  return api.call(getLineHealth, { params: { lineId } });
}
