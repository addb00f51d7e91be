import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly minutes: number;
  readonly meters: number;
  readonly screens: number;
  readonly store: 'postgres' | 'influx';
  /** File for the page with the charts. */
  readonly report: string | undefined;
}

const HOURS_MAX = 24;
const USAGE =
  'npm run soak -- --hours 1 | --minutes 30 [--meters 2000] [--screens 10] [--store postgres|influx] [--report soak.html]';

/** Reads the command line; ends the process with a sentence for what is wrong with it. */
export function readOptions(args: readonly string[]): SoakOptions {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { hours: text, minutes: text, meters: text, screens: text, store: text, report: text },
    });
    const { store = 'postgres', report } = values;
    if (store !== 'postgres' && store !== 'influx') throw new Error(`--store is postgres or influx, not "${store}"`);
    return {
      minutes:
        values.hours === undefined
          ? numberOf('minutes', values.minutes, 0.5, HOURS_MAX * 60)
          : 60 * numberOf('hours', values.hours, 0.01, HOURS_MAX),
      meters: numberOf('meters', values.meters ?? '2000', 32, 50_000),
      screens: numberOf('screens', values.screens ?? '10', 1, 1_000),
      store,
      report,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(2);
  }
}

function numberOf(name: string, text: string | undefined, least: number, most: number): number {
  const value = Number(text ?? Number.NaN);
  if (value >= least && value <= most) return value;
  throw new Error(`--${name} is a number from ${least} to ${most}`);
}
