import { getTariff, getTariffSettings, type ReadingKind } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Period } from '#domain/periodBefore.ts';
import { planOf, planWithin } from '#domain/tariff/plan.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import type { FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, placeText } from './context.ts';

/** Rates of a plan within a bucket, in words; undefined where none was in force. */
export type PlanWords = (fromMs: number, toMs: number) => string | undefined;

/** What a file of readings was asked for. */
export interface ReadingsAsked {
  readonly actor: Actor;
  readonly lang: FileLang;
  readonly profiles: readonly MeterProfile[];
  readonly what: ReadingKind;
  /** What is past of the period. */
  readonly fromMs: number;
  readonly toMs: number;
  /** As it was asked for, which says where the period before begins; undefined where none stands beside. */
  readonly period: Period | undefined;
  readonly calendar: ZonedCalendar;
  readonly plan: PlanWords | undefined;
  readonly currency: string;
}

/** Heading of a column that shows the period before. */
export function beforeHeader({ zh, en }: FileWords, unit = ''): FileWords {
  return { zh: `${zh}，上期${unit}`, en: `${en}, period before${unit}` };
}

/** Columns that name the meter of a row. */
export const meterColumns = <Row extends { readonly profile: MeterProfile }>(): readonly XlsxColumn<Row>[] => [
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ profile }) => profile.meter.meterNumber },
  {
    ...{ header: { zh: '位置', en: 'Place' }, kind: 'text', width: 34 },
    of: ({ profile }, lang) => placeText(profile.path, lang),
  },
];

/** The plan beside the values; no column where none was asked for. `bucketOf` says what a row stands for. */
export function planColumn<Row>(
  { plan, currency }: ReadingsAsked,
  bucketOf: (row: Row) => { readonly fromMs: number; readonly toMs: number },
): readonly XlsxColumn<Row>[] {
  if (plan === undefined) return [];
  const unit = ` (${currency}/kWh)`;
  return [
    {
      ...{ header: { zh: `电价时段${unit}`, en: `Tariff period${unit}` }, kind: 'text', width: 24 },
      of: (row) => {
        const { fromMs, toMs } = bucketOf(row);
        return plan(fromMs, toMs);
      },
    },
  ];
}

/**
 * The periods of a tariff over the span, in words. Throws `not-found` for a tariff of another property or beyond the right.
 */
export async function planWords(
  { routes }: ExportsContext,
  { actor, lang, fromMs, toMs, calendar }: Omit<ReadingsAsked, 'plan'>,
  propertyId: number,
  tariffId: number,
): Promise<PlanWords> {
  const { tariff, versions } = await routes.ask(getTariff, actor, { params: { tariffId } });
  if (tariff.propertyId !== propertyId)
    throw new AppError('not-found', `There is no tariff ${tariffId} in property ${propertyId}: load the page again.`);
  const { dayLists } = await routes.ask(getTariffSettings, actor, { params: { propertyId } });
  const spans = planOf(versions, dayLists, calendar, { fromMs, toMs });
  const wordOf = STATE_WORDS[lang].rate;
  return (from, to) => {
    const found = planWithin(spans, from, to).map(({ rate, price }) => `${wordOf[rate]} ${price}`);
    return found.length === 0 ? undefined : found.join(lang === 'zh' ? '，' : ', ');
  };
}
