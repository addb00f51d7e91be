// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Gateway, LineHealthDto, MeterInput, Place } from '#contract/index.ts';
import { groupByFloor } from '../../../web/features/alarms/childGroups.ts';
import { addressState, answeringSince, cycleVerdict, gatewayLink } from '../../../web/features/gateways/lineFigures.ts';
import { loadAllGateways } from '../../../web/features/gateways/loadAll.ts';
import { placePath, placeTree } from '../../../web/features/gateways/placeTree.ts';
import { SEND_PARALLEL, sendMeters } from '../../../web/features/gateways/sendMeters.ts';

type MeterHealth = LineHealthDto['meters'][number];
const T0 = Date.parse('2026-11-22T12:00:00Z');
const meter = (unitAddress: number, change: Partial<MeterHealth> = {}): MeterHealth => ({
  meterId: unitAddress,
  unitAddress,
  reads: 0,
  failures: 0,
  consecutiveFailures: 0,
  ...change,
});
const health = (change: Partial<LineHealthDto>): LineHealthDto => ({
  lineId: 1,
  gatewayId: 1,
  name: '1',
  gatewayCode: 'GW',
  serial: '9600 8N1',
  link: 'up',
  linkReason: '',
  cycleLimitMs: 4_000,
  requests: 0,
  replies: 0,
  timeouts: 0,
  crcErrors: 0,
  frameErrors: 0,
  exceptions: 0,
  lateReplies: 0,
  reconnects: 0,
  overruns: 0,
  queueDepth: 0,
  lostToSilenceMs: 0,
  quarantined: 0,
  meters: [],
  ...change,
});

test('a meter answers only when it replied after it was saved', () => {
  const meters = [
    meter(1, { lastReply: '2026-11-22T12:00:03Z' }),
    meter(2, { lastReply: '2026-11-22T11:59:00Z' }),
    meter(3),
  ];
  expect(answeringSince([health({ meters })], T0)).toEqual({ answering: 1, total: 3, silent: [2, 3] });
});

test('a gateway is only up when every line is, and says when only some are', () => {
  const links = (...all: readonly ('up' | 'down' | 'connecting' | 'stopped')[]): Gateway => ({
    id: 1,
    propertyId: 1,
    code: 'G',
    simulated: false,
    enabled: true,
    version: 1,
    createdAt: '2026-11-22T00:00:00Z',
    lines: all.map((link, index) => ({
      id: index + 1,
      gatewayId: 1,
      name: '',
      transport: { kind: 'serial', path: '/dev/x' },
      serial: { baud: 9600, parity: 'none', stopBits: 1 },
      responseTimeoutMs: 1,
      turnaroundMs: 0,
      meterCount: 0,
      link,
    })),
  });
  expect(gatewayLink(links('up', 'up'))).toBe('up');
  expect(gatewayLink(links('up', 'down'))).toBe('partly');
  expect(gatewayLink(links('down', 'connecting'))).toBe('connecting');
  expect(gatewayLink(links('down', 'down'))).toBe('down');
  expect(gatewayLink({ ...links('up'), enabled: false })).toBe('stopped');
});

test('an overrun weighs more than a slow cycle; without a round nothing is claimed', () => {
  expect(cycleVerdict(health({}))).toBe('unknown');
  expect(cycleVerdict(health({ cycleMs: 4_100 }))).toBe('good');
  expect(cycleVerdict(health({ cycleMs: 6_100 }))).toBe('slow');
  // Ten answers of the usual 60 ms explain it.
  const answering = Array.from({ length: 10 }, (_, index) => meter(index + 1));
  expect(cycleVerdict(health({ cycleMs: 6_100, meters: answering }))).toBe('good');
  expect(cycleVerdict(health({ cycleMs: 4_100, overruns: 1 }))).toBe('overrun');
});

test('an address that was never read is not said to answer', () => {
  expect(addressState(meter(1), T0)).toBe('waiting');
  expect(addressState(meter(1, { reads: 5 }), T0)).toBe('answers');
  expect(addressState(meter(1, { reads: 5, consecutiveFailures: 1 }), T0)).toBe('failing');
  expect(addressState(meter(1, { consecutiveFailures: 3, backoffUntil: '2026-11-22T12:00:30Z' }), T0)).toBe(
    'quarantined',
  );
  expect(addressState(meter(1, { consecutiveFailures: 3, backoffUntil: '2026-11-22T11:59:30Z' }), T0)).toBe('failing');
});

describe('many meters are sent', () => {
  const input = (unitAddress: number): MeterInput => ({
    placeId: 1,
    modelId: 'x',
    unitAddress,
    meterNumber: `A${unitAddress}`,
    role: 'tenant',
  });

  test('a few at a time; a refusal stops nobody else and keeps its reason', async () => {
    let running = 0;
    let most = 0;
    const progress: number[] = [];
    const outcome = await sendMeters([1, 2, 3, 4, 5, 6, 7].map(input), {
      send: async ({ unitAddress }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve));
        running -= 1;
        if (unitAddress === 3) throw new Error('address 3 is taken');
      },
      reason: (error) => (error instanceof Error ? error.message : ''),
      onProgress: (done) => progress.push(done),
    });
    expect(most).toBe(SEND_PARALLEL);
    expect([...outcome.added].sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 7]);
    expect([...outcome.refused]).toEqual([[3, 'address 3 is taken']]);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

test('a list is followed to its last page', async () => {
  const asked: (string | undefined)[] = [];
  const all = await loadAllGateways(({ cursor }) => {
    asked.push(cursor);
    return Promise.resolve(
      cursor === 'b' ? { items: [] } : { items: [], nextCursor: cursor === undefined ? 'a' : 'b' },
    );
  });
  expect(asked).toEqual([undefined, 'a', 'b']);
  expect(all).toEqual([]);
});

describe('places', () => {
  const place = (id: number, kind: Place['kind'], parentId?: number, position = id): Place => ({
    id,
    kind,
    propertyId: 1,
    position,
    names: { en: `P${id}` },
    ...(parentId !== undefined && { parentId }),
  });
  const places = [
    place(1, 'property'),
    place(2, 'building', 1),
    place(4, 'floor', 2, 2),
    place(3, 'floor', 2, 1),
    place(5, 'room', 99),
  ];

  test('siblings stand in their order, and a place whose parent cannot be seen stands at the top', () => {
    const tree = placeTree(places);
    expect(tree.map((node) => node.place.id)).toEqual([1, 5]);
    expect(tree[0]?.children[0]?.children.map((node) => node.place.id)).toEqual([3, 4]);
  });

  test('a path that turns in a circle ends', () => {
    const circle = new Map([place(1, 'room', 2), place(2, 'room', 1)].map((one) => [one.id, one]));
    expect(placePath(1, circle).map(({ id }) => id)).toEqual([2, 1]);
  });

  test('the meters of a lost line stand by floor, the top floor first', () => {
    const byId = new Map(places.map((one) => [one.id, one]));
    const at = (id: number, placeId: number) => ({
      id,
      placeId,
      propertyId: 1,
      lineId: 1,
      gatewayId: 1,
      modelId: 'x',
      unitAddress: id,
      meterNumber: `A${id}`,
      role: 'tenant' as const,
      ctRatio: 1,
      ptRatio: 1,
      version: 1,
      createdAt: '2026-11-22T00:00:00Z',
    });
    const groups = groupByFloor([at(1, 3), at(2, 4), at(3, 2)], (placeId) => placePath(placeId, byId));
    expect(groups.map(({ placeId, meters }) => [placeId, meters.map((one) => one.meter.id)])).toEqual([
      [4, [2]],
      [2, [3]],
      [3, [1]],
    ]);
  });
});
