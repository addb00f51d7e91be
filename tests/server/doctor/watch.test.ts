import { describe, expect, test } from 'vitest';
import { BASES_MAX, SAMPLES_MAX, WINDOW_MS } from '#server/modules/doctor/watch.ts';
import { meters } from '../../drivers/support/virtualLine.ts';
import { watchedLine } from './watchedLine.ts';

const MINUTE_MS = 60_000;
const steady = () => watchedLine({ meters: meters(4, { livePollMs: 10_000 }), replyMs: () => 30 });

describe('the window of a line', () => {
  test('is all there is at first, then the last hour; what went before is forgotten', () => {
    const { pass, window, watch } = steady();
    pass(10 * MINUTE_MS);
    expect(window().observedMs).toBe(10 * MINUTE_MS);
    pass(6 * WINDOW_MS);
    const { observedMs, line } = window();
    expect(observedMs).toBeLessThanOrEqual(WINDOW_MS);
    expect(observedMs).toBeGreaterThanOrEqual(WINDOW_MS - 10 * MINUTE_MS);
    // Four meters every ten seconds, and nothing of the hours before.
    expect(Math.abs(line.requests - (4 * observedMs) / 10_000)).toBeLessThan(10);
    expect(watch.points).toBeLessThanOrEqual(SAMPLES_MAX);
    expect(BASES_MAX).toBe(7);
  });

  test('counts for each meter what it counts for the line', () => {
    const { pass, window, line } = steady();
    pass(3 * WINDOW_MS + 7 * MINUTE_MS);
    const now = window();
    const each = line.health().meters.map((meter) => now.meter(meter));
    const inFlight = now.line.requests - each.reduce((sum, { reads }) => sum + reads, 0);
    expect([0, 1, -1]).toContain(inFlight);
    const spentMs = each.reduce((sum, { answeredMs, damagedMs, lostMs }) => sum + answeredMs + damagedMs + lostMs, 0);
    expect(spentMs).toBeCloseTo(now.line.busyMs, 3);
  });

  test('takes a meter that was added from its own beginning', () => {
    const { pass, window, line } = steady();
    pass(90 * MINUTE_MS);
    line.setMeters(meters(5, { livePollMs: 10_000 }));
    pass(2 * MINUTE_MS);
    const [first, , , , added] = line.health().meters.map((meter) => window().meter(meter).reads);
    expect(added).toBe(13);
    expect(first).toBeGreaterThan(300);
  });

  test('has the time in which the gateway was away, and only that', () => {
    const { pass, window, wire, diagnose } = steady();
    pass(10 * MINUTE_MS + 20_000);
    wire.accept = () => ({ afterMs: 1, refuse: 'connection refused' });
    wire.hangUp('the gateway closed the connection');
    pass(3 * MINUTE_MS);
    expect(window().closedMs).toBeCloseTo(3 * MINUTE_MS, -2);
    expect(diagnose()).toMatchObject({ verdict: 'closed', proposals: [{ action: { kind: 'restoreLink' } }] });
    wire.accept = () => ({ afterMs: 1 });
    pass(5 * MINUTE_MS);
    const { closedMs } = window();
    expect(closedMs).toBeGreaterThanOrEqual(3 * MINUTE_MS);
    expect(closedMs).toBeLessThan(3 * MINUTE_MS + 31_000);
    expect(diagnose()).toMatchObject({ verdict: 'healthy', parts: { closed: Math.round(closedMs) } });
  });

  test('is not stretched by a clock that is stepped', () => {
    const { pass, window, clock } = steady();
    pass(10 * MINUTE_MS);
    clock.setNow(clock.nowMs() + WINDOW_MS);
    pass(5 * MINUTE_MS);
    const { observedMs, closedMs } = window();
    expect(observedMs).toBe(15 * MINUTE_MS);
    // No more than the first connection took.
    expect(closedMs).toBeLessThanOrEqual(1);
  });

  test('begins anew with a line that was started again', () => {
    const { pass, watch, line, clock } = steady();
    pass(90 * MINUTE_MS);
    const before = line.health();
    const again = watchedLine({ meters: meters(4, { livePollMs: 10_000 }), replyMs: () => 30 });
    again.pass(2 * MINUTE_MS);
    const health = again.line.health();
    expect(health.requests).toBeLessThan(before.requests);
    const atMs = clock.monotonicMs() + 2 * MINUTE_MS;
    const look = { health, closed: false, atMs, startedMs: atMs - 2 * MINUTE_MS, linkSinceMs: atMs - 2 * MINUTE_MS };
    expect(watch.window(look)).toMatchObject({ observedMs: 2 * MINUTE_MS, line: { requests: health.requests } });
    expect(watch.points).toBe(1);
  });
});

test('the history has a point a minute, with the cycle of that minute', () => {
  const { pass, window, watch } = steady();
  pass(3 * WINDOW_MS);
  const { sinceMs } = window();
  const minutes = watch.minutes(sinceMs);
  expect(minutes.length).toBeGreaterThanOrEqual(50);
  expect(minutes.length).toBeLessThanOrEqual(60);
  for (const { cycleMs, utilisation, overruns } of minutes) {
    expect(cycleMs).toBeCloseTo(4 * 151.6, -1);
    expect(utilisation).toBeCloseTo((4 * 151.6) / 10_000, 2);
    expect(overruns).toBe(0);
  }
});
