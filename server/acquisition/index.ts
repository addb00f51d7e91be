import type { Line, TimerHandle } from '#drivers/core/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { HouseClock } from '#server/platform/houseClock.ts';
import type { Log } from '#server/platform/log.ts';
import type { Metrics } from '#server/platform/metricsFigures.ts';
import { addAcquisitionFigures, CommandFigures } from './figures.ts';
import { IngestQueue } from './ingestQueue.ts';
import { Lines } from './lines.ts';
import type { IngestPipeline, LineDesk, LineFactory, LinePathState } from './types.ts';

export type { IngestBatch, IngestPipeline, LineDesk, LineNews, LinePathState, MeterNews } from './types.ts';

/** One tick = one batch through the pipeline. */
export const INGEST_TICK_MS = 100;
const SWEEP_EVERY_MS = 1_000;
/** How often the lines are asked how long a round takes them. */
const CYCLES_EVERY_MS = 10_000;

export interface AcquisitionDeps {
  readonly estate: EstateReader;
  readonly createLine: LineFactory;
  readonly pipeline: IngestPipeline;
  readonly clock: HouseClock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Acquisition extends LineDesk {
  /** Starts every line of the estate. The estate must have been loaded. */
  start(): void;
  /** Stops the lines; what they said until then has been through the pipeline when it resolves. */
  stop(): Promise<void>;
  /** News of meters that wait for the next tick. */
  queued(): number;
}

/** Runs the drivers and carries what they say, tick by tick, through the pipeline. */
export function createAcquisition(deps: AcquisitionDeps): Acquisition {
  const { clock, pipeline, log } = deps;
  const queue = new IngestQueue();
  const paths = new Map<number, LinePathState>();
  const lines = new Lines({
    estate: deps.estate,
    createLine: deps.createLine,
    sink: queue,
    told: (news) => queue.line(news),
    nowMs: () => clock.nowMs(),
    log,
  });
  const commands = new CommandFigures();
  const observeTick = addAcquisitionFigures(deps.metrics, queue, lines, commands, clock);
  let timer: TimerHandle | undefined;
  let sweptMs = Number.NEGATIVE_INFINITY;
  let cyclesAtMs = Number.NEGATIVE_INFINITY;
  let cyclesMs: ReadonlyMap<number, number> = new Map();

  function tick(): void {
    const startedMs = clock.monotonicMs();
    const batch = queue.take();
    for (const news of batch.lines) paths.set(news.lineId, news.path);
    // A reading that nobody foresaw must not end the acquisition of all others.
    try {
      pipeline.take(batch, clock.nowMs());
      followClock();
      if (startedMs - sweptMs >= SWEEP_EVERY_MS) sweep(startedMs);
    } catch (error) {
      log.error('a batch was not taken', { error, meters: batch.meters.length });
    }
    if (batch.meters.length > 0) observeTick((clock.monotonicMs() - startedMs) / 1_000);
  }
  /** Only now, when all that was stamped before the step has been taken. */
  function followClock(): void {
    const byMs = clock.follow();
    if (byMs === 0) return;
    log.warn('the clock was stepped', { byMs });
    pipeline.clockStepped(byMs);
  }
  function sweep(startedMs: number): void {
    sweptMs = startedMs;
    if (startedMs - cyclesAtMs >= CYCLES_EVERY_MS) {
      cyclesAtMs = startedMs;
      cyclesMs = new Map([...lines.all()].map((line) => [line.config.lineId, line.cycleMs ?? 0]));
    }
    pipeline.sweep(clock.nowMs(), cyclesMs);
  }
  /** What the line of a meter says; the readings that came with it have been through the pipeline by then. */
  async function asked<T>(meterId: number, question: (line: Line) => Promise<T>): Promise<T | undefined> {
    const lineId = deps.estate.meter(meterId)?.meter.lineId;
    const line = lineId === undefined ? undefined : lines.get(lineId);
    if (line === undefined) return undefined;
    const outcome = await question(line);
    tick();
    return outcome;
  }
  function cycle(): void {
    tick();
    timer = clock.after(INGEST_TICK_MS, cycle);
  }

  return {
    start() {
      lines.start();
      cycle();
    },
    async stop() {
      await lines.stop();
      timer?.cancel();
      tick();
    },
    queued: () => queue.figures.depth,
    health: (lineId) => lines.get(lineId)?.health(),
    path: (lineId) => (lines.get(lineId) === undefined ? 'stopped' : (paths.get(lineId) ?? 'connecting')),
    readNow: (meterId) => asked(meterId, (line) => line.readNow(meterId, 'onDemand')),
    readBack: (meterId) => asked(meterId, (line) => line.readNow(meterId, 'onDemand', 'readBack')),
    async execute(meterId, command) {
      const outcome = await asked(meterId, (line) => line.execute(meterId, command));
      commands.add(outcome);
      return outcome;
    },
    readPurse: (meterId) => asked(meterId, (line) => line.readPurse(meterId)),
  };
}
