import { STATE_WORDS } from '#contract/words.ts';
import { BILLING_INTERVAL_MS } from '#domain/calendar.ts';
import { COUNTERS } from '#drivers/core/index.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';
import type { RegisterRow } from '#server/modules/metering/index.ts';
import type { XlsxColumn } from '#server/platform/xlsx/index.ts';
import type { ExportsContext } from './context.ts';
import { beforeHeader, meterColumns, planColumn, type ReadingsAsked } from './readingsAsked.ts';

/** Rows of one question to a store. */
const BLOCK_ROWS = 5_000;
const HALF_DAY_MS = 43_200_000;
const MISSING = { zh: '无读数', en: 'No reading' };

interface RegisterLine {
  readonly profile: MeterProfile;
  readonly instantMs: number;
  readonly reading: RegisterRow | undefined;
  readonly usedWh: bigint | undefined;
  readonly usedBeforeWh: bigint | undefined;
  readonly before: RegisterRow | undefined;
}

/** Instants that registers are held at, within the range; one more than `most` is enough to be refused. */
export function instantsOf({ fromMs, toMs, calendar, what }: ReadingsAsked, most: number): readonly number[] {
  const instants: number[] = [];
  const first = what === 'days' ? calendar.startOfDay(fromMs) : calendar.billingInstant(fromMs);
  for (let at = first; at < toMs && instants.length <= most; at = instantAfter({ calendar, what }, at))
    if (at >= fromMs) instants.push(at);
  return instants;
}

type Pace = Pick<ReadingsAsked, 'calendar' | 'what'>;

function instantAfter({ calendar, what }: Pace, at: number): number {
  return what === 'days' ? calendar.startOfDayAfter(at, 1) : at + BILLING_INTERVAL_MS;
}

function instantBefore({ calendar, what }: Pace, at: number): number {
  return what === 'days' ? calendar.startOfDay(at - HALF_DAY_MS) : at - BILLING_INTERVAL_MS;
}

/** The instant at the same position of the period before; days are found across a change of clocks. */
function inPeriodBefore({ calendar, what, period }: ReadingsAsked, at: number): number | undefined {
  if (period === undefined) return undefined;
  const shifted = at - (period.toMs - period.fromMs);
  return what === 'days' ? calendar.startOfDay(shifted + HALF_DAY_MS) : calendar.billingInstant(shifted);
}

export function registerColumns(asked: ReadingsAsked): readonly XlsxColumn<RegisterLine>[] {
  return [
    ...meterColumns<RegisterLine>(),
    { header: { zh: '时刻', en: 'Instant' }, kind: 'instant', of: ({ instantMs }) => instantMs },
    ...COUNTERS.map(
      (counter): XlsxColumn<RegisterLine> => ({
        header: { zh: `${STATE_WORDS.zh.quantity[counter]} (kWh)`, en: `${STATE_WORDS.en.quantity[counter]} (kWh)` },
        kind: 'energy',
        of: ({ reading }) => reading?.registers[counter],
      }),
    ),
    { header: { zh: '余额', en: 'Balance' }, kind: 'money', of: ({ reading }) => reading?.balanceMinor },
    ...(asked.period === undefined ? [] : BEFORE_COLUMNS),
    ...planColumn<RegisterLine>(asked, ({ instantMs }) => ({
      fromMs: instantMs,
      toMs: instantAfter(asked, instantMs),
    })),
    { header: { zh: '购电次数', en: 'Purchase count' }, kind: 'integer', of: ({ reading }) => reading?.purchaseCount },
    {
      ...{ header: { zh: '质量', en: 'Quality' }, kind: 'text', width: 12 },
      of: ({ reading }, lang) =>
        reading === undefined ? MISSING[lang] : STATE_WORDS[lang].registerQuality[reading.quality],
    },
    { header: { zh: '来源', en: 'Source' }, kind: 'text', width: 12, of: ({ reading }) => reading?.source },
    { header: { zh: '读取时间', en: 'Read at' }, kind: 'instant', of: ({ reading }) => reading?.readAtMs },
  ];
}

const USED = { zh: '自上一行用电', en: 'Used since the row before' };
// biome-ignore format: a table, one column per line
const BEFORE_COLUMNS: readonly XlsxColumn<RegisterLine>[] = [
  { header: beforeHeader({ zh: '余额', en: 'Balance' }), kind: 'money', of: ({ before }) => before?.balanceMinor },
  { header: { zh: `${USED.zh} (kWh)`, en: `${USED.en} (kWh)` }, kind: 'energy', of: ({ usedWh }) => usedWh },
  { header: beforeHeader(USED, ' (kWh)'), kind: 'energy', of: ({ usedBeforeWh }) => usedBeforeWh },
];

/** A row for every meter and instant: an hour without a reading is a row that says so. */
export async function* registerBlocks(
  { metering }: ExportsContext,
  asked: ReadingsAsked,
  instants: readonly number[],
): AsyncGenerator<readonly RegisterLine[]> {
  const { profiles } = asked;
  const metersAtOnce = Math.max(1, Math.floor(BLOCK_ROWS / Math.max(1, instants.length)));
  for (let at = 0; at < profiles.length; at += metersAtOnce) {
    const some = profiles.slice(at, at + metersAtOnce);
    for (let from = 0; from < instants.length; from += BLOCK_ROWS) {
      const block = instants.slice(from, from + BLOCK_ROWS);
      const rows = await metering.registersOf(
        some.map(({ meter }) => meter.id),
        [...new Set(block.flatMap((instantMs) => neededFor(asked, instantMs)))],
      );
      const found = Map.groupBy(rows, ({ meterId }) => meterId);
      yield some.flatMap((profile) => {
        const byInstant = new Map(found.get(profile.meter.id)?.map((row) => [row.instantMs, row]));
        return block.map((instantMs) => lineOf(asked, profile, instantMs, byInstant));
      });
    }
  }
}

/** Instants whose registers a row tells of. */
function neededFor(asked: ReadingsAsked, instantMs: number): readonly number[] {
  const before = inPeriodBefore(asked, instantMs);
  if (before === undefined) return [instantMs];
  return [instantMs, instantBefore(asked, instantMs), before, instantBefore(asked, before)];
}

function lineOf(
  asked: ReadingsAsked,
  profile: MeterProfile,
  instantMs: number,
  byInstant: ReadonlyMap<number, RegisterRow>,
): RegisterLine {
  const beforeMs = inPeriodBefore(asked, instantMs);
  const used = (at: number) => usedBetween(byInstant.get(instantBefore(asked, at)), byInstant.get(at));
  return {
    ...{ profile, instantMs, reading: byInstant.get(instantMs) },
    usedWh: beforeMs === undefined ? undefined : used(instantMs),
    usedBeforeWh: beforeMs === undefined ? undefined : used(beforeMs),
    before: beforeMs === undefined ? undefined : byInstant.get(beforeMs),
  };
}

/** Unknown where a register is missing or fell (another meter): never zero and never a guess. */
function usedBetween(from: RegisterRow | undefined, to: RegisterRow | undefined): bigint | undefined {
  const [first, last] = [from?.registers.energyWh, to?.registers.energyWh];
  if (first === undefined || last === undefined) return undefined;
  const usedWh = last - first;
  return usedWh < 0n ? undefined : usedWh;
}
