import type {
  CommandOutcome,
  Line,
  LineConfig,
  LineHealth,
  LineSink,
  MeterCommand,
  PurseOutcome,
  Reading,
  ReadOutcome,
} from '#drivers/core/index.ts';

/** The state of a line as acquisition knows it. `stopped`: not run, by decision (disabled or removed). */
export type LinePathState = 'connecting' | 'up' | 'down' | 'stopped';

export interface LineNews {
  readonly lineId: number;
  readonly path: LinePathState;
  readonly reason: string;
  readonly atMs: number;
}

export type MeterNews =
  | { readonly kind: 'reading'; readonly reading: Reading }
  | { readonly kind: 'failed'; readonly meterId: number; readonly failures: number; readonly atMs: number };

/** What came in during one tick. News of lines are to be taken first. */
export interface IngestBatch {
  readonly lines: readonly LineNews[];
  readonly meters: readonly MeterNews[];
}

/** The steps that every reading goes through. Synchronous and without waiting: stores have queues of their own. */
export interface IngestPipeline {
  take(batch: IngestBatch, nowMs: number): void;
  /** Called about once a second: what changes by time alone. `cyclesMs`: duration of a round, by line id. */
  sweep(nowMs: number, cyclesMs: ReadonlyMap<number, number>): void;
  /** The wall clock was stepped by so much: instants that are kept move with it, ages stay. Nothing is under way. */
  clockStepped(byMs: number): void;
}

/** Makes a line; `drivers/gateways` in production. */
export type LineFactory = (config: LineConfig, sink: LineSink) => Line;

/** What others may ask of the running lines. */
export interface LineDesk {
  /** Undefined when the line is not run. */
  health(lineId: number): LineHealth | undefined;
  path(lineId: number): LinePathState;
  /** Asks a meter now; undefined when its line is not run. A good answer has been through the pipeline when it comes. */
  readNow(meterId: number): Promise<ReadOutcome | undefined>;
  /** The same ahead of everything else on its line: the outcome of a command hangs on it. */
  readBack(meterId: number): Promise<ReadOutcome | undefined>;
  /** Tells a meter something, once (see Line.execute). Undefined when its line is not run: nothing was sent. Never rejects. */
  execute(meterId: number, command: MeterCommand): Promise<CommandOutcome | undefined>;
  /** The prepaid side of a meter, now. Undefined when its line is not run. Never rejects. */
  readPurse(meterId: number): Promise<PurseOutcome | undefined>;
}
