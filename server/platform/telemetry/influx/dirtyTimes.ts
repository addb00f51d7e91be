import { open, readFile, rename } from 'node:fs/promises';
import type { Log } from '../../log.ts';
import { DAY_AFTER_MS, DAY_MS, QUARTER_MS, ROLL_AFTER_MS, startOfQuarter, type ZoneMeters } from '../quarters.ts';

interface DirtyFile {
  readonly quarters: readonly number[];
  readonly days: readonly (readonly [timeZone: string, atMs: number])[];
}

/** Neighbouring quarter hours with the versions that they had when they were asked for. */
export interface QuarterRun {
  readonly fromMs: number;
  readonly toMs: number;
  readonly versions: ReadonlyMap<number, number>;
}

export interface DirtyDay {
  readonly timeZone: string;
  readonly atMs: number;
}

/**
 * Quarter hours and days whose raw readings are newer than their roll-ups. Kept in a small file, which knows a quarter
 * hour before its first reading is sent: whatever happens then, it is computed again.
 */
export class DirtyTimes {
  readonly #path: string;
  readonly #log: Log;
  /** Start → a number that grows with each writing into it, so that what comes while we compute is not forgotten. */
  readonly #quarters = new Map<number, number>();
  readonly #days = new Map<string, DirtyDay>();
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Without a file that can be read the last day counts as dirty: that is all that can be missing in good order. */
  static async open(path: string, nowMs: number, log: Log): Promise<DirtyTimes> {
    const dirty = new DirtyTimes(path, log);
    const file = await readDirty(path);
    if (file === undefined) {
      for (let at = startOfQuarter(nowMs - DAY_MS); at <= nowMs; at += QUARTER_MS) dirty.#quarters.set(at, 1);
    } else {
      for (const quarter of file.quarters) dirty.#quarters.set(quarter, 1);
      for (const [timeZone, atMs] of file.days) dirty.#addDay({ timeZone, atMs });
    }
    return dirty;
  }

  /** Before and after writing points into quarter hours. Resolves when it cannot be forgotten any more. */
  async mark(quarters: Iterable<number>): Promise<void> {
    let isNew = false;
    for (const quarter of quarters) {
      const version = this.#quarters.get(quarter);
      isNew ||= version === undefined;
      this.#quarters.set(quarter, (version ?? 0) + 1);
    }
    if (isNew) await this.#save();
  }

  /** Everything before it is rolled up. */
  firstQuarterMs(nowMs: number): number {
    return Math.min(startOfQuarter(nowMs), ...this.#quarters.keys());
  }

  /** Start of the first day of a zone that is not rolled up; infinite when all are. */
  firstDayMs(timeZone: string): number {
    const days = [...this.#days.values()].filter((day) => day.timeZone === timeZone);
    return Math.min(Number.POSITIVE_INFINITY, ...days.map(({ atMs }) => atMs));
  }

  /** The oldest quarter hours that are over, as many as stand within `quartersMax`. */
  nextRun(nowMs: number, quartersMax: number): QuarterRun | undefined {
    const over = [...this.#quarters.keys()].filter((at) => at + QUARTER_MS + ROLL_AFTER_MS <= nowMs);
    if (over.length === 0) return undefined;
    const fromMs = Math.min(...over);
    const run = over.filter((at) => at < fromMs + quartersMax * QUARTER_MS);
    const versions = new Map(run.map((at) => [at, this.#quarters.get(at) ?? 0]));
    return { fromMs, toMs: Math.max(...run) + QUARTER_MS, versions };
  }

  /** A run was computed: its days are to be. Quarter hours that were written into meanwhile stay dirty. */
  async quartersDone({ versions }: QuarterRun, zones: readonly ZoneMeters[]): Promise<void> {
    for (const [quarter, version] of versions) {
      if (this.#quarters.get(quarter) === version) this.#quarters.delete(quarter);
      for (const { calendar } of zones) {
        this.#addDay({ timeZone: calendar.timeZone, atMs: calendar.startOfDay(quarter) });
      }
    }
    await this.#save();
  }

  /** Days of a zone that are over. */
  daysOver({ calendar }: ZoneMeters, nowMs: number): readonly DirtyDay[] {
    return [...this.#days.values()].filter(({ timeZone, atMs }) => {
      const endMs = calendar.startOfDayAfter(atMs, 1);
      return timeZone === calendar.timeZone && endMs + ROLL_AFTER_MS + DAY_AFTER_MS <= nowMs;
    });
  }

  async dayDone(day: DirtyDay): Promise<void> {
    this.#days.delete(keyOf(day));
    await this.#save();
  }

  #addDay(day: DirtyDay): void {
    this.#days.set(keyOf(day), day);
  }

  /** One after the other; the last one writes what all of them meant. A disk that fails costs roll-ups, not readings. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const file: DirtyFile = {
        quarters: [...this.#quarters.keys()],
        days: [...this.#days.values()].map(({ timeZone, atMs }) => [timeZone, atMs]),
      };
      try {
        await replaceFile(this.#path, JSON.stringify(file));
      } catch (error) {
        this.#log.error('it could not be written down what is to be rolled up', { path: this.#path, error });
      }
    });
    return this.#saving;
  }
}

function keyOf({ timeZone, atMs }: DirtyDay): string {
  return `${timeZone} ${atMs}`;
}

async function readDirty(path: string): Promise<DirtyFile | undefined> {
  try {
    const { quarters, days }: DirtyFile = JSON.parse(await readFile(path, 'utf8'));
    const isWhole = quarters.every(Number.isInteger) && days.every(([, atMs]) => Number.isInteger(atMs));
    return isWhole ? { quarters, days } : undefined;
  } catch {
    return undefined;
  }
}

/** The old file or the new one, never half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}
