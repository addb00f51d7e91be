import { getTrends, TREND_METERS_MAX, type Trends } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import { alignedBefore } from '#domain/periodBefore.ts';
import { COUNTERS, type Quantity } from '#drivers/core/index.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';
import type { FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import type { ExportsContext } from './context.ts';
import { beforeHeader, meterColumns, planColumn, type ReadingsAsked } from './readingsAsked.ts';

const QUARTER_MS = 15 * 60_000;
/** What one question for trends may cover, in meters × quarter hours; the bucket of the end counts too. */
const TREND_QUARTERS_MAX = 48_000;
export const LIVE_STEP_MS = { '15m': QUARTER_MS, '1h': 4 * QUARTER_MS, '1d': 96 * QUARTER_MS } as const;
export type LiveStep = keyof typeof LIVE_STEP_MS;

type Values = readonly (number | null | undefined)[];
interface LiveLine {
  readonly profile: MeterProfile;
  readonly atMs: number;
  readonly values: Values;
  readonly before: Values;
}

export function liveColumns(
  asked: ReadingsAsked,
  quantities: readonly Quantity[],
  step: LiveStep,
): readonly XlsxColumn<LiveLine>[] {
  const columns = (header: (quantity: Quantity) => FileWords, of: (line: LiveLine) => Values) =>
    quantities.map((quantity, index): XlsxColumn<LiveLine> => {
      const kind = isCounter(quantity) ? 'energy' : 'decimal';
      return { header: header(quantity), kind, width: 16, of: (line) => of(line)[index] };
    });
  const nameOf = (quantity: Quantity): FileWords => ({
    zh: STATE_WORDS.zh.quantity[quantity],
    en: STATE_WORDS.en.quantity[quantity],
  });
  const now = (quantity: Quantity): FileWords => {
    const { zh, en } = nameOf(quantity);
    return { zh: `${zh}${unitText(quantity)}`, en: `${en}${unitText(quantity)}` };
  };
  const before = (quantity: Quantity) => beforeHeader(nameOf(quantity), unitText(quantity));
  return [
    ...meterColumns<LiveLine>(),
    { header: { zh: '时刻', en: 'From' }, kind: 'instant', of: ({ atMs }) => atMs },
    ...columns(now, ({ values }) => values),
    ...(asked.period === undefined ? [] : columns(before, (line) => line.before)),
    ...planColumn<LiveLine>(asked, ({ atMs }) => ({ fromMs: atMs, toMs: atMs + LIVE_STEP_MS[step] })),
  ];
}

const isCounter = (quantity: Quantity): boolean => COUNTERS.some((counter) => counter === quantity);

/** Names of quantities end in their unit: activePowerL1W → " (W)". Counters are told in kWh. */
function unitText(quantity: Quantity): string {
  if (isCounter(quantity)) return ' (kWh)';
  const unit = /(Var|Va|Hz|V|A|W)$/.exec(quantity)?.[1];
  return unit === undefined ? '' : ` (${unit === 'Var' ? 'var' : unit === 'Va' ? 'VA' : unit})`;
}

/** Buckets as trends show them, counters by their last value. */
export async function* liveBlocks(
  { routes }: ExportsContext,
  asked: ReadingsAsked,
  quantities: readonly Quantity[],
  step: LiveStep,
): AsyncGenerator<readonly LiveLine[]> {
  const { actor, profiles, fromMs, toMs, period } = asked;
  const spanMs = Math.min(toMs - fromMs, TREND_QUARTERS_MAX * QUARTER_MS);
  const quarters = Math.ceil(spanMs / QUARTER_MS) + 1;
  const metersAtOnce = Math.min(TREND_METERS_MAX, Math.max(1, Math.floor(TREND_QUARTERS_MAX / quarters)));
  const answersOf = async (some: readonly MeterProfile[], from: number, to: number) => {
    const meterIds = some.map(({ meter }) => meter.id).join(',');
    const range = { from: isoOf(from), to: isoOf(to) };
    const answers: Trends[] = [];
    for (const quantity of quantities)
      answers.push(await routes.ask(getTrends, actor, { query: { meterIds, quantity, ...range, resolution: step } }));
    return answers;
  };
  const backMs = period === undefined ? 0 : period.toMs - period.fromMs;
  for (let at = 0; at < profiles.length; at += metersAtOnce) {
    const some = profiles.slice(at, at + metersAtOnce);
    for (let start = fromMs; start < toMs; start += spanMs) {
      const end = Math.min(start + spanMs, toMs);
      const now = await answersOf(some, start, end);
      const earlier = period === undefined ? [] : await answersOf(some, start - backMs, end - backMs);
      yield linesOf(some, { now, earlier, backMs, stepMs: LIVE_STEP_MS[step] }, quantities);
    }
  }
}

interface Answers {
  readonly now: readonly Trends[];
  /** The period before; nothing where it was not asked for. */
  readonly earlier: readonly Trends[];
  readonly backMs: number;
  readonly stepMs: number;
}

function linesOf(
  profiles: readonly MeterProfile[],
  { now, earlier, backMs, stepMs }: Answers,
  quantities: readonly Quantity[],
): readonly LiveLine[] {
  const present = startsOf(now);
  const past = startsOf(earlier);
  const beside = alignedBefore(present, past, { fromMs: 0, toMs: backMs }, stepMs);
  const pastAt = new Map(past.map((atMs, index) => [present[beside[index] ?? -1] ?? atMs + backMs, atMs]));
  const starts = [...new Set([...present, ...pastAt.keys()])].toSorted((a, b) => a - b);
  const [values, before] = [seriesOf(now, quantities), seriesOf(earlier, quantities)];
  return profiles.flatMap((profile) =>
    starts
      .map((atMs) => {
        const { id } = profile.meter;
        const pastMs = pastAt.get(atMs) ?? Number.NaN;
        return { profile, atMs, values: values(id, atMs), before: before(id, pastMs) };
      })
      .filter((line) => [...line.values, ...line.before].some((value) => typeof value === 'number')),
  );
}

const startsOf = (answers: readonly Trends[]): readonly number[] =>
  [...new Set(answers.flatMap(({ at }) => at.map(Date.parse)))].toSorted((a, b) => a - b);

function seriesOf(answers: readonly Trends[], quantities: readonly Quantity[]) {
  const series = answers.map(({ at, meters }, index) => {
    const part = isCounter(quantities[index] ?? 'energyWh') ? 'last' : 'mean';
    const places = new Map(at.map((instant, place) => [Date.parse(instant), place]));
    const byMeter = new Map(meters.map((meter) => [meter.meterId, meter[part]]));
    return (meterId: number, atMs: number) => byMeter.get(meterId)?.[places.get(atMs) ?? -1];
  });
  return (meterId: number, atMs: number): Values => series.map((valueAt) => valueAt(meterId, atMs));
}

const isoOf = (atMs: number): string => new Date(atMs).toISOString();
