import {
  type BodyOf,
  EXPORT_READINGS_MAX,
  type exportReadings,
  getTrends,
  type ReadingKind,
  TREND_METERS_MAX,
  type Trends,
} from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import { BILLING_INTERVAL_MS, createCalendars, type ZonedCalendar } from '#domain/calendar.ts';
import { COUNTERS, type Quantity } from '#drivers/core/index.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';
import type { RegisterRow } from '#server/modules/metering/index.ts';
import { type Actor, AppError, type FileAnswer } from '#server/platform/http/index.ts';
import type { FileLang, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, localText, placeText, toFile } from './context.ts';
import { namedMeters } from './namedMeters.ts';

/** Rows of one question to a store. */
const BLOCK_ROWS = 5_000;
const QUARTER_MS = 15 * 60_000;
/** What one question for trends may cover, in meters × quarter hours; the bucket of the end counts too. */
const TREND_QUARTERS_MAX = 48_000;

const WORDS = {
  title: { zh: '抄表数据', en: 'Readings' },
  span: { zh: '时间范围', en: 'From and to' },
  what: { zh: '内容', en: 'What' },
  meters: { zh: '表计数', en: 'Meters' },
  missing: { zh: '无读数', en: 'No reading' },
  halfHours: { zh: '每半小时冻结', en: 'registers at each half hour' },
  days: { zh: '每日零点冻结', en: 'registers at the start of each day' },
  live15m: { zh: '15 分钟平均', en: 'means of 15 minutes' },
  live1h: { zh: '小时平均', en: 'means of hours' },
  live1d: { zh: '日平均', en: 'means of days' },
} as const;

const LIVE_STEPS = { live15m: '15m', live1h: '1h', live1d: '1d' } as const satisfies Partial<
  Record<ReadingKind, string>
>;
const LIVE_QUANTITIES: readonly Quantity[] = ['activePowerW'];

interface Asked {
  readonly actor: Actor;
  readonly lang: FileLang;
  readonly profiles: readonly MeterProfile[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly calendar: ZonedCalendar;
}

/** Registers or live quantities of many meters, streamed out of the stores. */
export function readingFile(
  context: ExportsContext,
  actor: Actor,
  lang: FileLang,
  body: BodyOf<typeof exportReadings>,
): Promise<FileAnswer> {
  const profiles = namedMeters(context, actor, body);
  const { fromMs, toMs } = rangeOf(body, context.clock.nowMs());
  const calendar = createCalendars()(context.estate.place(body.propertyId)?.timeZone ?? 'UTC');
  const asked: Asked = { actor, lang, profiles, fromMs, toMs, calendar };
  const shared = {
    ...{ actor, lang, title: WORDS.title[lang], propertyId: body.propertyId },
    about: [
      { name: WORDS.what[lang], text: WORDS[body.what][lang] },
      { name: WORDS.span[lang], text: `${localText(fromMs, calendar)} – ${localText(toMs, calendar)}` },
      { name: WORDS.meters[lang], text: String(profiles.length) },
    ],
  };
  if (body.what === 'halfHours' || body.what === 'days') {
    const instants = instantsOf(asked, body.what);
    refuseTooMany(profiles.length * instants.length);
    return toFile(context, { ...shared, columns: REGISTER_COLUMNS, blocks: registerBlocks(context, asked, instants) });
  }
  const quantities = body.quantities ?? LIVE_QUANTITIES;
  const step = LIVE_STEPS[body.what];
  refuseTooMany(profiles.length * Math.ceil((toMs - fromMs) / STEP_MS[step]));
  const columns = liveColumns(quantities);
  return toFile(context, { ...shared, columns, blocks: liveBlocks(context, asked, quantities, step) });
}

const STEP_MS = { '15m': QUARTER_MS, '1h': 4 * QUARTER_MS, '1d': 96 * QUARTER_MS } as const;

function rangeOf({ from, to }: { readonly from: string; readonly to: string }, nowMs: number) {
  const fromMs = Date.parse(from);
  const toMs = Math.min(Date.parse(to), nowMs);
  if (fromMs < toMs) return { fromMs, toMs };
  throw new AppError('request.invalid', 'The range holds no time that is past: choose an earlier beginning.', [
    { field: 'from', message: 'must be before `to` and before now' },
  ]);
}

function refuseTooMany(readings: number): void {
  if (readings <= EXPORT_READINGS_MAX) return;
  const message = `meters × instants are ${readings}, at most ${EXPORT_READINGS_MAX}: choose fewer meters or a shorter time`;
  throw new AppError('request.invalid', `That is too much for one file: ${message}.`, [{ field: 'meterIds', message }]);
}

/** Instants that registers are held at, within the range. */
function instantsOf({ fromMs, toMs, calendar }: Asked, what: 'halfHours' | 'days'): readonly number[] {
  const instants: number[] = [];
  const first = what === 'days' ? calendar.startOfDay(fromMs) : calendar.billingInstant(fromMs);
  // One beyond what is allowed is enough to be refused.
  for (let at = first; at < toMs && instants.length <= EXPORT_READINGS_MAX; ) {
    if (at >= fromMs) instants.push(at);
    at = what === 'days' ? calendar.startOfDayAfter(at, 1) : at + BILLING_INTERVAL_MS;
  }
  return instants;
}

interface RegisterLine {
  readonly profile: MeterProfile;
  readonly instantMs: number;
  readonly reading: RegisterRow | undefined;
}

const meterColumns = <Row extends { readonly profile: MeterProfile }>(): readonly XlsxColumn<Row>[] => [
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ profile }) => profile.meter.meterNumber },
  {
    ...{ header: { zh: '位置', en: 'Place' }, kind: 'text', width: 34 },
    of: ({ profile }, lang) => placeText(profile.path, lang),
  },
];

const REGISTER_COLUMNS: readonly XlsxColumn<RegisterLine>[] = [
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
  { header: { zh: '购电次数', en: 'Purchase count' }, kind: 'integer', of: ({ reading }) => reading?.purchaseCount },
  {
    ...{ header: { zh: '质量', en: 'Quality' }, kind: 'text', width: 12 },
    of: ({ reading }, lang) =>
      reading === undefined ? WORDS.missing[lang] : STATE_WORDS[lang].registerQuality[reading.quality],
  },
  { header: { zh: '来源', en: 'Source' }, kind: 'text', width: 12, of: ({ reading }) => reading?.source },
  { header: { zh: '读取时间', en: 'Read at' }, kind: 'instant', of: ({ reading }) => reading?.readAtMs },
];

/** A row for every meter and instant: an hour without a reading is a row that says so. */
async function* registerBlocks(
  { metering }: ExportsContext,
  { profiles }: Asked,
  instants: readonly number[],
): AsyncGenerator<readonly RegisterLine[]> {
  const metersAtOnce = Math.max(1, Math.floor(BLOCK_ROWS / Math.max(1, instants.length)));
  for (let at = 0; at < profiles.length; at += metersAtOnce) {
    const some = profiles.slice(at, at + metersAtOnce);
    for (let from = 0; from < instants.length; from += BLOCK_ROWS) {
      const asked = instants.slice(from, from + BLOCK_ROWS);
      const rows = await metering.registersOf(
        some.map(({ meter }) => meter.id),
        asked,
      );
      const found = Map.groupBy(rows, ({ meterId }) => meterId);
      yield some.flatMap((profile) => {
        const byInstant = new Map(found.get(profile.meter.id)?.map((row) => [row.instantMs, row]));
        return asked.map((instantMs) => ({ profile, instantMs, reading: byInstant.get(instantMs) }));
      });
    }
  }
}

interface LiveLine {
  readonly profile: MeterProfile;
  readonly atMs: number;
  readonly values: readonly (number | null | undefined)[];
}

function liveColumns(quantities: readonly Quantity[]): readonly XlsxColumn<LiveLine>[] {
  return [
    ...meterColumns<LiveLine>(),
    { header: { zh: '时刻', en: 'From' }, kind: 'instant', of: ({ atMs }) => atMs },
    ...quantities.map(
      (quantity, index): XlsxColumn<LiveLine> => ({
        header: {
          zh: `${STATE_WORDS.zh.quantity[quantity]}${unitText(quantity)}`,
          en: `${STATE_WORDS.en.quantity[quantity]}${unitText(quantity)}`,
        },
        kind: isCounter(quantity) ? 'energy' : 'decimal',
        width: 16,
        of: ({ values }) => values[index],
      }),
    ),
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
async function* liveBlocks(
  { routes }: ExportsContext,
  { actor, profiles, fromMs, toMs }: Asked,
  quantities: readonly Quantity[],
  step: '15m' | '1h' | '1d',
): AsyncGenerator<readonly LiveLine[]> {
  const spanMs = Math.min(toMs - fromMs, TREND_QUARTERS_MAX * QUARTER_MS);
  const quarters = Math.ceil(spanMs / QUARTER_MS) + 1;
  const metersAtOnce = Math.min(TREND_METERS_MAX, Math.max(1, Math.floor(TREND_QUARTERS_MAX / quarters)));
  for (let at = 0; at < profiles.length; at += metersAtOnce) {
    const some = profiles.slice(at, at + metersAtOnce);
    for (let start = fromMs; start < toMs; start += spanMs) {
      const range = { from: isoOf(start), to: isoOf(Math.min(start + spanMs, toMs)) };
      const meterIds = some.map(({ meter }) => meter.id).join(',');
      const answers: Trends[] = [];
      for (const quantity of quantities)
        answers.push(await routes.ask(getTrends, actor, { query: { meterIds, quantity, ...range, resolution: step } }));
      yield linesOf(some, answers, quantities);
    }
  }
}

function linesOf(profiles: readonly MeterProfile[], answers: readonly Trends[], quantities: readonly Quantity[]) {
  const starts = [...new Set(answers.flatMap(({ at }) => at.map(Date.parse)))].toSorted((a, b) => a - b);
  const series = answers.map(({ at, meters }, index) => {
    const part = isCounter(quantities[index] ?? 'energyWh') ? 'last' : 'mean';
    const places = new Map(at.map((instant, place) => [Date.parse(instant), place]));
    const byMeter = new Map(meters.map((meter) => [meter.meterId, meter[part]]));
    return (meterId: number, atMs: number) => byMeter.get(meterId)?.[places.get(atMs) ?? -1];
  });
  return profiles.flatMap((profile) =>
    starts
      .map((atMs) => ({ profile, atMs, values: series.map((valueAt) => valueAt(profile.meter.id, atMs)) }))
      .filter(({ values }) => values.some((value) => typeof value === 'number')),
  );
}

const isoOf = (atMs: number): string => new Date(atMs).toISOString();
