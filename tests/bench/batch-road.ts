import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { getBatch, getMoneyPolicy, giveBatch, listMeters, putMoneyPolicy } from '#contract/index.ts';
import type { Api } from '../scenarios/support/api.ts';
import type { Bench } from './support/bench.ts';
import { wireFrameMs, wireReadMs } from './support/lineReads.ts';
import { startSystem } from './support/system.ts';
import { enterWirePlant, startWirePlant, WIRE_THINK_MS } from './support/wirePlant.ts';

const LINES = 320;
const METERS_A_LINE = 32;
const COMMANDS = 10_000;
/** The polls of the wall go on meanwhile, as often as by default. */
const LIVE_POLL_MS = 10_000;
const WARM_UP_MS = 15_000;
/** Nobody asks before it can be through: asking costs the database, and screens follow the feed. */
const LOOK_FROM_SHARE = 0.95;
const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 120_000;

/** Function 16 with two registers and its answer, then the status read back. */
const COMMAND_MS = wireFrameMs(13) + WIRE_THINK_MS + wireFrameMs(8) + wireReadMs();

export const bench: Bench = {
  name: 'batch-road',
  what: '10,000 relay commands as one batch over the API: guard, rows, claims, writes, read-backs and outcomes in Postgres, polls going on; from the request to the last stored outcome, against the arithmetic of the wire for the longest line',
  unit: 's',
  aim: { of: 'ratio', most: 1.15 },
  async run(say) {
    const plant = await startWirePlant(LINES * METERS_A_LINE);
    const system = await startSystem('batch-road');
    try {
      const propertyId = await enterWirePlant(system.api, plant, LIVE_POLL_MS);
      await letBatchesRun(system.api, propertyId);
      const meters = await metersOf(system.api, propertyId);
      say(`${meters.length} meters entered, warming up`);
      await sleep(WARM_UP_MS);

      const chosen = meters.slice(0, COMMANDS);
      const perLine = Math.max(
        ...[...Map.groupBy(chosen, ({ lineId }) => lineId).values()].map(({ length }) => length),
      );
      const batchId = randomUUID();
      const cpuBefore = system.cpuSeconds();
      const startedMs = performance.now();
      const meterIds = chosen.map(({ id }) => id);
      const body = { batchId, meterIds, order: { kind: 'trip' as const }, reason: 'bench' };
      const given = await system.api.call(giveBatch, { body });
      const givenMs = performance.now() - startedMs;
      const limit = (perLine * COMMAND_MS) / 1_000;
      await sleep(startedMs + limit * 1_000 * LOOK_FROM_SHARE - performance.now());
      const counts = await finished(system.api, given.id, startedMs);
      const value = (performance.now() - startedMs) / 1_000;
      const cpu = system.cpuSeconds() - cpuBefore;
      if (counts.verified !== COMMANDS) throw new Error(`not all were verified: ${JSON.stringify(counts)}`);
      return {
        ...{ value, limit, ratio: value / limit },
        notes: {
          'accepting the batch, ms': Math.round(givenMs),
          'processor of the server, s': cpu.toFixed(2),
          'commands of the longest line': perLine,
        },
      };
    } finally {
      await system.stop();
      await plant.stop();
    }
  },
};

/** So many meters would need a second person; that is somebody else's bench. */
async function letBatchesRun(api: Api, propertyId: number): Promise<void> {
  const params = { propertyId };
  const { propertyId: _own, ...policy } = await api.call(getMoneyPolicy, { params });
  await api.call(putMoneyPolicy, { params, body: { ...policy, batchSecondPersonMeters: 100_000 } });
}

async function metersOf(api: Api, propertyId: number) {
  const meters: { id: number; lineId: number }[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await api.call(listMeters, { query: { propertyId, limit: 1_000, ...(cursor && { cursor }) } });
    meters.push(...page.items);
    if (page.nextCursor === undefined) return meters;
    cursor = page.nextCursor;
  }
}

async function finished(api: Api, batchId: string, startedMs: number) {
  for (;;) {
    const batch = await api.call(getBatch, { params: { batchId } });
    if (batch.finished || performance.now() - startedMs > GIVE_UP_MS) return batch.counts;
    await sleep(LOOK_EVERY_MS);
  }
}
