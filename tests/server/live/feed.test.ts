import { describe, expect, test } from 'vitest';
import { COMMAND_NEWS_MAX, type CommandState, decodeFrame, type MeterChange } from '#contract/index.ts';
import { packFacts } from '#domain/meterState.ts';
import { WAITING_NEWS_MAX } from '#server/platform/live/commandNews.ts';
import { Feed } from '#server/platform/live/feed.ts';
import type { FeedPart, LiveMeter, LiveSource, PlacedCommand } from '#server/platform/live/index.ts';
import { parseRoom, partWithin } from '#server/platform/live/rooms.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const WHOLE: FeedPart = { propertyId: 1, buildingIds: undefined };

const facts = (link: LiveMeter['link']): number =>
  packFacts({ money: 'normal', link, relay: 'closed', protection: 'none' }, 0);
const meter = (meterId: number, change: Partial<LiveMeter> = {}): LiveMeter => ({
  meterId,
  buildingId: 10,
  packedFacts: facts('online'),
  link: 'online',
  loadW: 5_000,
  balanceMinor: 100n,
  heardMs: NOW - 3_000,
  ...change,
});

/** A feed over meters that the test changes. */
function feedOver(meters: Map<number, LiveMeter>, part: FeedPart = WHOLE): Feed {
  const figures = {
    ...{ loadW: 0, oldestReadingMs: 0, gatewaysUp: 0, gateways: 0, lines: 0 },
    ...{ unacknowledgedAlarms: 0, commandsInFlight: 0, readingsPerSecond: 0 },
  };
  const source: LiveSource = {
    meters: () => [...meters.values()].toSorted((a, b) => a.meterId - b.meterId),
    pulse: () => figures,
    buildingIds: () => [10, 20],
    meterAt: () => undefined,
    meterNow: () => undefined,
  };
  return new Feed({ part, source, epoch: 'e', release: 'r' });
}
const changesOf = (base64: string | undefined): readonly MeterChange[] | undefined =>
  base64 === undefined ? undefined : decodeFrame(Buffer.from(base64, 'base64')).changes;

describe('a delta', () => {
  test('has the changed fields of the changed meters only, once each, in the order of ids', () => {
    const feed = feedOver(new Map([3, 1, 2].map((id) => [id, meter(id)])));
    feed.touch(meter(3, { loadW: 6_000 }));
    feed.touch(meter(3, { loadW: 7_000 }));
    feed.touch(meter(1, { balanceMinor: 99n }));
    feed.touch(meter(2));
    expect(changesOf(feed.flush(NOW))).toEqual([
      { meterId: 1, balanceMinor: 99n },
      { meterId: 3, loadW: 7_000 },
    ]);
    expect(feed.flush(NOW)).toBeUndefined();
  });

  test('says when a meter was heard for the first time, whatever else stayed as it was', () => {
    const feed = feedOver(new Map([[1, meter(1, { heardMs: undefined })]]));
    feed.touch(meter(1));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, heardAgoS: 3 }]);
    feed.touch(meter(1, { heardMs: NOW }));
    expect(feed.flush(NOW)).toBeUndefined();
  });

  test('says when a meter was last heard only when its link changed', () => {
    const feed = feedOver(new Map([[1, meter(1)]]));
    feed.touch(meter(1, { packedFacts: facts('lost'), link: 'lost', heardMs: NOW - 70_000 }));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, packedFacts: facts('lost'), heardAgoS: 70 }]);
  });

  test('tells absent from zero', () => {
    const feed = feedOver(new Map([[1, meter(1)]]));
    feed.touch(meter(1, { loadW: 0, balanceMinor: undefined }));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, loadW: 0, balanceMinor: null }]);
    feed.touch(meter(1, { loadW: undefined, balanceMinor: undefined }));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, loadW: null }]);
  });

  test('leaves out a load that only trembles, and sends small steps once they add up', () => {
    const feed = feedOver(new Map([[1, meter(1, { loadW: 5_000 })]]));
    for (const loadW of [5_020, 5_040, 4_960]) {
      feed.touch(meter(1, { loadW }));
      expect(feed.flush(NOW)).toBeUndefined();
    }
    feed.touch(meter(1, { loadW: 5_050 }));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, loadW: 5_050 }]);
    const small = feedOver(new Map([[1, meter(1, { loadW: 100 })]]));
    small.touch(meter(1, { loadW: 109 }));
    expect(small.flush(NOW)).toBeUndefined();
    small.touch(meter(1, { loadW: 110 }));
    expect(changesOf(small.flush(NOW))).toEqual([{ meterId: 1, loadW: 110 }]);
  });

  test('with another field does not make small steps of the load forgotten', () => {
    const feed = feedOver(new Map([[1, meter(1, { loadW: 5_000 })]]));
    feed.touch(meter(1, { loadW: 5_040, balanceMinor: 99n }));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, balanceMinor: 99n }]);
    feed.touch(meter(1, { loadW: 5_080, balanceMinor: 99n }));
    expect(changesOf(feed.flush(NOW))).toEqual([{ meterId: 1, loadW: 5_080 }]);
  });

  test('of a meter that came new has every field', () => {
    const feed = feedOver(new Map());
    feed.touch(meter(9));
    expect(changesOf(feed.flush(NOW))).toEqual([
      { meterId: 9, packedFacts: facts('online'), loadW: 5_000, balanceMinor: 100n, heardAgoS: 3 },
    ]);
  });

  test('numbers go up by one and only when something is sent', () => {
    const feed = feedOver(new Map([[1, meter(1)]]));
    feed.flush(NOW);
    expect(feed.pulse(NOW).seq).toBe(0);
    feed.touch(meter(1, { loadW: 1 }));
    feed.flush(NOW);
    expect(feed.pulse(NOW).seq).toBe(1);
    expect(feed.snapshot(NOW).seq).toBe(1);
  });
});

test('a feed of some buildings never carries a meter of another', () => {
  const feed = feedOver(new Map(), { propertyId: 1, buildingIds: [20] });
  feed.touch(meter(1, { buildingId: 10 }));
  feed.touch(meter(2, { buildingId: 20 }));
  feed.touch(meter(3, { buildingId: undefined }));
  expect(changesOf(feed.flush(NOW))?.map(({ meterId }) => meterId)).toEqual([2]);
});

test('snapshot and deltas together are the state, whenever a screen joins', () => {
  const meters = new Map(Array.from({ length: 20 }, (_, index) => [index + 1, meter(index + 1)]));
  const feed = feedOver(meters);
  let random = 12_345;
  const chance = (below: number): number => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    return random % below;
  };
  const screens: Map<number, MeterChange>[] = [];
  const apply = (screen: Map<number, MeterChange>, changes: readonly MeterChange[]): void => {
    for (const change of changes) {
      const known = Object.entries(change).filter(([, value]) => value !== undefined);
      screen.set(change.meterId, { ...screen.get(change.meterId), ...(Object.fromEntries(known) as MeterChange) });
    }
  };
  for (let step = 0; step < 400; step++) {
    const id = 1 + chance(20);
    const link = chance(4) === 0 ? 'lost' : 'online';
    const changed = meter(id, {
      packedFacts: facts(link),
      link,
      loadW: 100 * chance(90),
      balanceMinor: BigInt(chance(5)),
    });
    meters.set(id, changed);
    feed.touch(changed);
    if (chance(3) > 0) continue;
    const delta = changesOf(feed.flush(NOW)) ?? [];
    for (const screen of screens) apply(screen, delta);
    if (chance(10) > 0) continue;
    const screen = new Map<number, MeterChange>();
    apply(screen, changesOf(feed.snapshot(NOW).frame) ?? []);
    screens.push(screen);
  }
  const last = changesOf(feed.flush(NOW)) ?? [];
  expect(screens.length).toBeGreaterThan(5);
  for (const screen of screens) {
    apply(screen, last);
    for (const { meterId, packedFacts, loadW, balanceMinor } of meters.values()) {
      expect(screen.get(meterId)).toMatchObject({ packedFacts, balanceMinor });
      expect(Math.abs((screen.get(meterId)?.loadW ?? 0) - (loadW ?? 0))).toBeLessThanOrEqual(90);
    }
  }
});

describe('rooms', () => {
  test.each([
    'property:0',
    'property:',
    'property:1x',
    'meter:-1',
    'feed:1',
    'PROPERTY:1',
    '',
    7,
    null,
    { toString: () => 'meter:1' },
  ])('%o is none', (name) => expect(parseRoom(name)).toBeUndefined());

  test.each([
    [
      { all: true, propertyIds: [], buildingIds: [] },
      { propertyId: 1, buildingIds: undefined },
    ],
    [
      { all: false, propertyIds: [1], buildingIds: [20] },
      { propertyId: 1, buildingIds: undefined },
    ],
    [{ all: false, propertyIds: [2], buildingIds: [] }, undefined],
    [
      { all: false, propertyIds: [], buildingIds: [30, 20] },
      { propertyId: 1, buildingIds: [20, 30] },
    ],
    [{ all: false, propertyIds: [], buildingIds: [99] }, undefined],
    [{ all: false, propertyIds: [], buildingIds: [] }, undefined],
  ])('a right of %o sees %o of a property with the buildings 20 and 30', (scope, part) => {
    expect(partWithin(scope, 1, [30, 20])).toEqual(part);
  });
});

describe('news of commands', () => {
  const batchId = 'b';
  const command = (meterId: number, state: CommandState, more: { buildingId?: number; batchId?: string } = {}) => {
    const { buildingId = 10, ...named } = more;
    const news = { commandId: `c${meterId}`, meterId, propertyId: 1, kind: 'trip' as const, state, why: [], ...named };
    return { news, at: { propertyId: 1, buildingId } } satisfies PlacedCommand;
  };
  const common = { propertyId: 1, kind: 'trip', why: [] };

  test('go together: each command once, in its latest state, those of a batch with their equals', () => {
    const feed = feedOver(new Map());
    feed.touchCommand(command(1, 'queued', { batchId }));
    feed.touchCommand(command(2, 'sent', { batchId }));
    feed.touchCommand(command(3, 'sent'));
    feed.touchCommand(command(1, 'sent', { batchId }));
    feed.touchCommand(command(4, 'verified', { batchId }));
    expect(feed.takeCommands()).toEqual([
      { ...common, batchId, state: 'sent', meterIds: [1, 2] },
      { ...common, commandId: 'c3', state: 'sent', meterIds: [3] },
      { ...common, batchId, state: 'verified', meterIds: [4] },
    ]);
    expect(feed.takeCommands()).toEqual([]);
  });

  test('are numbered by the delta that follows, so that whoever missed them finds a gap', () => {
    const feed = feedOver(new Map([[1, meter(1)]]));
    feed.touchCommand(command(1, 'sent'));
    feed.takeCommands();
    expect(changesOf(feed.flush(NOW))).toEqual([]);
    expect(feed.pulse(NOW).seq).toBe(1);
    expect(feed.flush(NOW)).toBeUndefined();
  });

  test('of another building stay away', () => {
    const feed = feedOver(new Map(), { propertyId: 1, buildingIds: [20] });
    feed.touchCommand(command(1, 'sent'));
    feed.touchCommand(command(2, 'sent', { buildingId: 20 }));
    expect(feed.takeCommands().flatMap(({ meterIds }) => meterIds)).toEqual([2]);
  });

  test('of thousands go in turns, and what changes meanwhile goes as it is then', () => {
    const feed = feedOver(new Map());
    const meterIds = Array.from({ length: COMMAND_NEWS_MAX + 10 }, (_, index) => index + 1);
    for (const meterId of meterIds) feed.touchCommand(command(meterId, 'queued', { batchId }));
    expect(feed.takeCommands().flatMap((group) => group.meterIds)).toEqual(meterIds.slice(0, COMMAND_NEWS_MAX));
    expect(feed.commandsWait).toBe(true);
    for (const meterId of meterIds.slice(-10)) feed.touchCommand(command(meterId, 'verified', { batchId }));
    expect(feed.takeCommands()).toEqual([{ ...common, batchId, state: 'verified', meterIds: meterIds.slice(-10) }]);
    expect(feed.commandsWait).toBe(false);
  });

  test('that are too many are given up, and every screen asks anew', () => {
    const feed = feedOver(new Map());
    for (let id = 0; id <= WAITING_NEWS_MAX; id += 1) feed.touchCommand(command(id, 'queued', { batchId }));
    expect(feed.takeCommands()).toEqual([]);
    expect(feed.pulse(NOW).seq).toBe(1);
  });
});
