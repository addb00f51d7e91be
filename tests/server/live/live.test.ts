import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Alarm,
  type ClientToServer,
  type CommandNewsGroup,
  decodeFrame,
  type JoinAnswer,
  LIVE_PATH,
  type LiveFrame,
  type MeterNow,
  type MeterSnapshot,
  type PropertySnapshot,
  type Pulse,
  type RoomName,
  type ServerToClient,
} from '#contract/index.ts';
import { unpackFacts } from '#domain/meterState.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

type Screen = Socket<ServerToClient, ClientToServer>;

let house: HouseServer;
const screens: Screen[] = [];

beforeAll(async () => {
  house = await startHouseServer();
});
afterAll(() => house.stop());
afterEach(() => {
  for (const screen of screens.splice(0)) screen.close();
});

function open(client: Client, headers: Record<string, string> = {}): Screen {
  const screen: Screen = io(house.server.url, {
    path: LIVE_PATH,
    transports: ['websocket'],
    reconnection: false,
    extraHeaders: { cookie: client.cookie, ...headers },
  });
  screens.push(screen);
  return screen;
}
async function connected(client: Client): Promise<Screen> {
  const screen = open(client);
  await new Promise<void>((resolve, reject) => {
    screen.once('connect', resolve);
    screen.once('connect_error', reject);
  });
  return screen;
}
const join = (screen: Screen, room: RoomName): Promise<JoinAnswer> =>
  new Promise((resolve) => screen.emit('join', room, resolve));
async function snapshotOf(screen: Screen, property: string): Promise<PropertySnapshot> {
  const answer = await join(screen, `property:${house.propertyId(property)}`);
  if (!answer.ok || !('frame' in answer.snapshot)) throw new Error(`no snapshot: ${JSON.stringify(answer)}`);
  return answer.snapshot;
}
const frameOf = (base64: string): LiveFrame => decodeFrame(Buffer.from(base64, 'base64'));
const idsOf = (base64: string): number[] => frameOf(base64).changes.map(({ meterId }) => meterId);
const meterIds = (...numbers: readonly string[]): number[] =>
  numbers.map((number) => house.meterId(number)).toSorted((a, b) => a - b);

describe('who may listen', () => {
  test('nobody without a session', async () => {
    const screen = open(house.server.nobody);
    const error = await new Promise<Error>((resolve) => screen.once('connect_error', resolve));
    expect(error.message).toBe('session.required');
  });

  test('no page of another origin', async () => {
    const screen = open(house.boss, { origin: 'https://evil.example' });
    await new Promise<Error>((resolve) => screen.once('connect_error', resolve));
    expect(screen.connected).toBe(false);
  });

  test('nobody to a property or a meter outside of their right', async () => {
    const screen = await connected(await house.userWith('operator', 'property', 'office'));
    expect(await join(screen, `property:${house.propertyId('mall')}`)).toEqual({
      ok: false,
      code: 'permission.missing',
    });
    expect(await join(screen, `meter:${house.meterId('a1')}`)).toEqual({ ok: false, code: 'not-found' });
    expect((await join(screen, `meter:${house.meterId('o1')}`)).ok).toBe(true);
    expect(idsOf((await snapshotOf(screen, 'office')).frame)).toEqual(meterIds('o1'));
  });

  test('nobody to a wall without the right to walls', async () => {
    const screen = await connected(await house.userWith('cashier', 'group'));
    expect(await join(screen, `property:${house.propertyId('mall')}`)).toMatchObject({ ok: false });
    expect((await join(screen, `meter:${house.meterId('a1')}`)).ok).toBe(true);
  });

  test('a building hears of its own meters only', async () => {
    const screen = await connected(await house.userWith('operator', 'building', 'B'));
    const frames: LiveFrame[] = [];
    const alarms: Alarm[] = [];
    screen.on('delta', (text) => frames.push(frameOf(text)));
    screen.on('alarm', (alarm) => alarms.push(alarm));
    expect(idsOf((await snapshotOf(screen, 'mall')).frame)).toEqual(meterIds('b1', 'b2'));
    const arrears = { status: { relay: 'open', forced: 'none', money: 'arrears' } } as const;
    house.take(house.reading('a1', arrears), house.reading('feeder'), house.reading('b1', arrears));
    await expect.poll(() => alarms.map(({ label }) => label?.en)).toEqual(['b1']);
    const heardOf = () => new Set(frames.flatMap(({ changes }) => changes.map(({ meterId }) => meterId)));
    await expect.poll(heardOf).toEqual(new Set(meterIds('b1')));
  });

  test('an alarm of the platform is told to those whose right covers the whole group', async () => {
    const heard: string[] = [];
    for (const [who, client] of [
      ['boss', house.boss],
      ['property', await house.userWith('operator', 'property', 'mall')],
      ['building', await house.userWith('operator', 'building', 'B')],
    ] as const) {
      const screen = await connected(client);
      await snapshotOf(screen, 'mall');
      screen.on('alarm', ({ kind }) => heard.push(`${who} ${kind}`));
    }
    const source = { kind: 'platform', id: 0 } as const;
    const raisedAt = new Date().toISOString();
    const alarm = {
      id: 1,
      kind: 'storeDown',
      severity: 2,
      state: 'unacknowledged',
      active: true,
      source,
      path: [],
      raisedAt,
      lastRaisedAt: raisedAt,
      occurrences: 1,
      childCount: 0,
    } as const;
    const { live } = house.server.app.measuring;
    live.alarmChanged({ ...alarm, path: [] }, undefined);
    // What comes after it on each wire shows that the others were not told before.
    live.alarmChanged(
      { ...alarm, path: [], kind: 'networkLost', propertyId: house.propertyId('mall') },
      { propertyId: house.propertyId('mall'), buildingId: house.placeId('B') },
    );
    await expect
      .poll(() => heard.toSorted())
      .toEqual(['boss networkLost', 'boss storeDown', 'building networkLost', 'property networkLost']);
  });

  test('whoever sends nonsense gets no room', async () => {
    const screen = await connected(house.boss);
    expect(await join(screen, 'property:x' as RoomName)).toEqual({ ok: false, code: 'request.invalid' });
    expect(await join(screen, 'property:999999')).toEqual({ ok: false, code: 'not-found' });
  });

  test('a session that ends takes its screens along at once', async () => {
    const leaver = await house.userWith('operator', 'property', 'mall');
    const screen = await connected(leaver);
    await snapshotOf(screen, 'mall');
    const gone = new Promise<string>((resolve) => screen.once('disconnect', resolve));
    await leaver.request('DELETE', '/api/session');
    expect(await gone).toBe('io server disconnect');
  });
});

describe('what is heard', () => {
  test('a snapshot, then deltas numbered without a gap that lead to the state', async () => {
    const screen = await connected(house.boss);
    const frames: LiveFrame[] = [];
    screen.on('delta', (text) => frames.push(frameOf(text)));
    house.take(house.reading('a1', { values: { activePowerW: 1_000 } }));
    const snapshot = await snapshotOf(screen, 'mall');
    expect(idsOf(snapshot.frame)).toEqual(meterIds('a1', 'a2', 'b1', 'b2', 'feeder'));
    for (const activePowerW of [2_000, 3_000, 4_000]) {
      house.take(house.reading('a1', { values: { activePowerW }, balanceMinor: BigInt(activePowerW) }));
      await expect
        .poll(() => frames.flatMap(({ changes }) => changes).findLast(({ meterId }) => meterId === house.meterId('a1')))
        .toMatchObject({ loadW: activePowerW, balanceMinor: BigInt(activePowerW) });
    }
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => snapshot.seq + 1 + index));
  });

  test('a state change is on the screen within a second', async () => {
    const screen = await connected(house.boss);
    await snapshotOf(screen, 'mall');
    const changed = new Promise<number>((resolve) => {
      screen.on('delta', (text) => {
        const change = frameOf(text).changes.find(({ meterId }) => meterId === house.meterId('a2'));
        const money = change?.packedFacts === undefined ? undefined : unpackFacts(change.packedFacts).facts.money;
        if (money === 'arrears') resolve(performance.now());
      });
    });
    const beganMs = performance.now();
    house.take(house.reading('a2', { status: { relay: 'open', forced: 'none', money: 'arrears' } }));
    expect((await changed) - beganMs).toBeLessThan(1_000);
  });

  test('after a gap a new snapshot has what was missed', async () => {
    const screen = await connected(house.boss);
    const first = await snapshotOf(screen, 'mall');
    screen.emit('leave', first.room);
    house.take(house.reading('b2', { values: { activePowerW: 77_000 } }));
    const other = await connected(house.boss);
    await snapshotOf(other, 'mall');
    const again = await snapshotOf(screen, 'mall');
    expect(again.epoch).toBe(first.epoch);
    expect(again.seq).toBeGreaterThan(first.seq);
    const b2 = frameOf(again.frame).changes.find(({ meterId }) => meterId === house.meterId('b2'));
    expect(b2?.loadW).toBe(77_000);
  });

  test('a pulse every two seconds proves that the server lives and says the number of the last delta', async () => {
    const screen = await connected(house.boss);
    const snapshot = await snapshotOf(screen, 'mall');
    expect(snapshot.pulse).toMatchObject({
      propertyId: house.propertyId('mall'),
      seq: snapshot.seq,
      gateways: 2,
      lines: 3,
    });
    const pulse = await new Promise<Pulse>((resolve) => screen.once('pulse', resolve));
    expect(pulse.epoch).toBe(snapshot.epoch);
    expect(pulse.seq).toBeGreaterThanOrEqual(snapshot.seq);
    expect(pulse.atMs - snapshot.atMs).toBeLessThan(3_000);
  });

  test('every value of a meter in its own room', async () => {
    const screen = await connected(house.boss);
    const answer = await join(screen, `meter:${house.meterId('a1')}`);
    expect(answer.ok && (answer.snapshot as MeterSnapshot).now.meterId).toBe(house.meterId('a1'));
    const heard = new Promise<MeterNow>((resolve) => screen.once('meter', resolve));
    house.take(house.reading('a1', { values: { voltageL1V: 231.7 }, balanceMinor: 900_719_925_474_099_100n }));
    expect(await heard).toMatchObject({ values: { voltageL1V: 231.7 }, balanceMinor: '900719925474099100' });
  });

  test('nothing more after leaving', async () => {
    const screen = await connected(house.boss);
    const room = (await snapshotOf(screen, 'mall')).room;
    const deltas: string[] = [];
    screen.on('delta', (text) => deltas.push(text));
    screen.emit('leave', room);
    const other = await connected(house.boss);
    await snapshotOf(other, 'mall');
    const seen = new Promise((resolve) => other.once('delta', resolve));
    house.take(house.reading('b1', { values: { activePowerW: Math.random() * 9_000 + 10_000 } }));
    await seen;
    expect(deltas).toEqual([]);
  });

  test('that the layout changed', async () => {
    const screen = await connected(house.boss);
    await snapshotOf(screen, 'office');
    const told = new Promise<number>((resolve) => screen.once('layout', resolve));
    const path = `/api/places/${house.placeId('C-101')}`;
    expect((await house.boss.request('PATCH', path, { names: { en: 'C-199' } })).status).toBe(200);
    expect(await told).toBe(house.propertyId('office'));
  });

  test('an acknowledged alarm, by everybody who sees it', async () => {
    const screen = await connected(house.boss);
    await snapshotOf(screen, 'office');
    const alarms: Alarm[] = [];
    screen.on('alarm', (alarm) => alarms.push(alarm));
    house.take(house.reading('o1', { status: { relay: 'closed', forced: 'none', money: 'alarm2' } }));
    await expect.poll(() => alarms.at(-1)?.kind).toBe('balanceLow2');
    await house.boss.request('POST', '/api/alarms/acknowledge', { ids: [alarms.at(-1)?.id] });
    await expect.poll(() => alarms.at(-1)?.acknowledgedBy).toBeDefined();
  });
});

test('commands of a property are told to its screens, and to nobody else’s', async () => {
  const { live } = house.server.app.measuring;
  const [mall, office] = [await connected(house.boss), await connected(house.boss)];
  await snapshotOf(mall, 'mall');
  await snapshotOf(office, 'office');
  const heard: CommandNewsGroup[] = [];
  mall.on('command', (groups) => heard.push(...groups));
  let strange = 0;
  office.on('command', () => {
    strange += 1;
  });
  const [meterId, propertyId] = [house.meterId('a1'), house.propertyId('mall')];
  const news = { commandId: 'c', meterId, propertyId, kind: 'trip', state: 'sent', why: [] } as const;
  live.commandsChanged([{ news, at: { propertyId, buildingId: undefined } }]);
  const { meterId: _one, ...common } = news;
  await expect.poll(() => heard, { timeout: 5_000 }).toEqual([{ ...common, meterIds: [meterId] }]);
  expect(strange).toBe(0);
});

const MISSED_MIN = 20;
test('a screen that does not read gets no history: it is left behind, then asks anew', {
  timeout: 60_000,
}, async () => {
  const { live } = house.server.app.measuring;
  const slow = await connected(house.boss);
  const { epoch } = await snapshotOf(slow, 'mall');
  await join(slow, `meter:${house.meterId('a1')}`);
  let heard = 0;
  slow.on('meter', () => {
    heard += 1;
  });
  // Messages of two megabytes fill the buffers of the system; what comes then waits in the server.
  const rejected = Array.from({ length: 30_000 }, () => ({ quantity: 'clock', raw: 0, reason: 'clock-off' }) as const);
  const ws: { pause(): void; resume(): void } = Reflect.get(slow.io.engine.transport, 'ws');
  ws.pause();
  const laggingBefore = live.figures().lagging;
  let sent = 0;
  const keepTalking = setInterval(() => {
    sent += 1;
    house.take(house.reading('a1', { rejected, values: { activePowerW: 1_000 * sent } }));
  }, 100);
  await expect.poll(() => live.figures().lagging, { timeout: 40_000 }).toBeGreaterThan(laggingBefore);
  const sentBehind = sent;
  await expect.poll(() => sent, { timeout: 10_000 }).toBeGreaterThan(sentBehind + MISSED_MIN);
  const { seq } = await snapshotOf(await connected(house.boss), 'mall');
  ws.resume();
  const pulse = await new Promise<Pulse>((resolve) => {
    slow.on('pulse', (next) => {
      if (next.seq > seq) resolve(next);
    });
  });
  clearInterval(keepTalking);
  expect(pulse.epoch).toBe(epoch);
  expect(sent - heard, 'what was said while it was behind never comes').toBeGreaterThanOrEqual(MISSED_MIN);
});
