import { type BodyOf, EXPORT_READINGS_MAX, type exportReadings, type ReadingKind } from '#contract/index.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { Quantity } from '#drivers/core/index.ts';
import { type Actor, AppError, type FileAnswer } from '#server/platform/http/index.ts';
import type { FileLang } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, localText, toFile } from './context.ts';
import { LIVE_STEP_MS, liveBlocks, liveColumns } from './liveReadings.ts';
import { namedMeters } from './namedMeters.ts';
import { planWords, type ReadingsAsked } from './readingsAsked.ts';
import { instantsOf, registerBlocks, registerColumns } from './registerReadings.ts';

const WORDS = {
  title: { zh: '抄表数据', en: 'Readings' },
  span: { zh: '时间范围', en: 'From and to' },
  before: { zh: '上期', en: 'Period before' },
  what: { zh: '内容', en: 'What' },
  meters: { zh: '表计数', en: 'Meters' },
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

/** Registers or live quantities of many meters, streamed out of the stores. */
export async function readingFile(
  context: ExportsContext,
  actor: Actor,
  lang: FileLang,
  body: BodyOf<typeof exportReadings>,
): Promise<FileAnswer> {
  const asked = await askedBy(context, actor, lang, body);
  const { what, profiles, fromMs, toMs } = asked;
  const shared = { actor, lang, title: WORDS.title[lang], propertyId: body.propertyId, about: aboutOf(asked) };
  if (what === 'halfHours' || what === 'days') {
    const instants = instantsOf(asked, EXPORT_READINGS_MAX);
    refuseTooMany(profiles.length * instants.length);
    const blocks = registerBlocks(context, asked, instants);
    return toFile(context, { ...shared, columns: registerColumns(asked), blocks });
  }
  const quantities = body.quantities ?? LIVE_QUANTITIES;
  const step = LIVE_STEPS[what];
  refuseTooMany(profiles.length * Math.ceil((toMs - fromMs) / LIVE_STEP_MS[step]));
  const columns = liveColumns(asked, quantities, step);
  return toFile(context, { ...shared, columns, blocks: liveBlocks(context, asked, quantities, step) });
}

async function askedBy(
  context: ExportsContext,
  actor: Actor,
  lang: FileLang,
  body: BodyOf<typeof exportReadings>,
): Promise<ReadingsAsked> {
  const { propertyId, what, tariffId } = body;
  const profiles = namedMeters(context, actor, body);
  const range = rangeOf(body, context.clock.nowMs());
  const property = context.estate.place(propertyId);
  const asked = {
    ...{ actor, lang, profiles, what, ...range },
    period: body.before === true ? { fromMs: range.fromMs, toMs: Date.parse(body.to) } : undefined,
    calendar: createCalendars()(property?.timeZone ?? 'UTC'),
    currency: property?.currency ?? '',
  };
  const plan = tariffId === undefined ? undefined : await planWords(context, asked, propertyId, tariffId);
  return { ...asked, plan };
}

function aboutOf({ lang, what, fromMs, toMs, period, calendar, profiles }: ReadingsAsked) {
  const spanText = (from: number, to: number) => `${localText(from, calendar)} – ${localText(to, calendar)}`;
  const backMs = period === undefined ? 0 : period.toMs - period.fromMs;
  return [
    { name: WORDS.what[lang], text: WORDS[what][lang] },
    { name: WORDS.span[lang], text: spanText(fromMs, toMs) },
    ...(period === undefined ? [] : [{ name: WORDS.before[lang], text: spanText(fromMs - backMs, fromMs) }]),
    { name: WORDS.meters[lang], text: String(profiles.length) },
  ];
}

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
