import { describe, expect, test } from 'vitest';
import type { MeterCommand, PurseCapabilities } from '#drivers/core/index.ts';
import type { FaultRequest } from '#drivers/simulator/faults/fault.ts';
import { ALL_CAPABILITIES } from '#drivers/simulator/meter/purseMemory.ts';
import { capabilitiesOfWords } from '#drivers/simulator/purseWords.ts';
import { type MoneyLine, moneyLine } from './moneyLine.ts';
import { DAY_MS, HOUR_MS, meterThat, START_MS, standingPopulation } from './simulatorSupport.ts';

const PRICES = { sharp: 11_000, peak: 9_000, flat: 7_000, valley: 5_000 };

async function pursed(line: MoneyLine) {
  const outcome = await line.readPurse();
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.purse;
}

describe.each(['rtu-over-tcp', 'modbus-tcp'] as const)('a purse over %s', (framing) => {
  test('takes a purchase once, and tells it in count, balance, records and sum', async () => {
    const line = await moneyLine({ framing });
    const before = await pursed(line);
    const count = before.count + 1;
    expect(await line.execute({ kind: 'purchase', amountMinor: 10_000n, count })).toMatchObject({ reply: 'accepted' });
    expect(await line.execute({ kind: 'purchase', amountMinor: 10_000n, count })).toMatchObject({ why: 'duplicate' });
    expect(await line.execute({ kind: 'purchase', amountMinor: 1n, count: count + 1 + 1 })).toMatchObject({
      why: 'count',
    });
    const after = await pursed(line);
    expect(after).toMatchObject({ count, balanceMinor: before.balanceMinor + 10_000n });
    expect(after.records?.[0]).toEqual({ count, amountMinor: 10_000n });
    expect(after.cumulativeMinor).toBe((before.cumulativeMinor ?? 0n) + 10_000n);
  });

  test('gives back, is fenced with nothing, and holds no more than it may', async () => {
    const line = await moneyLine({ framing });
    const { count, balanceMinor, cumulativeMinor } = await pursed(line);
    await line.execute({ kind: 'refund', amountMinor: 300n, count: count + 1 });
    await line.execute({ kind: 'purchase', amountMinor: 0n, count: count + 2 });
    await line.execute({ kind: 'settings', settings: { hoardingLimitMinor: balanceMinor } });
    expect(await line.execute({ kind: 'purchase', amountMinor: 301n, count: count + 3 })).toMatchObject({
      why: 'hoarding',
    });
    expect(await line.execute({ kind: 'refund', amountMinor: balanceMinor, count: count + 3 })).toMatchObject({
      why: 'other',
    });
    const after = await pursed(line);
    expect(after).toMatchObject({ count: count + 2, balanceMinor: balanceMinor - 300n });
    expect(after.records?.slice(0, 2)).toEqual([
      { count: count + 2, amountMinor: 0n },
      { count: count + 1, amountMinor: -300n },
    ]);
    expect(after.cumulativeMinor).toBe((cumulativeMinor ?? 0n) - 300n);
  });

  test('keeps what it was set to: limits, prices, the other prices, balance and count, clock, relay', async () => {
    const line = await moneyLine({ framing });
    const settings = {
      alarm1Minor: 5_000n,
      alarm2Minor: 2_000n,
      overdraftMinor: 700n,
      hoardingLimitMinor: 88_000_000n,
      overloadLimitW: 4_500,
    };
    const switchAtMs = 60_000 * Math.ceil(Date.now() / 60_000) + DAY_MS;
    const commands: readonly MeterCommand[] = [
      { kind: 'relay', mode: 'forcedOpen' },
      { kind: 'settings', settings },
      { kind: 'prices', prices: { ...PRICES, deepValley: 3_000 } },
      { kind: 'prices', prices: { ...PRICES, sharp: 12_000, deepValley: 2_000 }, switchAtMs },
      { kind: 'setPurse', balanceMinor: 4_321n, count: 3 },
      { kind: 'clock', atMs: Date.now() - HOUR_MS },
    ];
    for (const command of commands) expect(await line.execute(command)).toEqual({ sent: true, reply: 'accepted' });
    const after = await pursed(line);
    expect(after).toMatchObject({ settings, count: 3, balanceMinor: 4_321n, prices: { ...PRICES, deepValley: 3_000 } });
    expect(after.backup).toEqual({ prices: { ...PRICES, sharp: 12_000, deepValley: 2_000 }, switchAtMs });
    const reading = line.readings.at(-1);
    expect(reading).toMatchObject({ status: { relay: 'open', forced: 'open' }, source: 'onDemand' });
    expect(reading?.rejected).toEqual([expect.objectContaining({ reason: 'clock-off' })]);
  });
});

describe('a capability that is switched off', () => {
  const refused = async (off: Partial<PurseCapabilities>, command: (count: number) => MeterCommand) => {
    const line = await moneyLine({ capabilities: { ...ALL_CAPABILITIES, ...off } });
    const before = await pursed(line);
    const outcome = await line.execute(command(before.count));
    return { outcome, before, after: await pursed(line) };
  };

  test('seqChecked: any count is taken, the same again too', async () => {
    const { outcome, before, after } = await refused({ seqChecked: false, dupReported: false }, (count) => ({
      kind: 'purchase',
      amountMinor: 50n,
      count,
    }));
    expect(outcome).toMatchObject({ reply: 'accepted' });
    expect(after).toMatchObject({ count: before.count, balanceMinor: before.balanceMinor + 50n });
  });

  test('dupReported: a count used before is any wrong count', async () => {
    const { outcome } = await refused({ dupReported: false }, (count) => ({
      kind: 'purchase',
      amountMinor: 50n,
      count,
    }));
    expect(outcome).toMatchObject({ reply: 'refused', why: 'count' });
  });

  test.each<[keyof PurseCapabilities, (count: number) => MeterCommand]>([
    ['zeroPurchase', (count) => ({ kind: 'purchase', amountMinor: 0n, count: count + 1 })],
    ['refundCommand', (count) => ({ kind: 'refund', amountMinor: 1n, count: count + 1 })],
    ['setAbsolute', () => ({ kind: 'setPurse', balanceMinor: 1n, count: 1 })],
    ['secondTariffSet', () => ({ kind: 'prices', prices: PRICES, switchAtMs: Date.now() + DAY_MS })],
  ])('%s: it refuses, and nothing changes', async (name, command) => {
    const { outcome, before, after } = await refused({ [name]: false }, command);
    expect(outcome).toMatchObject({ sent: true, reply: 'refused' });
    expect({ ...after, atMs: 0, receivedMs: 0, energyWh: 0n }).toEqual({
      ...before,
      atMs: 0,
      receivedMs: 0,
      energyWh: 0n,
    });
  });

  test('readRecord, readCumulative, readBalance: it does not tell', async () => {
    const tell = async (off: Partial<PurseCapabilities>) =>
      pursed(await moneyLine({ capabilities: { ...ALL_CAPABILITIES, ...off } }));
    expect((await tell({ readRecord: false })).records).toBeUndefined();
    expect((await tell({ readRecord: false })).cumulativeMinor).toBeDefined();
    expect((await tell({ readCumulative: false })).cumulativeMinor).toBeUndefined();
    expect((await tell({ readCumulative: false })).records).toHaveLength(1);
    expect((await tell({ readBalance: false })).balanceMinor).toBe(0n);
    // Without all three it has nothing beyond what the maker documents, as a real one.
    const bare = await tell({ readRecord: false, readCumulative: false, secondTariffSet: false });
    expect(bare).toMatchObject({ records: undefined, cumulativeMinor: undefined, prices: expect.anything() });
  });

  test('stands in the manifest, by words', async () => {
    expect(capabilitiesOfWords('full')).toEqual(ALL_CAPABILITIES);
    expect(capabilitiesOfWords('noSeq, noZero')).toEqual({
      ...ALL_CAPABILITIES,
      seqChecked: false,
      dupReported: false,
      zeroPurchase: false,
    });
    const capabilities = capabilitiesOfWords('noRefund');
    const line = await moneyLine({ capabilities });
    expect(line.meter.capabilities).toEqual(capabilities);
  });
});

describe('faults of writes', () => {
  const struck = async (fault: FaultRequest['fault'], on?: FaultRequest['on']) => {
    const line = await moneyLine({ responseTimeoutMs: 150 });
    const before = await pursed(line);
    const target = { kind: 'meter', meterNumber: line.meter.meterNumber } as const;
    const { id } = line.plant.faults.set({ target, fault, ...(on === undefined ? {} : { on }) });
    const outcome = await line.execute({ kind: 'purchase', amountMinor: 500n, count: before.count + 1 });
    const gained = () => (line.truth().purse?.cumulativeMinor ?? 0n) - (before.cumulativeMinor ?? 0n);
    return { line, before, outcome, id, gained };
  };

  test('a request that is lost does nothing', async () => {
    const { outcome, gained } = await struck({ kind: 'request-lost' }, 'writes');
    expect(outcome).toMatchObject({ sent: true, reply: 'none' });
    expect(gained()).toBe(0n);
  });

  test('a request that is doubled is taken once where the count is checked', async () => {
    const { line, gained } = await struck({ kind: 'request-doubled' }, 'writes');
    expect(gained()).toBe(500n);
    const lax = await moneyLine({ capabilities: capabilitiesOfWords('noSeq') });
    const target = { kind: 'meter', meterNumber: lax.meter.meterNumber } as const;
    lax.plant.faults.set({ target, fault: { kind: 'request-doubled' }, on: 'writes' });
    const { count, balanceMinor } = await pursed(lax);
    await lax.execute({ kind: 'purchase', amountMinor: 500n, count: count + 1 });
    expect((await pursed(lax)).balanceMinor).toBe(balanceMinor + 1_000n);
    expect(line.truth().purse?.records[0]).toMatchObject({ amountMinor: 500n });
  });

  test('a request that is late lands after others that came later', async () => {
    const { line, before, outcome, id, gained } = await struck({ kind: 'request-late', delayMs: 600 }, 'writes');
    expect(outcome).toMatchObject({ sent: true, reply: 'none' });
    line.plant.faults.clear(id);
    expect(await pursed(line)).toMatchObject({ count: before.count });
    await line.until(() => gained() === 500n);
    expect(await pursed(line)).toMatchObject({ count: before.count + 1 });
  });

  test('a refusal may be a lie', async () => {
    const { outcome, gained } = await struck({ kind: 'lying-refusal' });
    expect(outcome).toMatchObject({ sent: true, reply: 'refused', exceptionCode: 3 });
    expect(gained()).toBe(500n);
  });

  test('a refusal may come and go', async () => {
    const { line, before, outcome, id, gained } = await struck({ kind: 'hoarding' });
    expect(outcome).toMatchObject({ sent: true, reply: 'refused', why: 'hoarding' });
    expect(gained()).toBe(0n);
    line.plant.faults.clear(id);
    await line.execute({ kind: 'purchase', amountMinor: 500n, count: before.count + 1 });
    expect(gained()).toBe(500n);
  });

  test('a read-back may be stale', async () => {
    const { line, before, id, gained } = await struck({ kind: 'stale-read' });
    expect(gained()).toBe(500n);
    // The first is the truth, for nothing was remembered before the fault was set; each after it is one read old.
    const first = await pursed(line);
    await line.execute({ kind: 'purchase', amountMinor: 1n, count: before.count + 2 });
    expect(await pursed(line)).toMatchObject({ count: first.count, balanceMinor: first.balanceMinor });
    line.plant.faults.clear(id);
    expect((await pursed(line)).count).toBe(before.count + 2);
  });

  test('a reply that is lost leaves the purchase done', async () => {
    const { outcome, gained } = await struck({ kind: 'dropped' }, 'writes');
    expect(outcome).toMatchObject({ sent: true, reply: 'none' });
    expect(gained()).toBe(500n);
  });
});

describe('the money of a simulated meter', () => {
  test('is counted at the prices in force: other prices change no balance, only what is used from then on', () => {
    const { population } = standingPopulation();
    const meter = meterThat(population, 'guarded');
    const before = meter.balancePartsAt(START_MS);
    meter.write({ kind: 'prices', prices: [0, 0, 0, 0], deepValley: undefined }, START_MS);
    expect(meter.balancePartsAt(START_MS)).toBe(before);
    meter.advance(START_MS + DAY_MS);
    expect(meter.balancePartsAt(START_MS + DAY_MS)).toBe(before);
    meter.write({ kind: 'prices', prices: [9, 9, 9, 9], deepValley: undefined }, START_MS + DAY_MS);
    expect(meter.balancePartsAt(START_MS + 2 * DAY_MS)).toBeLessThan(before);
  });

  test('switches to the other prices by itself, at their minute, however it is asked', () => {
    const balances = [1, 7, 48].map((looks) => {
      const { population } = standingPopulation();
      const meter = meterThat(population, 'guarded');
      const backup = {
        kind: 'backup',
        prices: [1, 1, 1, 1],
        deepValley: 1,
        switchAtMs: START_MS + 5 * HOUR_MS,
      } as const;
      meter.write(backup, START_MS);
      for (let look = 1; look <= looks; look++) meter.advance(START_MS + (look * DAY_MS) / looks);
      expect(meter.settings.prices).toEqual([1, 1, 1, 1]);
      expect(meter.purse.backup).toBeUndefined();
      return meter.balancePartsAt(START_MS + DAY_MS);
    });
    expect(new Set(balances).size).toBe(1);
  });

  test('trips at the overdraft that it was given', () => {
    const { population } = standingPopulation();
    const meter = meterThat(population, 'normal');
    meter.write({ kind: 'set', balanceMinor: 100n, purchaseCount: undefined }, START_MS);
    meter.write({ kind: 'settings', settings: { cutLineMinor: -50_000n } }, START_MS);
    let at = START_MS;
    while (meter.path.openedAtMs === undefined && at < START_MS + 90 * DAY_MS) {
      at += HOUR_MS;
      meter.advance(at);
    }
    expect(meter.path.openedAtMs).toBeDefined();
    expect(meter.balanceMinorAt(at)).toBeLessThanOrEqual(-50_000n);
    expect(meter.balanceMinorAt(at)).toBeGreaterThan(-51_000n);
  });

  test('is bought by the tenant himself until somebody outside sells', () => {
    const { population } = standingPopulation();
    const meter = meterThat(population, 'normal');
    const { purchaseCount } = meter.path;
    meter.advance(START_MS + 60 * DAY_MS);
    const own = meter.path.purchaseCount;
    expect(own).toBeGreaterThan(purchaseCount);
    meter.write({ kind: 'buy', amountMinor: 1n, purchaseCount: own + 1 }, START_MS + 60 * DAY_MS);
    meter.advance(START_MS + 300 * DAY_MS);
    expect(meter.path).toMatchObject({ purchaseCount: own + 1, topUpAtMs: undefined });
    expect(meter.path.openedAtMs).toBeDefined();
  });
});
