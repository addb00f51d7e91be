import type { TariffBodyText, TariffVersion } from '#contract/tariffs.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { RATES, type Rate } from '#domain/tariff/types.ts';

export const SLOTS_PER_DAY = 96;
const SLOT_MINUTES = 15;

/** From this quarter hour of the day on, until the next start. */
export interface PeriodStart {
  /** `08:15`. */
  at: string;
  rate: Rate;
}

type TimeOfUse = Extract<TariffBodyText, { kind: 'timeOfUse' }>;
type Steps = NonNullable<TimeOfUse['steps']>;
export type DayRuleText = TimeOfUse['days']['rules'][number];

/** A version as it is typed. Months change prices, rarely their hours: it begins as a copy of the version before. */
export interface VersionForm {
  kind: TariffBodyText['kind'];
  /** Local day and time of the property. */
  date: string;
  time: string;
  price: string;
  prices: Record<Rate, string>;
  tables: PeriodStart[][];
  /** Which table holds when; copied. */
  rules: readonly DayRuleText[];
  period: Steps['period'];
  steps: { upTo: string; price: string }[];
  /** Steps on top of time-of-use prices; copied. */
  added: Steps | undefined;
  note: string;
}

/** A stretch of one rate within a day; slots are quarter hours. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly rate: Rate;
}

/** 96 rates as stretches. */
export function runsOf(rates: readonly Rate[]): Run[] {
  const runs: { from: number; to: number; rate: Rate }[] = [];
  for (const [slot, rate] of rates.entries()) {
    const last = runs.at(-1);
    if (last?.rate === rate) last.to = slot + 1;
    else runs.push({ from: slot, to: slot + 1, rate });
  }
  return runs;
}

/** Slot 33 → `08:15`; slot 96 is the end of the day. */
export function slotTime(slot: number): string {
  const minutes = slot * SLOT_MINUTES;
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Starts in any order as 96 rates; what lies before the first start has the rate of the last, as the night goes on. */
export function slotsOf(starts: readonly PeriodStart[]): Rate[] {
  const sorted = starts.toSorted((a, b) => a.at.localeCompare(b.at));
  return Array.from({ length: SLOTS_PER_DAY }, (_, slot) => {
    const time = slotTime(slot);
    return (sorted.findLast(({ at }) => at <= time) ?? sorted.at(-1))?.rate ?? 'flat';
  });
}

/** The form of the next version: a copy of the newest one, at the next midnight of the property. */
export function versionForm(newest: TariffVersion | undefined, nowMs: number, timeZone: string): VersionForm {
  const calendar = zonedCalendar(timeZone);
  const nextMs = calendar.startOfDayAfter(nowMs, 1);
  const form: VersionForm = {
    kind: newest?.body.kind ?? 'single',
    date: new Date(nextMs + calendar.offsetMs(nextMs)).toISOString().slice(0, 10),
    time: '00:00',
    price: '',
    prices: { sharp: '', peak: '', flat: '', valley: '', deepValley: '' },
    tables: [[{ at: '00:00', rate: 'flat' }]],
    rules: [{ table: 0 }],
    period: 'month',
    steps: [{ upTo: '', price: '' }],
    added: undefined,
    note: '',
  };
  return newest === undefined ? form : { ...form, ...copied(newest.body) };
}

function copied(body: TariffBodyText): Partial<VersionForm> {
  if (body.kind === 'single') return { price: body.price };
  if (body.kind === 'stepped') {
    const { period, steps } = body.steps;
    return { period, steps: steps.map(({ upTo, price }) => ({ upTo: upTo ?? '', price })) };
  }
  return {
    prices: { ...body.prices },
    tables: body.days.tables.map((table) => runsOf(table).map(({ from, rate }) => ({ at: slotTime(from), rate }))),
    rules: body.days.rules,
    added: body.steps,
  };
}

/** What is sent. Whether it can be charged is the server's word. */
export function versionBody(form: VersionForm): TariffBodyText {
  switch (form.kind) {
    case 'single':
      return { kind: 'single', price: form.price.trim() };
    case 'stepped': {
      const last = form.steps.length - 1;
      const steps = form.steps.map(({ upTo, price }, index) => ({
        price: price.trim(),
        ...(index === last && upTo.trim() === '' ? {} : { upTo: upTo.trim() }),
      }));
      return { kind: 'stepped', steps: { period: form.period, steps } };
    }
    case 'timeOfUse': {
      const days = { tables: form.tables.map(slotsOf), rules: form.rules.map((rule) => ({ ...rule })) };
      const [sharp = '', peak = '', flat = '', valley = '', deepValley = ''] = RATES.map((rate) =>
        form.prices[rate].trim(),
      );
      const prices = { sharp, peak, flat, valley, deepValley };
      return { kind: 'timeOfUse', prices, days, ...(form.added === undefined ? {} : { steps: form.added }) };
    }
  }
}

/** The instant at which the property's clock shows the form's date and time; undefined while they are not typed. */
export function effectiveFrom({ date, time }: VersionForm, timeZone: string): string | undefined {
  const localMs = Date.parse(`${date}T${time}:00Z`);
  if (Number.isNaN(localMs)) return undefined;
  const calendar = zonedCalendar(timeZone);
  const guess = localMs - calendar.offsetMs(localMs);
  return new Date(localMs - calendar.offsetMs(guess)).toISOString();
}
