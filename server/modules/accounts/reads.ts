import type { StatedReading } from '#contract/index.ts';
import { COUNTERS, type Reading } from '#drivers/core/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { AccountsContext } from './context.ts';
import { tellsBalance } from './rules.ts';
import type { RegisterQuality, StoredRegisters } from './store.ts';
import { invalidField } from './visibility.ts';

/** What a meter said at an instant that an account rests on. */
export interface Snapshot {
  readonly meterId: number;
  readonly atMs: number;
  readonly registers: StoredRegisters;
  readonly quality: RegisterQuality;
  /** Only where the purse was asked for. */
  readonly balanceMinor: bigint | undefined;
  readonly count: number | undefined;
  /** The meter gives nothing back: what it holds stays in it, whatever becomes of the account. */
  readonly leftInMeter?: true;
}

/** Registers said by hand, without the fields that are no registers. */
export type StatedRegisters = Omit<StatedReading, 'meterId' | 'reason' | 'balanceMinor'>;

/**
 * Reads meters now, all at once; lines keep their own order. A meter that does not answer counts with what was stated of it;
 * without that throws `meter.not-answering` or `meter.line-stopped`. A read always outranks what was stated. Throws
 * `request.invalid` where a meter is stated that is none of these.
 */
export async function readMeters(
  context: AccountsContext,
  meterIds: readonly number[],
  { purse, stated }: { readonly purse: boolean; readonly stated: readonly StatedReading[] },
): Promise<readonly Snapshot[]> {
  const stray = stated.findIndex(({ meterId }) => !meterIds.includes(meterId));
  if (stray >= 0) throw invalidField(`stated.${stray}.meterId`, 'is none of the meters that are read here');
  return Promise.all(
    meterIds.map(async (meterId) => {
      const hand = stated.find((reading) => reading.meterId === meterId);
      try {
        return await readMeter(context, meterId, purse);
      } catch (error) {
        if (hand === undefined || !(error instanceof AppError)) throw error;
        const { balanceMinor } = hand;
        if (purse && balanceMinor === undefined) {
          throw new AppError('request.invalid', 'The meter does not answer: state the balance on its display, too.', [
            { field: 'stated', message: `needs balanceMinor for meter ${meterId}` },
          ]);
        }
        return statedSnapshot(meterId, context.clock.nowMs(), hand, purse ? BigInt(balanceMinor ?? 0) : undefined);
      }
    }),
  );
}

/** One meter, now. */
export async function readMeter(context: AccountsContext, meterId: number, purse: boolean): Promise<Snapshot> {
  const { lines, estate } = context;
  const number = estate.meter(meterId)?.meter.meterNumber ?? `#${meterId}`;
  if (purse && !tellsBalance(context, meterId)) throw notAnswering(number, 'it does not tell its balance');
  const money = purse ? await lines.readPurse(meterId) : undefined;
  if (money !== undefined && !money.ok) throw notAnswering(number, money.error.message);
  const outcome = await lines.readBack(meterId);
  if (outcome === undefined) {
    throw new AppError(
      'meter.line-stopped',
      `The gateway of meter ${number} is disabled: enable it to read the meter.`,
    );
  }
  if (!outcome.ok) throw notAnswering(number, outcome.error.message);
  const registers = registersOf(outcome.reading);
  if (registers['energyWh'] === undefined) throw notAnswering(number, 'its answer had no register');
  return {
    meterId,
    atMs: outcome.reading.atMs,
    registers,
    quality: 'measured',
    balanceMinor: money?.purse.balanceMinor,
    count: money?.purse.count,
  };
}

export function statedSnapshot(
  meterId: number,
  atMs: number,
  stated: StatedRegisters,
  balanceMinor: bigint | undefined,
): Snapshot {
  const given = COUNTERS.flatMap((counter) => {
    const text: unknown = Reflect.get(stated, counter);
    return typeof text === 'string' ? [[counter, text] as const] : [];
  });
  return { meterId, atMs, registers: Object.fromEntries(given), quality: 'stated', balanceMinor, count: undefined };
}

/** Counters are whole numbers below 2^53, so that the way to text is exact. */
function registersOf(reading: Reading): StoredRegisters {
  return Object.fromEntries(
    COUNTERS.flatMap((counter) => {
      const value = reading.values[counter];
      return value === undefined ? [] : [[counter, BigInt(Math.round(value)).toString()]];
    }),
  );
}

function notAnswering(number: string, why: string): AppError {
  return new AppError(
    'meter.not-answering',
    `Meter ${number} did not answer (${why}): try again, or state what its display shows.`,
  );
}

/** As it is kept in the facts of a case. */
export function snapshotFacts(snapshot: Snapshot): Record<string, unknown> {
  const { meterId, atMs, registers, quality, balanceMinor, count, leftInMeter } = snapshot;
  return {
    meterId,
    at: new Date(atMs).toISOString(),
    registers,
    quality,
    ...(balanceMinor === undefined ? {} : { balanceMinor: balanceMinor.toString() }),
    ...(count === undefined ? {} : { count }),
    ...(leftInMeter === undefined ? {} : { leftInMeter }),
  };
}
