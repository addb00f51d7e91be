import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Alarm } from '#contract/index.ts';
import { MeterNews, newsTopics, ServerNews } from '#contract/news.ts';
import { systemClock } from '#drivers/core/index.ts';
import { createNews, type News } from '#server/news.ts';
import { type Broker, startBroker } from '#server/platform/broker/broker.ts';
import { silentLog } from '#server/platform/log.ts';
import { createMetrics } from '#server/platform/metrics.ts';
import { until } from '../scenarios/support/until.ts';
import { HOUSE_MANIFEST, type House, openHouse } from '../support/house.ts';
import { type Listener, listenAt } from '../support/mosquitto.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const PATIENCE_MS = 10_000;
const TOPICS = newsTopics('site/east');
const METERS = ['a1', 'a2', 'b1', 'b2', 'feeder', 'o1'];

let folder: string;
let database: TestDatabase;
let house: House;
let broker: Broker;
let listener: Listener;
let news: News;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterwall-news-'));
  database = await createTestDatabase();
  house = await openHouse(database);
  broker = await startBroker({ passwordFile: join(folder, 'password'), log: silentLog });
  listener = await listenAt(broker.url, 'site/east/#');
  news = await startNews();
});
afterEach(async () => {
  await news.stop();
  await listener.close();
  await broker.stop();
  await house.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function startNews(): Promise<News> {
  const { estate, metering, alarms } = house;
  const started = createNews({
    url: broker.url,
    prefix: 'site/east',
    release: '1.2.3',
    estate,
    metering,
    alarms,
    clock: systemClock,
    chance: Math.random,
    log: silentLog,
    metrics: createMetrics(),
  });
  await started.start();
  return started;
}

const topicOf = (number: string) => TOPICS.meter(house.propertyId(number === 'o1' ? 'office' : 'mall'), number);
const parse = (topic: string): unknown => JSON.parse(listener.held.get(topic) ?? 'null');
const heldMeters = () => [...listener.held.keys()].filter((topic) => topic.includes('/meters/')).toSorted();
const heldAlarms = () => [...listener.held.keys()].filter((topic) => topic.includes('/alarms/')).toSorted();

/** Waits until the news of a meter are what memory says. */
function current(number: string): Promise<MeterNews> {
  return until(
    () => `the news of ${number}: ${listener.held.get(topicOf(number))}`,
    PATIENCE_MS,
    () => {
      const told = parse(topicOf(number)) as MeterNews | null;
      const now = house.metering.meterNow(house.meterId(number));
      return (
        told !== null && JSON.stringify([told.facts, told.since]) === JSON.stringify([now?.facts, now?.since]) && told
      );
    },
  );
}

const arrears = (number: string) =>
  house.take(house.reading(number, { status: { relay: 'open', forced: 'none', money: 'arrears' } }));

test('every meter has its topic, within its property, in the shape of the contract', async () => {
  await until('all are there', PATIENCE_MS, () => heldMeters().length === METERS.length);
  expect(heldMeters()).toEqual(METERS.map(topicOf).toSorted());
  const good = Compile(MeterNews);
  for (const topic of heldMeters()) expect([...good.Errors(parse(topic))], `at ${topic}`).toEqual([]);
  expect(parse(topicOf('a1'))).toMatchObject({
    meterNumber: 'a1',
    state: 'notOpened',
    marks: [],
    path: [{ en: 'mall', zh: 'mall项目' }, { en: 'A' }, { en: '1F' }, { en: 'A-101' }],
  });
  expect([...Compile(ServerNews).Errors(parse(TOPICS.server))]).toEqual([]);
  expect(parse(TOPICS.server)).toMatchObject({ state: 'online', release: '1.2.3' });
  await news.stop();
  await until('goodbye', PATIENCE_MS, () => (parse(TOPICS.server) as ServerNews).state === 'offline');
  expect(parse(TOPICS.server)).toEqual({ state: 'offline', reason: 'stopped' });
});

test('a state is told when it changes, with its marks; readings that change nothing are not', async () => {
  await until('all are there', PATIENCE_MS, () => heldMeters().length === METERS.length);
  house.take(...METERS.map((number) => house.reading(number)));
  arrears('a1');
  house.take(house.reading('a2', { values: { activePowerW: 6_000 } }));
  await house.settle();
  expect(await current('a1')).toMatchObject({ state: 'arrears', facts: { relay: 'open' } });
  await until('the marks', PATIENCE_MS, () => {
    const marksOf = (number: string) => (parse(topicOf(number)) as MeterNews).marks.join();
    return marksOf('a1') === 'unacknowledgedAlarm' && marksOf('a2').includes('overload');
  });
  for (const number of METERS) await current(number);
  const before = listener.messages.length;
  for (let time = 0; time < 50; time += 1) {
    house.clock.advance(1_000);
    house.take(...METERS.filter((number) => number !== 'a1' && number !== 'a2').map((number) => house.reading(number)));
  }
  arrears('o1');
  expect((await current('o1')).state).toBe('arrears');
  const told = listener.messages.slice(before).map(({ topic }) => topic);
  expect(told.filter((topic) => topic.includes('/meters/') && topic !== topicOf('o1'))).toEqual([]);
});

test('an alarm stands there while it is open or nobody has acknowledged it', async () => {
  arrears('a1');
  await house.settle();
  const [topic = ''] = await until('the alarm', PATIENCE_MS, () => heldAlarms().length === 1 && heldAlarms());
  expect(topic).toMatch(new RegExp(`^site/east/properties/${house.propertyId('mall')}/alarms/\\d+$`));
  expect([...Compile(Alarm).Errors(parse(topic))]).toEqual([]);
  expect(parse(topic)).toMatchObject({ kind: 'arrears', state: 'unacknowledged', label: { en: 'a1' } });
  for (let time = 0; time < 3; time += 1) house.take(house.reading('a1'));
  await house.settle();
  await until('it has returned', PATIENCE_MS, () => (parse(topic) as Alarm).state === 'returned');

  // A start takes over what is in the database.
  await news.stop();
  const late = await listenAt(broker.url, 'site/east/#');
  news = await startNews();
  await until('we are back', PATIENCE_MS, () => (parse(TOPICS.server) as ServerNews).state === 'online');
  expect(heldAlarms()).toEqual([topic]);
  await late.close();
});

test('an alarm that went while nobody could tell is taken away at the next start', async () => {
  const invented = TOPICS.alarm(house.propertyId('mall'), 4711);
  await news.stop();
  await listener.client.publishAsync(invented, '{"id":4711}', { qos: 1, retain: true });
  await until('it is held', PATIENCE_MS, () => heldAlarms().length === 1);
  news = await startNews();
  await until('it is gone', PATIENCE_MS, () => heldAlarms().length === 0);
  expect(heldMeters()).toHaveLength(METERS.length);
});

test('follows the estate: another number, no meter any more', async () => {
  await until('all are there', PATIENCE_MS, () => heldMeters().length === METERS.length);
  await house.estate.importPlant({
    ...HOUSE_MANIFEST,
    gateways: HOUSE_MANIFEST.gateways
      .filter(({ code }) => code !== 'GW-3')
      .map((gateway) => ({
        ...gateway,
        lines: gateway.lines.map((line) => ({
          ...line,
          meters: line.meters.map((meter) => (meter.meterNumber === 'b2' ? { ...meter, meterNumber: 'b/2' } : meter)),
        })),
      })),
  });
  house.take();
  const propertyId = house.propertyId('mall');
  const wanted = ['a1', 'a2', 'b1', 'b/2', 'feeder'].map((number) => TOPICS.meter(propertyId, number)).toSorted();
  expect(wanted).toContain(`site/east/properties/${propertyId}/meters/b%2F2`);
  await until(
    () => `the topics are those of the meters: ${heldMeters().join()}, wanted ${wanted.join()}`,
    PATIENCE_MS,
    () => heldMeters().join() === wanted.join(),
  );
});

test('a stepped clock moves along what holds since when', async () => {
  house.take(...METERS.map((number) => house.reading(number)));
  const before = await current('a1');
  house.metering.pipeline.clockStepped(3_600_000);
  const after = await current('a1');
  expect(Date.parse(after.since.link)).toBe(Date.parse(before.since.link) + 3_600_000);
});
