import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommandOutcome, MeterCommand } from '#drivers/core/index.ts';
import { acrelAdl3000 } from '#drivers/models/acrelAdl3000.ts';
import { type Asked, answering, meters, type Responder, registersWith, virtualLine } from '../support/virtualLine.ts';

const PURCHASE: MeterCommand = { kind: 'purchase', amountMinor: 10_000n, count: 5 };
const TRIP: MeterCommand = { kind: 'relay', mode: 'forcedOpen' };
/** Polls that leave the line alone. */
const RARELY = { livePollMs: 3_600_000, registerPollMs: 3_600_000 };

/** The meter answers a write as function 16 would; vendor writes start below 0x0400 but the relay's at 0x0057. */
const says: Responder = (asked, encode) => [{ afterMs: 20, bytes: encode(replyTo(asked)) }];

function replyTo({ start, quantity, written, ordinal }: Asked): Parameters<Parameters<Responder>[1]>[0] {
  if (written === undefined) return { kind: 'read', function: 3, data: registersWith(start, quantity, ordinal) };
  if (start === 0x0057 || start >= 0x6000) return { kind: 'write', function: 16, start, quantity };
  return { kind: 'vendorWrite', function: 0x20, start, body: Uint8Array.of(0, quantity) };
}

function quietLine(kind: 'rtu-over-tcp' | 'modbus-tcp' = 'rtu-over-tcp') {
  const system = virtualLine({ kind, meters: meters(2, RARELY) });
  system.wire.respond = says;
  system.line.start();
  system.clock.advance(5_000);
  return { ...system, writes: () => system.wire.asked.filter(({ written }) => written !== undefined) };
}

/** Lets time pass and brings the outcome. */
async function within<T>({ clock }: Pick<ReturnType<typeof virtualLine>, 'clock'>, ms: number, outcome: Promise<T>) {
  clock.advance(ms);
  return outcome;
}

for (const kind of ['rtu-over-tcp', 'modbus-tcp'] as const) {
  describe(`a command on ${kind}`, () => {
    test('is one frame, and its reply is told', async () => {
      const system = quietLine(kind);
      expect(await within(system, 200, system.line.execute(1, PURCHASE))).toEqual({ sent: true, reply: 'accepted' });
      expect(await within(system, 200, system.line.execute(2, TRIP))).toEqual({ sent: true, reply: 'accepted' });
      expect(system.writes().map(({ unit, start, written }) => [unit, start, written])).toEqual([
        [1, 0x0100, [0, 10_000, 5, 0]],
        [2, 0x0057, [1, 1]],
      ]);
    });

    test('that is not answered was sent, once, and is never sent again', async () => {
      const system = quietLine(kind);
      system.wire.respond = (asked, encode) => (asked.written === undefined ? says(asked, encode) : []);
      for (const command of [PURCHASE, TRIP]) {
        const outcome = await within(system, 120_000, system.line.execute(1, command));
        expect(outcome).toMatchObject({ sent: true, reply: 'none', error: { kind: 'timeout' } });
      }
      expect(system.writes()).toHaveLength(2);
    });

    test('that is refused says why: by the meter, by Modbus; a gateway’s 0A and 0B and an 05 say nothing', async () => {
      const cases: readonly (readonly [number, object])[] = [
        [0x40, { sent: true, reply: 'refused', exceptionCode: 0x40, why: 'duplicate' }],
        [0x42, { sent: true, reply: 'refused', exceptionCode: 0x42, why: 'hoarding' }],
        [2, { sent: true, reply: 'refused', exceptionCode: 2, why: 'unsupported' }],
        [3, { sent: true, reply: 'refused', exceptionCode: 3, why: 'other' }],
        [5, { sent: true, reply: 'none', error: { kind: 'exception' } }],
        [10, { sent: true, reply: 'none', error: { kind: 'exception' } }],
        [11, { sent: true, reply: 'none', error: { kind: 'exception' } }],
      ];
      for (const [code, expected] of cases) {
        const system = quietLine(kind);
        system.wire.respond = (_asked, encode) => [
          { afterMs: 20, bytes: encode({ kind: 'exception', function: 0x20, code }) },
        ];
        expect(await within(system, 1_000, system.line.execute(1, PURCHASE))).toMatchObject(expected);
      }
    });

    test('cut off by the link may have been applied; one that still waited was not sent', async () => {
      const system = quietLine(kind);
      system.wire.respond = () => [];
      const flying = system.line.execute(1, PURCHASE);
      const waiting = system.line.execute(2, PURCHASE);
      system.clock.advance(10);
      system.wire.hangUp('cable');
      expect(await flying).toMatchObject({ sent: true, reply: 'none', error: { kind: 'link' } });
      expect(await waiting).toMatchObject({ sent: false, error: { kind: 'link' } });
      expect(system.writes()).toHaveLength(1);
    });
  });
}

describe('nothing was sent', () => {
  const nothing = async (system: ReturnType<typeof quietLine>, meterId: number, command: MeterCommand) => {
    const outcome = await within(system, 60_000, system.line.execute(meterId, command));
    expect(system.writes()).toEqual([]);
    return outcome;
  };

  test('while the gateway cannot be reached', async () => {
    const system = quietLine();
    system.wire.accept = () => ({ afterMs: 1, refuse: 'refused' });
    system.wire.hangUp('gone');
    system.clock.advance(3_000);
    expect(await nothing(system, 1, PURCHASE)).toMatchObject({ sent: false, error: { kind: 'link' } });
  });

  test('when the line was stopped, or knows no such meter, or the meter was taken off while it waited', async () => {
    const system = quietLine();
    expect(await nothing(system, 9, PURCHASE)).toMatchObject({ sent: false, error: { kind: 'cancelled' } });
    const busy = system.line.readNow(2, 'onDemand');
    const waiting = system.line.execute(1, PURCHASE);
    system.line.setMeters(meters(2, RARELY).slice(1));
    expect(await waiting).toMatchObject({ sent: false, error: { kind: 'cancelled' } });
    await system.line.stop();
    await busy;
    expect(await nothing(system, 2, PURCHASE)).toMatchObject({ sent: false, error: { message: /stopped/ } });
  });

  test('when more wait than a line takes', async () => {
    const system = quietLine();
    system.wire.respond = () => [];
    const outcomes = Array.from({ length: 70 }, () => system.line.execute(1, TRIP));
    await system.line.stop();
    const unsent = (await Promise.all(outcomes)).filter(({ sent }) => !sent);
    expect(unsent).toHaveLength(69);
    expect(unsent.filter((one) => !one.sent && one.error.message.includes('too many'))).toHaveLength(5);
  });

  test.each<[string, MeterCommand, RegExp]>([
    ['an amount beyond the register', { kind: 'purchase', amountMinor: 2n ** 32n, count: 1 }, /does not fit/],
    ['an amount below zero', { kind: 'purchase', amountMinor: -1n, count: 1 }, /does not fit/],
    ['a count beyond the register', { kind: 'purchase', amountMinor: 1n, count: 65_536 }, /does not fit/],
    ['one alarm without the other', { kind: 'settings', settings: { alarm1Minor: 1n } }, /written together/],
    ['no settings at all', { kind: 'settings', settings: {} }, /nothing to write/],
    ['the clock of a line whose zone is not known', { kind: 'clock', atMs: 0 }, /time zone/],
  ])('of %s', async (_name, command, message) => {
    expect(await nothing(quietLine(), 1, command)).toMatchObject({ sent: false, error: { message } });
  });

  test('to a meter that only measures', async () => {
    const system = virtualLine({ meters: meters(1, { ...RARELY, model: acrelAdl3000 }) });
    system.line.start();
    for (const command of [PURCHASE, TRIP])
      expect(await within(system, 1_000, system.line.execute(1, command))).toMatchObject({ sent: false });
  });
});

describe('the reply to a write', () => {
  test('that is late is settled by a probe before the next write of its kind, and the poll of others goes on', async () => {
    const system = quietLine();
    system.wire.respond = (asked, encode) =>
      asked.written?.[1] === 10_000 ? [{ afterMs: 810, bytes: encode(replyTo(asked)) }] : says(asked, encode);
    const first = await within(system, 800, system.line.execute(1, PURCHASE));
    expect(first).toMatchObject({ sent: true, reply: 'none' });
    const asked = system.wire.asked.length;
    const second = await within(system, 500, system.line.execute(1, { kind: 'purchase', amountMinor: 7n, count: 6 }));
    expect(second).toEqual({ sent: true, reply: 'accepted' });
    // The probe of two registers, then the write: the late reply came in between and was known for what it is.
    expect(system.wire.asked.slice(asked).map(({ quantity, written }) => [quantity, written === undefined])).toEqual([
      [2, true],
      [4, false],
    ]);
    expect(system.line.health().lateReplies).toBe(1);
  });

  test('is not waited for by a write whose probe is not answered: it is not sent', async () => {
    const system = quietLine();
    system.wire.respond = () => [];
    await within(system, 1_000, system.line.execute(1, PURCHASE));
    const outcome = await within(system, 1_000, system.line.execute(1, { ...PURCHASE, amountMinor: 7n }));
    expect(outcome).toMatchObject({ sent: false, error: { kind: 'timeout' } });
    expect(system.writes()).toHaveLength(1);
  });

  test('that repeats another purchase is that other’s', async () => {
    const system = quietLine();
    const repeated = Uint8Array.of(8, 0, 0, 0, 9, 0, 4, 0, 0);
    system.wire.respond = (asked, encode) =>
      asked.written === undefined
        ? says(asked, encode)
        : [{ afterMs: 20, bytes: encode({ kind: 'vendorWrite', function: 0x20, start: 0x0100, body: repeated }) }];
    const outcome = await within(system, 2_000, system.line.execute(1, PURCHASE));
    expect(outcome).toMatchObject({ sent: true, reply: 'none' });
  });

  test.each<[string, (asked: Asked) => Uint8Array]>([
    ['as long as that of function 16', () => Uint8Array.of(0, 4)],
    ['that repeats the data', () => Uint8Array.of(8, 0, 0, 0x27, 0x10, 0, 5, 0, 0)],
    ['of 15 bytes that nobody knows', () => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)],
  ])('is understood %s', async (_name, body) => {
    const system = quietLine();
    system.wire.respond = (asked, encode) => [
      { afterMs: 20, bytes: encode({ kind: 'vendorWrite', function: 0x20, start: 0x0100, body: body(asked) }) },
    ];
    expect(await within(system, 2_000, system.line.execute(1, PURCHASE))).toEqual({ sent: true, reply: 'accepted' });
  });

  for (const kind of ['rtu-over-tcp', 'modbus-tcp'] as const) {
    test(`${kind}: however late answers come, every outcome is that of its own write`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 6_000 })), {
            minLength: 5,
            maxLength: 40,
          }),
          fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 3, maxLength: 25 }),
          async (delays, gaps) => {
            const system = virtualLine({ kind, meters: meters(2) });
            let freeMs = 0;
            // One device after the other, each answer after its own delay; odd amounts are refused.
            system.wire.respond = (asked, encode) => {
              freeMs = Math.max(asked.atMs, freeMs) + (delays[asked.ordinal % delays.length] ?? 0);
              const refused = asked.written !== undefined && (asked.written[1] ?? 0) % 2 === 1;
              const reply = refused ? ({ kind: 'exception', function: 0x20, code: 3 } as const) : replyTo(asked);
              return [{ afterMs: freeMs - asked.atMs, bytes: encode(reply) }];
            };
            system.line.start();
            const outcomes = gaps.map((gap, index) => {
              system.clock.advance(gap);
              return system.line.execute(1, { kind: 'purchase', amountMinor: BigInt(index), count: 1 });
            });
            system.clock.advance(120_000);
            await system.line.stop();
            for (const [index, outcome] of (await Promise.all(outcomes)).entries()) expectOwn(outcome, index);
          },
        ),
        { numRuns: 60 },
      );
    });
  }
});

function expectOwn(outcome: CommandOutcome, amount: number): void {
  if (!outcome.sent || outcome.reply === 'none') return;
  expect(outcome.reply).toBe(amount % 2 === 1 ? 'refused' : 'accepted');
}

describe('a read-back', () => {
  test('goes before commands, commands before people', async () => {
    const { wire, clock, line } = quietLine();
    const before = wire.asked.length;
    const all = [
      // Holds the line while the others come.
      line.readNow(2, 'onDemand'),
      line.readNow(1, 'onDemand'),
      line.execute(1, TRIP),
      line.readNow(2, 'onDemand', 'readBack'),
    ];
    clock.advance(3_000);
    await Promise.all(all);
    const asked = wire.asked.slice(before).map(({ unit, written }) => [unit, written === undefined ? 'read' : 'write']);
    expect(asked).toEqual([
      [2, 'read'],
      [2, 'read'],
      [1, 'write'],
      [1, 'read'],
    ]);
  });

  test('asks again where an answer is lost; a poll does not', async () => {
    const system = quietLine();
    let lost = 2;
    system.wire.respond = (asked, encode) => (lost-- > 0 ? [] : answering(20)(asked, encode));
    const before = system.wire.asked.length;
    const outcome = await within(system, 5_000, system.line.readNow(1, 'onDemand', 'readBack'));
    expect(outcome.ok).toBe(true);
    expect(system.wire.asked.length - before).toBe(3);
    lost = 1;
    expect(await within(system, 5_000, system.line.readNow(1, 'onDemand'))).toMatchObject({ ok: false });
  });
});
