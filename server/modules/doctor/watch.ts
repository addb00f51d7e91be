import type { LineHealth } from '#drivers/core/index.ts';

/** The window of all figures: figures since the start of a month ago would hide what began this morning. */
export const WINDOW_MS = 3_600_000;
/** How often a line is looked at; one point of its history. */
export const SAMPLE_EVERY_MS = 60_000;
/** Points that are kept of each line. */
export const SAMPLES_MAX = WINDOW_MS / SAMPLE_EVERY_MS + 1;
/** The counters of the meters are kept more rarely: the window's beginning moves on by so much. */
export const BASE_EVERY_MS = 600_000;
/** Beginnings of the window that are kept of each line. */
export const BASES_MAX = WINDOW_MS / BASE_EVERY_MS + 1;

/** Counters of one meter, in this order. */
export const METER_COUNTERS = [
  'reads',
  'failures',
  'overruns',
  'damaged',
  'answeredMs',
  'damagedMs',
  'lostMs',
] as const;
export type MeterCounter = (typeof METER_COUNTERS)[number];

/** Counters of a line that a window needs. */
export const LINE_COUNTERS = [
  'busyMs',
  'requests',
  'timeouts',
  'crcErrors',
  'frameErrors',
  'lateReplies',
  'reconnects',
  'overruns',
  'lostToSilenceMs',
] as const;
export type LineCounter = (typeof LINE_COUNTERS)[number];

export type Counters<K extends string> = Readonly<Record<K, number>>;

/** A look at a line. Times are monotonic, so that a clock that is stepped stretches no window. */
export interface Look {
  readonly health: LineHealth;
  /** Its gateway cannot be reached. */
  readonly closed: boolean;
  readonly atMs: number;
  /** When its counters began, and since when the link is as it is. */
  readonly startedMs: number;
  readonly linkSinceMs: number;
}

/** A line at one instant. */
interface Sample {
  readonly atMs: number;
  /** LINE_COUNTERS after each other: plain numbers take a third of an object's room. */
  readonly line: Float64Array;
  /** Reads of all its meters. */
  readonly reads: number;
  readonly meters: number;
  /** Time that the gateway was unreachable since the watch began. */
  readonly closedMs: number;
  readonly closed: boolean;
}

/** Where a window begins: the line and the counters of its meters, METER_COUNTERS after each other. */
interface Base {
  readonly sample: Sample;
  readonly rowOf: ReadonlyMap<number, number>;
  readonly figures: Float64Array;
}

/** What a line did since the window began. */
export interface Window {
  readonly sinceMs: number;
  readonly observedMs: number;
  readonly closedMs: number;
  readonly line: Counters<LineCounter>;
  meter(health: LineHealth['meters'][number]): Counters<MeterCounter>;
}

/** One minute of a line. */
export interface Minute {
  readonly atMs: number;
  readonly cycleMs: number | undefined;
  readonly utilisation: number;
  readonly silenceMs: number;
  readonly overruns: number;
}

/**
 * Remembers what the counters of one line were, for an hour: each minute for the line, every ten minutes for its
 * meters, in plain numbers; so ten thousand meters take some fifteen megabytes. Counters that begin anew (the line was
 * changed and started again) begin a new window.
 */
export class LineWatch {
  #samples: Sample[] = [];
  #bases: Base[] = [];

  /** Samples kept, for the metric of this buffer. */
  get points(): number {
    return this.#samples.length;
  }

  observe(look: Look): void {
    this.#follow(look);
    const sample = sampleOf(look, this.#samples.at(-1));
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    const last = this.#bases.at(-1);
    if (last !== undefined && look.atMs - last.sample.atMs < BASE_EVERY_MS) return;
    this.#bases.push(baseOf(look.health, sample, last));
    if (this.#bases.length > BASES_MAX) this.#bases.shift();
  }

  /** The window that ends with this look. */
  window(look: Look): Window {
    this.#follow(look);
    const now = sampleOf(look, this.#samples.at(-1));
    // Of the beginnings within the last hour the oldest: at least 50 minutes of it once there are that many.
    const base = this.#bases.find(({ sample }) => look.atMs - sample.atMs <= WINDOW_MS) ?? this.#bases.at(-1);
    const sinceMs = base?.sample.atMs ?? look.atMs;
    return {
      sinceMs,
      observedMs: Math.max(0, look.atMs - sinceMs),
      closedMs: Math.max(0, now.closedMs - (base?.sample.closedMs ?? 0)),
      line: difference(LINE_COUNTERS, lineOf(now), base === undefined ? undefined : lineOf(base.sample)),
      meter: (meter) =>
        difference(METER_COUNTERS, meter, base === undefined ? undefined : meterAt(base, meter.meterId)),
    };
  }

  /** The minutes that lie within the window of `sinceMs`, oldest first. */
  minutes(sinceMs: number): readonly Minute[] {
    return this.#samples.slice(1).flatMap((sample, index) => {
      const before = this.#samples[index];
      return before === undefined || before.atMs < sinceMs ? [] : [minuteOf(before, sample)];
    });
  }

  /** Begins anew when the line has: its counters are lower than they were. */
  #follow({ health, closed, startedMs }: Look): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && lineOf(last).requests <= health.requests) return;
    const first: Sample = {
      atMs: startedMs,
      line: new Float64Array(LINE_COUNTERS.length),
      reads: 0,
      meters: 0,
      closedMs: 0,
      closed,
    };
    this.#samples = [first];
    this.#bases = [{ sample: first, rowOf: new Map(), figures: new Float64Array() }];
  }
}

function sampleOf({ health, closed, atMs, linkSinceMs }: Look, before: Sample | undefined): Sample {
  return {
    atMs,
    line: Float64Array.from(LINE_COUNTERS, (counter) => health[counter]),
    reads: health.meters.reduce((sum, { reads }) => sum + reads, 0),
    meters: health.meters.filter(({ consecutiveFailures }) => consecutiveFailures === 0).length,
    closedMs: before === undefined ? 0 : before.closedMs + closedSince(before, atMs, closed, linkSinceMs),
    closed,
  };
}

/** How much of the time since the last look the way was closed; what closed and opened in between is not known. */
function closedSince(before: Sample, atMs: number, closed: boolean, linkSinceMs: number): number {
  const changedMs = Math.min(atMs, Math.max(before.atMs, linkSinceMs));
  if (closed) return atMs - (before.closed ? before.atMs : changedMs);
  return before.closed ? changedMs - before.atMs : 0;
}

function minuteOf(before: Sample, sample: Sample): Minute {
  const elapsedMs = Math.max(1, sample.atMs - before.atMs);
  const line = difference(LINE_COUNTERS, lineOf(sample), lineOf(before));
  const reads = sample.reads - before.reads;
  return {
    atMs: sample.atMs,
    cycleMs: reads <= 0 ? undefined : (line.busyMs * sample.meters) / reads,
    utilisation: Math.min(1, line.busyMs / elapsedMs),
    silenceMs: line.lostToSilenceMs,
    overruns: line.overruns,
  };
}

function baseOf({ meters }: LineHealth, sample: Sample, before: Base | undefined): Base {
  const figures = new Float64Array(meters.length * METER_COUNTERS.length);
  meters.forEach((meter, row) => {
    METER_COUNTERS.forEach((counter, column) => {
      figures[row * METER_COUNTERS.length + column] = meter[counter];
    });
  });
  // Meters rarely change: the table of their rows is shared until they do.
  const same =
    before?.rowOf.size === meters.length && meters.every(({ meterId }, row) => before.rowOf.get(meterId) === row);
  const rowOf = same ? before.rowOf : new Map(meters.map(({ meterId }, row) => [meterId, row]));
  return { sample, rowOf, figures };
}

function meterAt({ rowOf, figures }: Base, meterId: number): Counters<MeterCounter> | undefined {
  const row = rowOf.get(meterId);
  if (row === undefined) return undefined;
  const at = row * METER_COUNTERS.length;
  return toCounters(METER_COUNTERS, (_counter, column) => figures[at + column] ?? 0);
}

/** What was counted since. A counter below what it was belongs to another device at the same place: all of it counts. */
function difference<K extends string>(
  keys: readonly K[],
  now: Counters<K>,
  before: Counters<K> | undefined,
): Counters<K> {
  const isAnother = before !== undefined && keys.some((key) => now[key] < before[key]);
  return toCounters(keys, (key) => now[key] - (before === undefined || isAnother ? 0 : before[key]));
}

function lineOf({ line }: Sample): Counters<LineCounter> {
  return toCounters(LINE_COUNTERS, (_counter, column) => line[column] ?? 0);
}

function toCounters<K extends string>(keys: readonly K[], of: (key: K, index: number) => number): Counters<K> {
  const counters: Partial<Record<K, number>> = {};
  // A loop: this runs for every meter of every line of a list.
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (key !== undefined) counters[key] = of(key, index);
  }
  return counters as Record<K, number>;
}
