import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '#domain/busDoctor.ts';
import { perHour } from '#domain/busFacts.ts';
import type { Action, ActionKind } from '#domain/busProposals.ts';
import { meters } from '../../drivers/support/virtualLine.ts';
import { afterHours, type WatchedOptions } from './watchedLine.ts';

/**
 * What is proposed is done, on a line in virtual time whose wire takes its time, and what was computed is compared
 * with what then is measured.
 */
const CLOSE = 0.02;

function proposal<K extends ActionKind>({ proposals }: Diagnosis, kind: K) {
  for (const { action, effect } of proposals) if (isOf(action, kind)) return { action, effect };
  throw new Error(`no ${kind} among ${proposals.map(({ action }) => action.kind).join(', ')}`);
}
function isOf<K extends ActionKind>(action: Action, kind: K): action is Extract<Action, { kind: K }> {
  return action.kind === kind;
}
function expectClose(measured: number | undefined, computed: number | undefined): void {
  expect(measured).toBeGreaterThan((computed ?? Number.NaN) * (1 - CLOSE));
  expect(measured).toBeLessThan((computed ?? Number.NaN) * (1 + CLOSE));
}
const busyPerHour = ({ parts, observedMs }: Diagnosis) =>
  perHour(observedMs - parts.idle - parts.closed, { observedMs });

const steady: WatchedOptions = { meters: meters(16, { livePollMs: 10_000 }), replyMs: () => 30 };
/** Nothing in it grows with time: half an hour says what two would. */
const SOON_HOURS = 0.5;
const tooMuch: WatchedOptions = { meters: meters(32, { livePollMs: 3_000 }), replyMs: () => 30 };
const twoDead: WatchedOptions = { ...steady, replyMs: (unit) => (unit === 3 || unit === 9 ? undefined : 30) };

test('a sound line is healthy, and its figures are those of the wire', () => {
  const diagnosis = afterHours(steady);
  expect(diagnosis).toMatchObject({ verdict: 'healthy', proposals: [], overruns: 0, answering: 16 });
  expectClose((diagnosis.cycleMs ?? 0) - (diagnosis.cycleLimitMs ?? 0), 16 * 30);
  expectClose(diagnosis.load, diagnosis.utilisation);
});

describe('what was computed comes true', () => {
  test('a shorter deadline', () => {
    const before = afterHours(twoDead);
    expect(before).toMatchObject({ verdict: 'dead', dead: 2 });
    const { action, effect } = proposal(before, 'lowerTimeout');
    const after = afterHours({ ...twoDead, config: { responseTimeoutMs: action.toMs } });
    expectClose(busyPerHour(before) - busyPerHour(after), effect.wonMsPerHour);
    expectClose(after.cycleMs, effect.cycleAfterMs);
    expect(after.answering).toBe(14);
  });

  test('dead meters disabled', () => {
    const before = afterHours(twoDead);
    const { effect } = proposal(before, 'repairMeters');
    const alive = twoDead.meters.filter(({ unitAddress }) => twoDead.replyMs(unitAddress) !== undefined);
    const after = afterHours({ ...twoDead, meters: alive });
    expectClose(busyPerHour(before) - busyPerHour(after), effect.wonMsPerHour);
    expectClose(after.cycleMs, effect.cycleAfterMs);
    expect(after.verdict).toBe('healthy');
  });

  test('another baud', () => {
    const before = afterHours(tooMuch, SOON_HOURS);
    expect(before.verdict).toBe('overrun');
    const { action, effect } = proposal(before, 'raiseBaud');
    const serial = { baud: action.toBaud as 19_200, parity: 'none', stopBits: 1 } as const;
    const after = afterHours({ ...tooMuch, config: { serial } }, SOON_HOURS);
    expectClose(after.cycleMs, effect.cycleAfterMs);
    expectClose(after.load, effect.loadAfter);
  });

  test('a longer poll: no overruns, and the line is as busy as was said', () => {
    const { action, effect } = proposal(afterHours(tooMuch, SOON_HOURS), 'lengthenPoll');
    const after = afterHours({ ...tooMuch, meters: meters(32, { livePollMs: action.toMs }) }, SOON_HOURS);
    expect(after).toMatchObject({ verdict: 'healthy', overruns: 0 });
    expectClose(after.utilisation, effect.loadAfter);
    expect(effect.endsOverruns).toBe(true);
    // And it is the shortest: one second less leaves no room.
    const shorter = afterHours({ ...tooMuch, meters: meters(32, { livePollMs: action.toMs - 1_000 }) }, SOON_HOURS);
    expect(shorter.utilisation).toBeGreaterThan(0.9);
  });

  test('two lines of one', () => {
    const { action, effect } = proposal(afterHours(tooMuch, SOON_HOURS), 'splitLine');
    const halves = [
      tooMuch.meters.filter(({ unitAddress }) => unitAddress <= action.afterUnitAddress),
      tooMuch.meters.filter(({ unitAddress }) => unitAddress > action.afterUnitAddress),
    ].map((half) => afterHours({ ...tooMuch, meters: half }, SOON_HOURS));
    expect(halves.map(({ meters: half }) => half.length)).toEqual(action.meters);
    expect(halves.map(({ overruns }) => overruns)).toEqual([0, 0]);
    expectClose(Math.max(...halves.map(({ cycleMs = 0 }) => cycleMs)), effect.cycleAfterMs);
    expectClose(Math.max(...halves.map(({ utilisation }) => utilisation)), effect.loadAfter);
  });

  test('less turnaround', () => {
    const patient = { ...tooMuch, meters: meters(16, { livePollMs: 6_000 }), config: { turnaroundMs: 300 } };
    const { action, effect } = proposal(afterHours(patient, SOON_HOURS), 'reduceTurnaround');
    const after = afterHours({ ...patient, config: { turnaroundMs: action.toMs } }, SOON_HOURS);
    expectClose(after.cycleMs, effect.cycleAfterMs);
    expectClose(after.utilisation, effect.loadAfter);
    expect([effect.endsOverruns, after.overruns]).toEqual([true, 0]);
  });

  test('a meter whose terminals were tightened', () => {
    const damaged = { ...steady, damaged: (unit: number, ordinal: number) => unit === 5 && ordinal % 3 === 0 };
    const before = afterHours(damaged);
    expect(before.verdict).toBe('lossy');
    const { action, effect } = proposal(before, 'checkMeterWiring');
    expect(action.unitAddress).toBe(5);
    const after = afterHours(steady);
    expectClose(after.cycleMs, effect.cycleAfterMs);
    expect(after.verdict).toBe('healthy');
  });

  test('a slow meter brought to what its likes take', () => {
    const { action, effect } = proposal(
      afterHours({ ...steady, replyMs: (unit) => (unit === 7 ? 500 : 30) }),
      'slowMeter',
    );
    expect(action.unitAddress).toBe(7);
    const after = afterHours(steady);
    expectClose(after.cycleMs, effect.cycleAfterMs);
  });

  test('answers that come after the deadline are seen when it is longer', () => {
    const late = { ...steady, config: { responseTimeoutMs: 200 }, replyMs: (unit: number) => (unit === 2 ? 320 : 30) };
    const before = afterHours(late);
    const { action } = proposal(before, 'raiseTimeout');
    const after = afterHours({ ...late, config: { responseTimeoutMs: action.toMs } });
    expect([before.answering, after.answering]).toEqual([15, 16]);
  });
});
