import { describe, expect, test } from 'vitest';
import { SILENT_REFRESH_MS } from '#drivers/bus/way.ts';
import { answering, meters, virtualLine } from '../support/virtualLine.ts';

describe('the link to a gateway', () => {
  test('is tried for ever, ever more slowly, and no meter is blamed', () => {
    const { wire, clock, line, failures, links } = virtualLine({ meters: meters(3) });
    wire.accept = () => ({ afterMs: 1, refuse: 'connection refused' });
    line.start();
    clock.advance(300_000);
    const waits = wire.attempts.slice(1).map((time, index) => Math.round(time - (wire.attempts[index] ?? 0)));
    expect(waits.slice(0, 8)).toEqual([501, 1_001, 2_001, 4_001, 8_001, 16_001, 30_001, 30_001]);
    expect(failures).toEqual([]);
    expect(links.every(({ up, reason }) => !up && reason === 'connection refused')).toBe(true);
    expect(line.health()).toMatchObject({ link: 'down', linkReason: 'connection refused', reconnects: 0 });
  });

  test('that has proved itself starts its back-off anew', () => {
    const { wire, clock, line, links } = virtualLine();
    wire.accept = () => ({ afterMs: 1, refuse: 'connection refused' });
    wire.respond = answering(20);
    line.start();
    clock.advance(60_000);
    wire.accept = () => ({ afterMs: 1 });
    clock.advance(60_000);
    expect(links.at(-1)?.up).toBe(true);
    wire.hangUp('closed by the gateway');
    const lostMs = clock.monotonicMs();
    clock.advance(10_000);
    expect(wire.attempts.find((time) => time > lostMs)).toBe(lostMs + 500);
  });

  test('jitter takes up to half of the wait, so that gateways do not come back together', () => {
    const { wire, clock, line } = virtualLine({ chance: () => 0.999 });
    wire.accept = () => ({ afterMs: 1, refuse: 'connection refused' });
    line.start();
    clock.advance(300_000);
    const waits = wire.attempts.slice(1).map((time, index) => time - (wire.attempts[index] ?? 0));
    expect(waits.at(-1)).toBeGreaterThan(15_000);
    expect(waits.at(-1)).toBeLessThan(15_100);
  });

  test('reads everybody at once when the gateway is back', () => {
    const { wire, clock, line, readings, links } = virtualLine({ meters: meters(5) });
    wire.respond = answering(20);
    line.start();
    clock.advance(15_000);
    wire.accept = () => ({ afterMs: 1, refuse: 'connection refused' });
    wire.hangUp('closed by the gateway');
    clock.advance(120_000);
    const before = readings.length;
    wire.accept = () => ({ afterMs: 1 });
    clock.advance(31_000);
    const upMs = links.findLast(({ up }) => up)?.toldMs ?? 0;
    const back = readings.slice(before).filter(({ toldMs }) => toldMs < upMs + 200);
    expect(new Set(back.map(({ meterId }) => meterId)).size).toBe(5);
    expect(line.health()).toMatchObject({ link: 'up', reconnects: 1, overruns: 0 });
  });

  test('a gateway that accepts and hangs up is no gateway: its back-off grows all the same', () => {
    const { wire, clock, line } = virtualLine();
    wire.respond = () => {
      clock.after(5, () => wire.hangUp('closed by the gateway'));
      return [];
    };
    line.start();
    clock.advance(120_000);
    expect(wire.attempts.length).toBeLessThan(12);
    expect(line.health().meters[0]).toMatchObject({ failures: 0 });
  });

  test('requests that wait when the gateway is lost are told so', async () => {
    const { wire, clock, line, ask } = virtualLine({ meters: meters(2) });
    line.start();
    clock.advance(10);
    const waiting = ask(2);
    wire.hangUp('power cut');
    expect(await waiting).toMatchObject({ ok: false, error: { kind: 'link', message: 'power cut' } });
    clock.advance(100);
    expect(await ask(1)).toMatchObject({ ok: false, error: { kind: 'link' } });
  });

  test('connected, but nobody answers: that is said, and now and then a fresh connection is tried', () => {
    const { wire, clock, line, links } = virtualLine({ meters: meters(3) });
    wire.respond = answering(20);
    line.start();
    clock.advance(20_000);
    wire.respond = () => [];
    clock.advance(15_000);
    expect(links.at(-1)).toMatchObject({ up: false, reason: 'connected, but nobody answers' });
    expect(line.health()).toMatchObject({ link: 'up', linkReason: 'connected, but nobody answers', quarantined: 3 });
    expect(wire.attempts).toHaveLength(1);
    clock.advance(4 * SILENT_REFRESH_MS);
    expect(wire.attempts.length).toBeGreaterThan(1);
    expect(wire.attempts.length).toBeLessThan(6);
    // A fresh connection in silence is no news; somebody who answers is.
    expect(links).toHaveLength(2);
    wire.respond = answering(20);
    clock.advance(300_000);
    expect(links.at(-1)).toMatchObject({ up: true, reason: 'somebody answers again' });
  });

  test('a gateway that answers 0B for every meter has a dead bus: its word is not the meters’', () => {
    const { wire, clock, line, links } = virtualLine({ kind: 'modbus-tcp', meters: meters(3) });
    wire.respond = (asked, encode) => [
      { afterMs: 800, bytes: encode({ kind: 'exception', function: 3, code: 11 }, asked.unit) },
    ];
    line.start();
    clock.advance(15_000);
    expect(links.at(-1)).toMatchObject({ up: false, reason: 'connected, but nobody answers' });
    const health = line.health();
    expect(health.meters.map(({ lastReplyMs }) => lastReplyMs)).toEqual([undefined, undefined, undefined]);
    expect(health.lostToSilenceMs).toBe(800 * health.exceptions);
    expect(health.meters.reduce((sum, { lostMs }) => sum + lostMs, 0)).toBe(health.lostToSilenceMs);
    expect(health.lateReplies).toBe(0);
    wire.respond = answering(20);
    clock.advance(30_000);
    expect(links.at(-1)).toMatchObject({ up: true, reason: 'somebody answers again' });
  });

  test('a meter that refuses has spoken: with the others silent the way to them is open', () => {
    const { wire, clock, line, failures, links } = virtualLine({ meters: meters(2) });
    wire.respond = (asked, encode) =>
      asked.unit === 1 ? [{ afterMs: 20, bytes: encode({ kind: 'exception', function: 3, code: 4 }) }] : [];
    line.start();
    clock.advance(300_000);
    expect(new Set(failures.map(({ meterId, kind }) => `${meterId} ${kind}`))).toEqual(
      new Set(['1 exception', '2 timeout']),
    );
    expect(links).toMatchObject([{ up: true, reason: 'connected' }]);
    expect(wire.attempts).toHaveLength(1);
  });

  test('a gateway with a single silent meter that hangs up now and then is there all the same', () => {
    const { wire, clock, line, links } = virtualLine();
    line.start();
    for (let times = 0; times < 3; times += 1) {
      clock.advance(20_000);
      wire.hangUp('closed by the gateway');
    }
    clock.advance(20_000);
    expect(links.map(({ up }) => up)).toEqual([true, false, true, false, true, false, true]);
  });

  test('a dead gateway behind a connection that never broke is found out', () => {
    const { wire, clock, line, links } = virtualLine();
    wire.respond = answering(20);
    line.start();
    clock.advance(20_000);
    // The cable is pulled: nothing comes back, not even a refusal.
    wire.respond = () => [];
    wire.accept = () => ({ afterMs: 5_000, refuse: 'no connection within 5000 ms' });
    clock.advance(200_000);
    expect(links.at(-1)).toMatchObject({ up: false, reason: 'no connection within 5000 ms' });
    expect(line.health().link).not.toBe('up');
  });

  test('Modbus TCP: a stream that cannot be understood is made anew', () => {
    const { wire, clock, line, readings } = virtualLine({ kind: 'modbus-tcp' });
    wire.respond = (asked, encode) =>
      asked.ordinal === 1 ? [{ afterMs: 5, bytes: new Uint8Array(20).fill(0xff) }] : answering(20)(asked, encode);
    line.start();
    clock.advance(5_000);
    expect(wire.attempts).toHaveLength(2);
    expect(readings.length).toBeGreaterThan(0);
  });

  test('stop leaves nothing behind: no timer, no word', async () => {
    const { wire, clock, line, readings, failures, links, ask } = virtualLine({ meters: meters(3) });
    wire.respond = answering(50);
    line.start();
    clock.advance(20);
    const waiting = ask(2);
    await line.stop();
    expect(await waiting).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    const told = [readings.length, failures.length, links.length, wire.asked.length];
    clock.advance(100_000);
    expect([readings.length, failures.length, links.length, wire.asked.length]).toEqual(told);
    expect(await ask(1)).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
  });
});
