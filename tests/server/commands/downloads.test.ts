import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command, CommandBatch, CommandOrderBody, TariffBodyText } from '#contract/index.ts';
import { until } from '../../scenarios/support/until.ts';
import { startTill, type Till } from '../vending/support/till.ts';

/** The real server over simulated meters: what is ordered is read out of the meters' own registers. */
let till: Till;
let versionId: number;
beforeAll(async () => {
  till = await startTill();
  const { tariffs } = till.server.app.money;
  const tariffId = await tariffs.publishOwn({
    ...{ propertyId: till.propertyId, name: 'Hours', medium: 'electricity', body: HOURS },
    effectiveFromMs: Date.parse('2026-01-01T00:00:00Z'),
  });
  versionId = tariffs.versionAt(tariffId, Date.now())?.id ?? 0;
}, 60_000);
afterAll(() => till.stop());

const WAIT_MS = 25_000;
const MINUTE_MS = 60_000;
const ENDS: readonly Command['state'][] = ['verified', 'rejected', 'failed', 'held', 'stopped'];
/** Five prices that are all different; 96 quarter hours of one day. */
const HOURS: TariffBodyText = {
  kind: 'timeOfUse',
  prices: { sharp: '1.26543211', peak: '1.1', flat: '0.9', valley: '0.4', deepValley: '0.2' },
  days: { tables: [Array.from({ length: 96 }, () => 'flat' as const)], rules: [{ table: 0 }] },
};
/** As a meter holds them: sharp, peak, flat, valley in 10⁻⁴, the published price rounded half up. */
const HELD = [12_654, 11_000, 9_000, 4_000];

const get = async <T>(path: string): Promise<T> => (await till.boss.request('GET', path)).body as T;
async function told(meterId: number, order: CommandOrderBody): Promise<Command> {
  const body = { commandId: randomUUID(), meterId, order, reason: 'test' };
  const { id } = await till.post<Command>('/api/commands', body);
  return until(`${order.kind} at rest`, WAIT_MS, async () => {
    const command = await get<Command>(`/api/commands/${id}`);
    return ENDS.includes(command.state) && command;
  });
}
/** A meter whose account has set it up: nothing is on its way to it. */
async function setUp(more: object = {}) {
  const { meterId, meterNumber } = await till.fresh(more);
  await until('set up', WAIT_MS, () => !till.server.app.money.commands.inFlight(meterId));
  return { meterId, meterNumber };
}
/** What the meter itself remembers. */
function purseOf(meterNumber: string) {
  const purse = till.plant.meter(meterNumber)?.purse;
  if (purse === undefined) throw new Error(`meter ${meterNumber} keeps no money`);
  return purse;
}
const failedDownloads = async (meterId: number) =>
  (await get<{ items: object[] }>(`/api/alarms?meterId=${meterId}&kind=downloadFailed&state=open`)).items.length;

describe('prices', () => {
  test('at once: the meter holds the four-decimal prices of the version', async () => {
    const { meterId, meterNumber } = await setUp();
    const before = purseOf(meterNumber);
    expect(before.settings.prices).not.toEqual(HELD);
    expect(await told(meterId, { kind: 'prices', tariffVersionId: versionId })).toMatchObject({ state: 'verified' });
    expect(purseOf(meterNumber).settings).toMatchObject({ prices: HELD, deepValley: 2_000 });
    expect(purseOf(meterNumber).backup).toBeUndefined();
  });

  test('from an instant on: they wait in the backup set, and those in force stay', async () => {
    const { meterId, meterNumber } = await setUp();
    const { prices } = purseOf(meterNumber).settings;
    const switchAtMs = Math.ceil(Date.now() / MINUTE_MS + 60) * MINUTE_MS;
    const order = { kind: 'prices', tariffVersionId: versionId, switchAt: new Date(switchAtMs).toISOString() } as const;
    expect(await told(meterId, order)).toMatchObject({ state: 'verified' });
    expect(purseOf(meterNumber)).toMatchObject({
      settings: { prices },
      backup: { prices: HELD, deepValley: 2_000, switchAtMs },
    });
  });

  test('that do not arrive raise an alarm, and «again for the failed» heals it', async () => {
    const [well, ill] = [await setUp(), await setUp()];
    const before = purseOf(ill.meterNumber).settings.prices;
    const end = till.fault(ill.meterNumber, { kind: 'request-lost' }, { on: 'writes' });
    const atRest = (batchId: string) =>
      until('the batch at rest', WAIT_MS, async () => {
        const batch = await get<CommandBatch>(`/api/command-batches/${batchId}`);
        return batch.finished && batch;
      });
    const batchId = randomUUID();
    const order = { kind: 'prices', tariffVersionId: versionId };
    const meterIds = [well.meterId, ill.meterId];
    await till.post('/api/command-batches', { batchId, meterIds, order, reason: 'new prices' });
    expect(await atRest(batchId)).toMatchObject({ counts: { verified: 1, rejected: 1 } });
    expect(purseOf(well.meterNumber).settings.prices).toEqual(HELD);
    expect(purseOf(ill.meterNumber).settings.prices).toEqual(before);
    await till.alarmed(ill.meterId, 'downloadFailed');
    expect(await failedDownloads(well.meterId)).toBe(0);

    end();
    const retryId = randomUUID();
    await till.post(`/api/command-batches/${batchId}/retry`, { batchId: retryId });
    expect(await atRest(retryId)).toMatchObject({ total: 1, counts: { verified: 1 } });
    expect(purseOf(ill.meterNumber).settings.prices).toEqual(HELD);
    await until('the alarm is over', WAIT_MS, async () => (await failedDownloads(ill.meterId)) === 0);
  }, 60_000);
});

describe('settings', () => {
  test('all of them are in the meter afterwards', async () => {
    const { meterId, meterNumber } = await setUp();
    const amounts = {
      alarm1Minor: '7000',
      alarm2Minor: '3000',
      overdraftMinor: '1500',
      hoardingLimitMinor: '50000000',
    };
    const order = { kind: 'settings', ...amounts, overloadLimitW: 9_000 } as const;
    expect(await told(meterId, order)).toMatchObject({ state: 'verified' });
    expect(purseOf(meterNumber).settings).toMatchObject({
      ...{ alarm1Minor: 7_000n, alarm2Minor: 3_000n, cutLineMinor: -1_500n, hoardingLimitMinor: 50_000_000n },
      overloadLimitW: 9_000,
    });
  });

  test.for([
    ['alarm1Minor', { alarm1Minor: 8_800n, alarm2Minor: 2_000n }],
    ['alarm2Minor', { alarm1Minor: 5_000n, alarm2Minor: 8_800n }],
  ] as const)('%s alone: the other level is said as the account has it', async ([name, held]) => {
    const { meterId, meterNumber } = await setUp({ alarm1Minor: '5000', alarm2Minor: '2000' });
    expect(await told(meterId, { kind: 'settings', [name]: '8800' })).toMatchObject({ state: 'verified' });
    expect(purseOf(meterNumber).settings).toMatchObject(held);
  });

  test('one alarm level for a meter without an account is refused with the field', async () => {
    const meterId = till.meters.at(-1)?.id;
    const order = { kind: 'settings', alarm1Minor: '5000' };
    const details = [{ field: 'order.alarm2Minor' }];
    const refused = { status: 400, body: { code: 'request.invalid', details } };
    const single = { commandId: randomUUID(), meterId, order, reason: 'test' };
    expect(await till.boss.request('POST', '/api/commands', single)).toMatchObject(refused);
    const batch = { batchId: randomUUID(), meterIds: [meterId], order, reason: 'test' };
    expect(await till.boss.request('POST', '/api/command-batches', batch)).toMatchObject(refused);
  });
});

test('the clock of a meter is set, and off by no more than the time of the way', async () => {
  const { meterId, meterNumber } = await setUp();
  expect(await told(meterId, { kind: 'clock' })).toMatchObject({ state: 'verified' });
  expect(Math.abs(purseOf(meterNumber).clockOffsetMs)).toBeLessThanOrEqual(MINUTE_MS);
});
