import { parseArgs } from 'node:util';

/** What a run is made of; the same options give the same plan. */
export interface ChaosOptions {
  /** Sales, refunds, replacements, reversals and cancels together, each of them accepted: what is refused does not count. */
  readonly sales: number;
  readonly seed: number;
  readonly meters: number;
  /** People at desks at the same time. */
  readonly clients: number;
  /** What the meters cannot do and the server believes they can (words of PLANT_PURSE): such a run must turn red. */
  readonly lacks: string;
}

export const CHAOS_DEFAULTS: ChaosOptions = { sales: 2_000, seed: 20_261_122, meters: 192, clients: 24, lacks: 'full' };

const USAGE = 'npm run chaos -- [--sales 2000] [--seed 20261122] [--meters 192] [--clients 24] [--lacks noSeq]';

/** Reads the command line; ends the process with a sentence for what is wrong with it. */
export function readChaosOptions(args: readonly string[]): ChaosOptions {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { sales: text, seed: text, meters: text, clients: text, lacks: text },
    });
    return {
      sales: numberOf('sales', values.sales, CHAOS_DEFAULTS.sales, 1, 1_000_000),
      seed: numberOf('seed', values.seed, CHAOS_DEFAULTS.seed, 0, 999_999_999),
      meters: numberOf('meters', values.meters, CHAOS_DEFAULTS.meters, 4, 2_000),
      clients: numberOf('clients', values.clients, CHAOS_DEFAULTS.clients, 1, 200),
      lacks: values.lacks ?? CHAOS_DEFAULTS.lacks,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(2);
  }
}

function numberOf(name: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} is a whole number from ${least} to ${most}`);
}
