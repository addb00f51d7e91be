import { repeat } from '../repeat.ts';
import { TelemetryAwayError } from './awayError.ts';
import { TelemetryWriter, type TelemetryWriterDeps } from './telemetryWriter.ts';
import type { Telemetry } from './types.ts';

const KEEP_EVERY_MS = 1_000;
const DRAIN_EVERY_MS = 500;
const ROLL_EVERY_MS = 60_000;

/** The port in front of a store: readings are never waited for, and wait themselves while the store is away. */
export function createTelemetry(deps: TelemetryWriterDeps): Telemetry {
  const { store, spool, clock, log } = deps;
  const writer = new TelemetryWriter(deps);
  const keeping = repeat(clock, {
    everyMs: KEEP_EVERY_MS,
    work: () => writer.keep(),
    failed: (error) => log.error('telemetry could not be handed on', { error }),
  });
  const draining = repeat(clock, {
    everyMs: DRAIN_EVERY_MS,
    work: () => writer.drain(),
    failed(error) {
      // A store that is away is logged where it is noticed; what is left is the disk.
      if (writer.trouble === undefined) log.error('what waits on disk could not be read', { error });
    },
  });
  const rolling = repeat(clock, {
    everyMs: ROLL_EVERY_MS,
    work: () => store.rollUp(),
    failed(error) {
      if (writer.trouble === undefined) log.warn('telemetry was not rolled up', { reason: error.message });
    },
  });
  const waiting = (): number => spool?.figures().records ?? 0;
  async function flush(): Promise<void> {
    writer.forgive();
    await keeping.runNow();
    for (let before = Number.POSITIVE_INFINITY; waiting() > 0 && waiting() < before; ) {
      before = waiting();
      await draining.runNow();
    }
    if (writer.trouble !== undefined) throw writer.trouble;
  }
  /** A question that failed for a reason that is known by now needs no trace of its own. */
  async function asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw writer.trouble === undefined ? error : new TelemetryAwayError(error);
    }
  }

  return {
    write: (points) => writer.push({ points, records: [] }),
    keepsRecords: store.keepsRecords,
    note(records) {
      if (store.keepsRecords) writer.push({ points: [], records });
    },
    trend: (query) => asked(store.trend(query)),
    trends: (query) => asked(store.trends(query)),
    load: (query) => asked(store.load(query)),
    usualPeaksW: (sinceMs) => asked(store.usualPeaksW(sinceMs)),
    isEmpty: () => store.isEmpty(),
    flush,
    async settle() {
      await flush();
      await rolling.runNow();
    },
    figures: () => writer.figures(),
    async close() {
      await keeping.stop();
      await writer.keep();
      const stopped = Promise.all([draining.stop(), rolling.stop()]);
      await store.close();
      await stopped;
      await spool?.close();
      const { queued } = writer.figures();
      if (queued > 0) log.error('telemetry was lost at the stop', { reason: writer.trouble?.message, points: queued });
    },
  };
}
