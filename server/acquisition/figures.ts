import type { Clock, CommandOutcome, LineHealth } from '#drivers/core/index.ts';
import { addDurations, addFigures, type Figure, type Metrics } from '#server/platform/metricsFigures.ts';
import type { IngestQueue } from './ingestQueue.ts';
import type { Lines } from './lines.ts';

/** Longer than a scrape takes, shorter than the time between two. */
const HEALTHS_HOLD_MS = 1_000;
const TICK_BUCKETS_S = [0.001, 0.005, 0.02, 0.1, 0.5, 2];

/** Counters of each line, by name and the figure of its health. */
const LINE_COUNTERS = {
  requests: 'Requests sent',
  replies: 'Good replies',
  timeouts: 'Requests without an answer in time',
  crcErrors: 'Answers with a wrong checksum',
  frameErrors: 'Answers that were no reply to what was asked',
  exceptions: 'Refusals by meters',
  lateReplies: 'Replies that came after their deadline and were thrown away',
  reconnects: 'Connections made after the first',
  overruns: 'Polls that could not start within their own period',
} as const satisfies Partial<Record<keyof LineHealth, string>>;

/** How far commands came that were given to the lines, since the start. */
export class CommandFigures {
  readonly #counts = { accepted: 0, refused: 0, none: 0, unsent: 0 };

  add(outcome: CommandOutcome | undefined): void {
    this.#counts[outcome?.sent === true ? outcome.reply : 'unsent'] += 1;
  }

  read(): { readonly labels: { readonly reply: string }; readonly value: number }[] {
    return Object.entries(this.#counts).map(([reply, value]) => ({ labels: { reply }, value }));
  }
}

/** All lines' health, one look for all the figures of a scrape: it lists every meter, which a dozen looks would feel. */
function createHealths(lines: Lines, clock: Clock): () => readonly LineHealth[] {
  let held: readonly LineHealth[] | undefined;
  return () => {
    if (held !== undefined) return held;
    held = [...lines.all()].map((line) => line.health());
    // Let go soon: they are megabytes, and asked for rarely.
    clock.after(HEALTHS_HOLD_MS, () => {
      held = undefined;
    });
    return held;
  };
}

/** What came in and what was given to the lines. */
function intakeFigures(queue: IngestQueue, commands: CommandFigures): readonly Figure[] {
  return [
    { name: 'acquisition_readings_total', help: 'Readings taken', kind: 'counter', read: () => queue.figures.readings },
    {
      name: 'acquisition_failures_total',
      help: 'Reads that failed',
      kind: 'counter',
      read: () => queue.figures.failures,
    },
    {
      name: 'acquisition_queue_depth',
      help: 'News waiting for a tick',
      kind: 'gauge',
      read: () => queue.figures.depth,
    },
    {
      name: 'acquisition_queue_dropped_total',
      help: 'News dropped because the queue was full',
      kind: 'counter',
      read: () => queue.figures.dropped,
    },
    {
      name: 'acquisition_commands_total',
      help: 'Commands given to lines, by the reply: accepted, refused, none, or not sent at all',
      kind: 'counter',
      labels: ['reply'],
      read: () => commands.read(),
    },
  ];
}

/** Figures of acquisition for `/metrics`; the returned function observes the seconds of a tick. */
export function addAcquisitionFigures(
  metrics: Metrics,
  queue: IngestQueue,
  lines: Lines,
  commands: CommandFigures,
  clock: Clock,
): (seconds: number) => void {
  const healths = createHealths(lines, clock);
  const perLine = (read: (health: LineHealth) => number) => () =>
    healths().map((health) => ({ labels: { line: health.lineId }, value: read(health) }));
  const counters = (Object.keys(LINE_COUNTERS) as (keyof typeof LINE_COUNTERS)[]).map(
    (key): Figure => ({
      name: `line_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      help: LINE_COUNTERS[key],
      kind: 'counter',
      labels: ['line'],
      read: perLine((health) => health[key]),
    }),
  );
  addFigures(metrics, [
    ...intakeFigures(queue, commands),
    ...counters,
    {
      name: 'line_up',
      help: '1 while the line is connected',
      kind: 'gauge',
      labels: ['line'],
      read: perLine((health) => (health.link === 'up' ? 1 : 0)),
    },
    {
      name: 'line_cycle_seconds',
      help: 'Duration of the last round over all meters',
      kind: 'gauge',
      labels: ['line'],
      read: perLine((health) => (health.cycleMs ?? 0) / 1_000),
    },
    {
      name: 'line_silence_seconds_total',
      help: 'Time lost to meters that did not answer',
      kind: 'counter',
      labels: ['line'],
      read: perLine((health) => health.lostToSilenceMs / 1_000),
    },
    {
      name: 'line_quarantined_meters',
      help: 'Meters in back-off',
      kind: 'gauge',
      labels: ['line'],
      read: perLine((health) => health.quarantined),
    },
  ]);
  return addDurations(metrics, 'acquisition_tick_seconds', 'Time of a tick with readings', TICK_BUCKETS_S);
}
