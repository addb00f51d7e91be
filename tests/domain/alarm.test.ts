import { describe, expect, test } from 'vitest';
import {
  ALARM_RULES,
  type AlarmRule,
  type GatewayPath,
  goingTogether,
  lostCauses,
  networkRule,
  type Observation,
  observeMeterLost,
  observeMoney,
  observeNetwork,
  observeOverload,
  observeRelay,
  observeSpool,
  QUIET_TRACK,
  stepTrack,
} from '#domain/alarm.ts';
import type { MeterState } from '#domain/evaluate.ts';

/** Runs looks of [second, observation] and tells when what happened: "raise@60". */
function run(rule: AlarmRule, looks: readonly (readonly [number, Observation])[]): string[] {
  const told: string[] = [];
  let track = QUIET_TRACK;
  for (const [second, observation] of looks) {
    const step = stepTrack(track, observation, rule, second * 1_000);
    track = step.track;
    if (step.action !== 'none') told.push(`${step.action}@${second}`);
  }
  return told;
}

describe('overload', () => {
  test('is raised after a minute above the limit and cleared after a minute below 95 %', () => {
    const looks: [number, Observation][] = [];
    for (let second = 0; second <= 70; second += 10) looks.push([second, 'holds']);
    for (let second = 80; second <= 150; second += 10) looks.push([second, 'gone']);
    expect(run(ALARM_RULES.overload, looks)).toEqual(['raise@60', 'clear@140']);
  });

  test('an interruption starts the minute again', () => {
    expect(
      run(ALARM_RULES.overload, [
        [0, 'holds'],
        [50, 'holds'],
        [55, 'between'],
        [60, 'holds'],
        [110, 'holds'],
        [120, 'holds'],
      ]),
    ).toEqual(['raise@120']);
  });

  test('a load that hovers around the limit raises one alarm', () => {
    const looks = Array.from({ length: 200 }, (_, look): [number, Observation] => [
      look * 10,
      observeOverload(look % 2 === 0 || look < 10 ? 1_010 : 980, 1_000, undefined),
    ]);
    expect(run(ALARM_RULES.overload, looks)).toEqual(['raise@60']);
  });

  test.each([
    [1_001, 1_000, undefined, 'holds'],
    [1_000, 1_000, undefined, 'between'],
    [950, 1_000, undefined, 'between'],
    [949, 1_000, undefined, 'gone'],
    [undefined, 1_000, undefined, 'between'],
    [99_999, undefined, false, 'gone'],
    [10, 1_000, true, 'holds'],
  ] as const)('%s W of %s W, own bit %s: %s', (loadW, limitW, own, observation) => {
    expect(observeOverload(loadW, limitW, own)).toBe(observation);
  });
});

test.each(['balanceLow1', 'balanceLow2', 'arrears'] as const)(
  '%s is believed at once and cleared only after three readings without it',
  (kind) => {
    expect(
      run(ALARM_RULES[kind], [
        [0, 'holds'],
        [10, 'gone'],
        [20, 'gone'],
        [30, 'holds'],
        [40, 'gone'],
        [50, 'gone'],
        [60, 'gone'],
      ]),
    ).toEqual(['raise@0', 'clear@60']);
  },
);

test('a lost meter is cleared when it was online for fifteen seconds', () => {
  expect(
    run(ALARM_RULES.meterLost, [
      [0, 'holds'],
      [30, 'gone'],
      [40, 'between'],
      [50, 'gone'],
      [64, 'gone'],
      [65, 'gone'],
    ]),
  ).toEqual(['raise@0', 'clear@65']);
});

test('a gateway that is back within ten seconds raises nothing', () => {
  expect(
    run(ALARM_RULES.gatewayLost, [
      [0, 'holds'],
      [9, 'holds'],
      [9.5, 'gone'],
      [15, 'holds'],
      [25, 'holds'],
    ]),
  ).toEqual(['raise@25']);
});

const state = (change: {
  readonly link?: MeterState['facts']['link'];
  readonly cause?: MeterState['lostCause'];
  readonly money?: MeterState['facts']['money'];
  readonly relay?: MeterState['facts']['relay'];
}): MeterState => ({
  facts: {
    money: change.money ?? 'normal',
    link: change.link ?? 'online',
    relay: change.relay ?? 'closed',
    protection: 'none',
  },
  since: { money: 0, link: 0, relay: 0, protection: 0 },
  marks: 0,
  lostCause: change.cause,
  dueMs: 0,
});

test.each([
  [{ link: 'online' }, 'gone'],
  [{ link: 'late' }, 'between'],
  [{ link: 'lost', cause: 'meter' }, 'holds'],
  [{ link: 'lost', cause: 'path' }, 'between'],
  [{ link: 'lost', cause: 'stopped' }, 'between'],
] as const)('contact of %o with the meter itself: %s', (change, observation) => {
  expect(observeMeterLost(state(change))).toBe(observation);
});

test('the balance alarms exclude each other', () => {
  const kinds = ['alarm1', 'alarm2', 'arrears'] as const;
  for (const money of kinds) {
    expect(kinds.filter((kind) => observeMoney(state({ money }), kind) === 'holds')).toEqual([money]);
  }
});

test('a relay that cannot be read does not disagree', () => {
  expect(observeRelay(state({ relay: 'unknown' }))).toBe('gone');
  expect(observeRelay(state({ relay: 'disagrees' }))).toBe('holds');
});

describe('root cause', () => {
  const line = (lineId: number, gatewayId: number, down: boolean) => ({ lineId, gatewayId, down });
  test.each([
    ['nothing is down', [line(1, 1, false), line(2, 1, false)], [], []],
    ['one of two lines', [line(1, 1, true), line(2, 1, false)], [], [1]],
    ['all lines of a gateway', [line(1, 1, true), line(2, 1, true), line(3, 2, false)], [1], []],
    ['the only line of a gateway', [line(1, 1, true)], [1], []],
    ['a gateway and a line of another', [line(1, 1, true), line(2, 2, true), line(3, 2, false)], [1], [2]],
  ])('%s', (_name, lines, gatewayIds, lineIds) => {
    const causes = lostCauses(lines);
    expect([...causes.gatewayIds]).toEqual(gatewayIds);
    expect([...causes.lineIds]).toEqual(lineIds);
  });
});

describe('the network of a property', () => {
  const gateways = (down: number, up: number, sinceMs = 0): readonly GatewayPath[] =>
    Array.from({ length: down + up }, (_, index) => ({ gatewayId: index, propertyId: 1, down: index < down, sinceMs }));

  test.each([
    ['no gateway at all', 0, 0, 'gone'],
    ['both of two', 2, 0, 'gone'],
    ['all of three', 3, 0, 'holds'],
    ['two of three', 2, 1, 'gone'],
    ['eight of nine', 8, 1, 'gone'],
    ['nine of ten', 9, 1, 'holds'],
    ['287 of 320', 287, 33, 'gone'],
    ['288 of 320', 288, 32, 'holds'],
  ] as const)('%s', (_what, down, up, observation) => {
    expect(observeNetwork(gateways(down, up))).toBe(observation);
  });

  test('is back at once when all are, and after a minute when some are not', () => {
    expect(networkRule(gateways(0, 5), ALARM_RULES).clearAfterMs).toBe(ALARM_RULES.gatewayLost.clearAfterMs);
    expect(networkRule(gateways(1, 4), ALARM_RULES).clearAfterMs).toBe(60_000);
  });

  test('gateways that go with others wait for more to follow, at most a minute', () => {
    expect(goingTogether(gateways(2, 8, 100_000), 100_000).size).toBe(0);
    expect(goingTogether(gateways(3, 7, 100_000), 100_000).size).toBe(3);
    expect(goingTogether(gateways(3, 7, 100_000), 120_000).size).toBe(0);
    const [old, ...young] = gateways(4, 6, 100_000);
    if (old === undefined) throw new Error('no gateway');
    expect([...goingTogether([{ ...old, sinceMs: 45_000 }, ...young], 100_000)]).toContain(0);
    expect([...goingTogether([{ ...old, sinceMs: 40_000 }, ...young], 100_000)]).not.toContain(0);
  });
});

test.each([
  [{ bytes: 90, dropped: 0 }, 0, 'between'],
  [{ bytes: 91, dropped: 0 }, 0, 'holds'],
  [{ bytes: 80, dropped: 0 }, 0, 'between'],
  [{ bytes: 79, dropped: 0 }, 0, 'gone'],
  [{ bytes: 0, dropped: 5 }, 5, 'gone'],
  [{ bytes: 0, dropped: 5 }, 4, 'holds'],
] as const)('a spool of 100 bytes with %o, %i dropped before: %s', (level, before, observation) => {
  expect(observeSpool({ ...level, maxBytes: 100 }, before)).toBe(observation);
});
