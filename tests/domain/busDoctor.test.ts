import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { examine, VERDICTS } from '#domain/busDoctor.ts';
import { type LineFacts, type MeterFacts, TIME_PARTS } from '#domain/busFacts.ts';
import type { Action, ActionKind, Proposal } from '#domain/busProposals.ts';
import { wholeParts } from '#domain/wholeParts.ts';

const HOUR_MS = 3_600_000;
const WIRE_MS = 121.6;
const REPLY_MS = 30;
const READS = 360;

/** A meter that was read every 10 s for an hour, 48 registers at 9600 baud, as a good one answers. */
function meter(unitAddress: number, change: Partial<MeterFacts> = {}): MeterFacts {
  const reads = change.reads ?? READS;
  return {
    meterId: unitAddress + 1_000,
    unitAddress,
    modelId: 'acrel-dtsy1352',
    highestBaud: 38_400,
    livePollMs: 10_000,
    limitMs: WIRE_MS,
    liveRequests: 1,
    reads,
    failures: 0,
    overruns: 0,
    damaged: 0,
    answeredMs: reads * (WIRE_MS + REPLY_MS),
    damagedMs: 0,
    lostMs: 0,
    consecutiveFailures: 0,
    backoffMs: undefined,
    ...change,
  };
}
const good = (count: number) => Array.from({ length: count }, (_, index) => meter(index + 1));

function line(meters: readonly MeterFacts[], change: Partial<LineFacts> = {}): LineFacts {
  const busyMs = meters.reduce((sum, each) => sum + each.answeredMs + each.damagedMs + each.lostMs, 0);
  return {
    link: 'up',
    observedMs: HOUR_MS,
    closedMs: 0,
    busyMs,
    requests: meters.reduce((sum, { reads, failures, damaged }) => sum + reads + failures + damaged, 0),
    timeouts: 0,
    lateReplies: 0,
    reconnects: 0,
    serial: { baud: 9600, parity: 'none', stopBits: 1 },
    responseTimeoutMs: 1_000,
    turnaroundMs: 0,
    meters,
    ...change,
  };
}
/** Twelve probes an hour, each a deadline: a meter that has been dead for long. */
const dead = (unitAddress: number) =>
  meter(unitAddress, {
    reads: 0,
    failures: 12,
    answeredMs: 0,
    lostMs: 12 * 1_120,
    consecutiveFailures: 40,
    backoffMs: 300_000 - 1_120,
  });
/** Polls every three seconds on a bus that takes nearly five for a round. */
const overrun = (count: number) =>
  good(count).map((each) => ({ ...each, livePollMs: 3_000, reads: 740, answeredMs: 740 * 151.6, overruns: 460 }));

function only<K extends ActionKind>(proposals: readonly Proposal[], kind: K) {
  expect(proposals.filter(({ action }) => action.kind === kind)).toHaveLength(1);
  for (const { action, effect } of proposals) if (isOf(action, kind)) return { action, effect };
  throw new Error(`no ${kind}`);
}
function isOf<K extends ActionKind>(action: Action, kind: K): action is Extract<Action, { kind: K }> {
  return action.kind === kind;
}
const kinds = (facts: LineFacts) => examine(facts).proposals.map(({ action }) => action.kind);

describe('a line in good order', () => {
  test('is healthy, and nothing is proposed', () => {
    const diagnosis = examine(line(good(32)));
    expect(diagnosis).toMatchObject({ verdict: 'healthy', answering: 32, dead: 0, overruns: 0, proposals: [] });
    expect(diagnosis.cycleLimitMs).toBeCloseTo(32 * WIRE_MS, 6);
    expect(diagnosis.cycleMs).toBeCloseTo(32 * (WIRE_MS + REPLY_MS), 6);
    expect(diagnosis.load).toBeCloseTo((32 * (WIRE_MS + REPLY_MS)) / 10_000, 6);
    expect(diagnosis.utilisation).toBeCloseTo(diagnosis.load, 6);
  });

  test('is left alone although something could be won: a shorter deadline, a faster baud', () => {
    const meters = [...good(31), meter(32, { failures: 3, lostMs: 3_360 })];
    expect(examine(line(meters, { timeouts: 3 })).proposals).toEqual([]);
  });

  test('that has just begun waits for its verdict', () => {
    const meters = good(4).map((each) => ({ ...each, reads: 1, answeredMs: 150 }));
    expect(examine(line(meters, { observedMs: 5_000 })).verdict).toBe('waiting');
    expect(examine(line([], { observedMs: HOUR_MS }))).toMatchObject({
      verdict: 'waiting',
      cycleMs: undefined,
      load: 0,
    });
  });

  test('stays so on a fast wire, where meters take longer than the wire does', () => {
    const meters = good(32).map((each) => ({ ...each, limitMs: 20, answeredMs: READS * 75 }));
    expect(examine(line(meters, { serial: { baud: 57_600, parity: 'none', stopBits: 1 } })).verdict).toBe('healthy');
    // Four short requests in a visit are four answers to wait for.
    const inPieces = good(32).map((each) => ({ ...each, liveRequests: 4, limitMs: 70, answeredMs: READS * 270 }));
    expect(examine(line(inPieces)).verdict).toBe('healthy');
  });
});

describe('time is lost', () => {
  test('to dead meters: who they are and what each costs', () => {
    const facts = line([...good(30), dead(31), dead(32)], { timeouts: 24 });
    const diagnosis = examine(facts);
    expect(diagnosis).toMatchObject({ verdict: 'dead', dead: 2, answering: 30 });
    expect(diagnosis.meters.slice(30)).toMatchObject([
      { unitAddress: 31, state: 'dead', silenceMs: 13_440 },
      { unitAddress: 32, state: 'dead', silenceMs: 13_440 },
    ]);
    expect(diagnosis.parts.silence).toBe(2 * 13_440);
    const repair = only(diagnosis.proposals, 'repairMeters');
    expect(repair.action.meters.map(({ unitAddress }) => unitAddress)).toEqual([31, 32]);
    expect(repair.effect.wonMsPerHour).toBeCloseTo(2 * 13_440, 0);
    expect(repair.effect.endsOverruns).toBeUndefined();
    // 120 ms of each probe are the wire's: they stay.
    const { action, effect } = only(diagnosis.proposals, 'lowerTimeout');
    expect(action).toMatchObject({ fromMs: 1_000, toMs: 300, slowestReplyMs: expect.closeTo(REPLY_MS, 6) });
    expect(effect.wonMsPerHour).toBeCloseTo(24 * 700, 0);
  });

  test('a meter that has just died is not charged for its first probes, which come thick and fast', () => {
    const fresh = { ...dead(4), failures: 8, consecutiveFailures: 8, lostMs: 8_960, backoffMs: 34_000 };
    const facts = line([...good(3), fresh], { observedMs: 240_000, timeouts: 8 });
    const measuredPerHour = (8_960 * HOUR_MS) / 240_000;
    const { effect } = only(examine(facts).proposals, 'repairMeters');
    expect(effect.wonMsPerHour).toBeCloseTo((HOUR_MS / (34_000 + 1_120)) * 1_120, 6);
    expect(effect.wonMsPerHour).toBeLessThan(measuredPerHour);
    // The load and the time won are told of the same hours to come.
    expect((effect.loadBefore - effect.loadAfter) * HOUR_MS).toBeCloseTo(effect.wonMsPerHour, 3);
  });

  test('a deadline is not lowered below what the slowest meter may take, nor where answers come late', () => {
    const slow = meter(2, { answeredMs: READS * (WIRE_MS + 220), modelId: 'other' });
    const { action } = only(examine(line([meter(1), slow, dead(3)], { timeouts: 12 })).proposals, 'lowerTimeout');
    expect(action.toMs).toBe(700);
    const late = line([meter(1), meter(2), dead(3)], { timeouts: 12, lateReplies: 12 });
    expect(kinds(late)).not.toContain('lowerTimeout');
    expect(only(examine(late).proposals, 'raiseTimeout')).toMatchObject({
      action: { fromMs: 1_000, toMs: 2_000, lateReplies: 12 },
      effect: { wonReadsPerHour: 12 },
    });
  });

  test('to damage: at one meter, towards the far end, or everywhere', () => {
    const hurt = (each: MeterFacts, damaged: number) => ({ ...each, damaged, damagedMs: damaged * 150 });
    const one = good(10).map((each) => hurt(each, each.unitAddress === 4 ? 80 : 1));
    expect(examine(line(one))).toMatchObject({ verdict: 'lossy' });
    expect(only(examine(line(one)).proposals, 'checkMeterWiring')).toMatchObject({
      action: { unitAddress: 4, meterId: 1_004 },
      effect: { wonMsPerHour: expect.closeTo(80 * 150, 3) },
    });
    const far = good(10).map((each) => hurt(each, each.unitAddress > 5 ? 20 : 1));
    expect(only(examine(line(far)).proposals, 'checkFarEnd').action.fromUnitAddress).toBe(6);
    const everywhere = good(10).map((each) => hurt(each, 12));
    expect(only(examine(line(everywhere)).proposals, 'checkNoise').effect.wonMsPerHour).toBeCloseTo(120 * 150, 3);
    // One in a thousand is no complaint.
    expect(examine(line(good(32).map((each) => hurt(each, each.unitAddress % 3 === 0 ? 1 : 0)))).verdict).toBe(
      'healthy',
    );
  });

  test('to answers that are lost on the way, without a meter being dead', () => {
    const meters = good(10).map((each) => ({ ...each, failures: 30, lostMs: 30 * 1_120 }));
    const facts = line(meters, { timeouts: 300 });
    expect(examine(facts).verdict).toBe('lossy');
    expect(kinds(facts)).toEqual(['checkNoise', 'lowerTimeout']);
  });

  test('to one meter that answers far more slowly than its likes, and to all of them', () => {
    const meters = [...good(9), meter(10, { answeredMs: READS * (WIRE_MS + 400) })];
    const { action, effect } = only(examine(line(meters)).proposals, 'slowMeter');
    expect(examine(line(meters)).verdict).toBe('slow');
    expect(action).toMatchObject({ unitAddress: 10, usualReplyMs: expect.closeTo(REPLY_MS, 6) });
    expect(effect.wonMsPerHour).toBeCloseTo(READS * 370, 3);
    expect((effect.cycleBeforeMs ?? 0) - (effect.cycleAfterMs ?? 0)).toBeCloseTo(370, 6);
    const all = good(10).map((each) => ({ ...each, answeredMs: READS * (WIRE_MS + 250) }));
    expect(kinds(line(all))).toEqual(['checkReplyDelay']);
  });

  test('to pauses that nobody needs', () => {
    const meters = good(10);
    const busyMs = meters.reduce((sum, { answeredMs }) => sum + answeredMs + READS * 300, 0);
    const { action, effect } = only(examine(line(meters, { turnaroundMs: 300, busyMs })).proposals, 'reduceTurnaround');
    expect(action).toEqual({ kind: 'reduceTurnaround', fromMs: 300, toMs: 10 });
    expect(effect.wonMsPerHour).toBeCloseTo(10 * READS * 290, 3);
  });
});

describe('a line that cannot keep its periods', () => {
  const facts = line(overrun(32));

  test('is told what would end it, the greatest effect first', () => {
    const { verdict, load, proposals } = examine(facts);
    expect(verdict).toBe('overrun');
    expect(load).toBeCloseTo((32 * 151.6) / 3_000, 6);
    expect(proposals.map(({ action }) => action.kind)).toEqual(['lengthenPoll', 'splitLine', 'raiseBaud']);
    expect(proposals.map(({ effect }) => effect.endsOverruns)).toEqual([true, true, false]);
  });

  test('raises its baud by the arithmetic of the wire, where all models can', () => {
    const { effect } = only(examine(facts).proposals, 'raiseBaud');
    expect(effect.cycleAfterMs).toBeCloseTo(32 * (WIRE_MS / 2 + REPLY_MS), 6);
    const unknown = [...facts.meters.slice(1), meter(33, { highestBaud: undefined, livePollMs: 3_000 })];
    expect(kinds(line(unknown))).not.toContain('raiseBaud');
    expect(kinds({ ...facts, serial: { baud: 19_200, parity: 'none', stopBits: 1 } })).not.toContain('raiseBaud');
  });

  test('polls at the shortest whole second that leaves a tenth of the line free', () => {
    const { action, effect } = only(examine(facts).proposals, 'lengthenPoll');
    expect(action).toMatchObject({ fromMs: 3_000, toMs: 6_000, meters: 32 });
    expect(effect.loadAfter).toBeCloseTo((32 * 151.6) / 6_000, 6);
  });

  test('is split where the halves weigh the same', () => {
    const { action, effect } = only(examine(facts).proposals, 'splitLine');
    expect(action).toMatchObject({ afterUnitAddress: 16, meters: [16, 16] });
    expect(effect.cycleAfterMs).toBeCloseTo(16 * 151.6, 6);
  });
});

describe('a way that is closed', () => {
  test('is all there is to say', () => {
    const meters = good(4).map((each) => ({ ...each, reads: 90, answeredMs: 90 * 150 }));
    const diagnosis = examine(line(meters, { link: 'down', closedMs: 2_700_000 }));
    expect(diagnosis).toMatchObject({ verdict: 'closed', cycleMs: undefined, parts: { closed: 2_700_000 } });
    expect(diagnosis.proposals).toMatchObject([
      { action: { kind: 'restoreLink' }, effect: { wonMsPerHour: 2_700_000 } },
    ]);
    expect(kinds(line([dead(1), dead(2)], { timeouts: 24 }))).toEqual(['checkBus']);
    // One meter alone: its silence and its bus's cannot be told apart.
    expect(kinds(line([dead(1)], { timeouts: 12 }))).toEqual(['repairMeters']);
  });

  test('that comes and goes is told with its time', () => {
    const facts = line(good(4), { reconnects: 20, closedMs: 60_000 });
    expect(examine(facts).verdict).toBe('lossy');
    expect(only(examine(facts).proposals, 'checkLink').effect.wonMsPerHour).toBe(60_000);
    expect(examine(line(good(4), { reconnects: 1 })).verdict).toBe('healthy');
    // However short each time was: what broke is told.
    expect(kinds(line(good(4), { reconnects: 20 }))).toEqual(['checkLink']);
  });
});

const ms = (max: number) => fc.double({ min: 0, max, noNaN: true });
const anyMeter = fc
  .record({
    livePollMs: fc.integer({ min: 1_000, max: 3_600_000 }),
    limitMs: ms(2_000),
    liveRequests: fc.integer({ min: 0, max: 5 }),
    reads: fc.nat(3_600),
    failures: fc.nat(500),
    overruns: fc.nat(500),
    damaged: fc.nat(300),
    answeredMs: ms(400_000),
    damagedMs: ms(50_000),
    lostMs: ms(200_000),
    consecutiveFailures: fc.nat(20),
    highestBaud: fc.constantFrom(undefined, 9_600, 19_200, 38_400),
    modelId: fc.constantFrom('a', 'b'),
  })
  .chain((change) =>
    ms(300_000).map((backoffMs) => ({
      ...change,
      backoffMs: change.consecutiveFailures === 0 ? undefined : backoffMs,
    })),
  );
const anyLine = fc
  .record({
    meters: fc.array(anyMeter, { maxLength: 40 }),
    observedMs: fc.integer({ min: 0, max: HOUR_MS }),
    closedMs: ms(HOUR_MS),
    pauseMs: ms(100_000),
    timeouts: fc.nat(500),
    lateReplies: fc.nat(20),
    reconnects: fc.nat(20),
    responseTimeoutMs: fc.integer({ min: 50, max: 30_000 }),
    turnaroundMs: fc.integer({ min: 0, max: 5_000 }),
    baud: fc.constantFrom(1_200 as const, 9_600 as const, 19_200 as const, 115_200 as const),
    link: fc.constantFrom('up' as const, 'down' as const, 'connecting' as const),
  })
  .map(({ meters, pauseMs, baud, ...change }) => {
    const facts = line(
      meters.map((each, index) => meter(index + 1, each)),
      { ...change, serial: { baud, parity: 'none', stopBits: 1 } },
    );
    return { ...facts, busyMs: facts.busyMs + pauseMs };
  });

describe('whatever a line did', () => {
  test('its time is told wholly: the parts add up, and those of the meters to those of the line', () => {
    fc.assert(
      fc.property(anyLine, (facts) => {
        const { parts, meters, observedMs } = examine(facts);
        expect(TIME_PARTS.reduce((sum, part) => sum + parts[part], 0)).toBe(observedMs);
        expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
        const sum = (of: (each: (typeof meters)[number]) => number) => meters.reduce((all, each) => all + of(each), 0);
        expect(sum(({ wireMs }) => wireMs)).toBe(parts.wire);
        expect(sum(({ replyMs }) => replyMs)).toBe(parts.reply);
        expect(sum(({ silenceMs }) => silenceMs)).toBe(parts.silence);
        expect(sum(({ damagedMs }) => damagedMs)).toBe(parts.damaged);
      }),
    );
  });

  test('no proposal makes it worse, every figure is one, and a healthy line is left alone', () => {
    fc.assert(
      fc.property(anyLine, (facts) => {
        const { verdict, proposals, cycleMs, cycleLimitMs } = examine(facts);
        expect(VERDICTS).toContain(verdict);
        if (verdict === 'healthy' || verdict === 'waiting') expect(proposals).toEqual([]);
        if (cycleMs !== undefined) expect(cycleMs).toBeGreaterThanOrEqual((cycleLimitMs ?? Number.NaN) - 1e-6);
        for (const { effect } of proposals) {
          expect(Number.isFinite(effect.wonMsPerHour + effect.loadBefore + effect.loadAfter)).toBe(true);
          expect(effect.wonMsPerHour).toBeGreaterThanOrEqual(0);
          expect(effect.wonReadsPerHour).toBeGreaterThanOrEqual(0);
          expect(effect.loadAfter).toBeLessThanOrEqual(effect.loadBefore);
          if (effect.cycleBeforeMs !== undefined) expect(effect.cycleAfterMs).toBeLessThanOrEqual(effect.cycleBeforeMs);
        }
        const ends = proposals.map(({ effect }) => effect.endsOverruns === true);
        expect(ends).toEqual(ends.toSorted((a, b) => Number(b) - Number(a)));
      }),
    );
  });
});

test('rounding keeps the sum', () => {
  fc.assert(
    fc.property(fc.array(ms(1_000_000), { minLength: 1, maxLength: 50 }), (parts) => {
      const total = Math.round(parts.reduce((sum, part) => sum + part, 0));
      const whole = wholeParts(parts, total);
      expect(whole.reduce((sum, part) => sum + part, 0)).toBe(total);
      const furthest = Math.max(...whole.map((part, index) => Math.abs(part - (parts[index] ?? 0))));
      expect(furthest).toBeLessThanOrEqual(1);
    }),
  );
  expect(wholeParts([], 0)).toEqual([]);
});
