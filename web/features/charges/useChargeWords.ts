import { useI18n } from 'vue-i18n';
import type { Charge, QuarantinedRead } from '#contract/settlement.ts';
import { wallClock } from '../../charts/zoneTime.ts';
import { ABSENT, formatMoney, formatTime } from '../../ui/format.ts';
import { placeName } from '../../ui/saidOnce.ts';
import { useFormat } from '../../ui/useFormat.ts';
import { kwhText, registerDecimals } from '../meter/registerRows.ts';
import { useLabel } from '../tariffs/useLabel.ts';
import { type Medium, type Segment, unitOf } from './chargeFigures.ts';

type Subject = Pick<Charge, 'meterId' | 'meterNumber' | 'room'>;

/** How charges are told: instants by the property's clock, figures with their units. Only inside setup functions. */
export function useChargeWords(of: { readonly timeZone: () => string; readonly currency: () => string }) {
  const { t } = useI18n();
  const format = useFormat();
  const label = useLabel();
  const dayOf = (at: string) => {
    const { year, month, day } = wallClock(Date.parse(at), of.timeZone());
    return `${year}-${month}-${day}`;
  };
  const full = (at: string) => `${format.day(at, of.timeZone())} ${formatTime(at, of.timeZone(), false)}`;
  const figure = (wh: string | bigint) => kwhText(wh, registerDecimals([String(wh)]));
  return {
    full,
    day: (at: string) => format.day(at, of.timeZone()),
    time: (at: string) => formatTime(at, of.timeZone(), false),
    /** "10:00 – 10:30", with days where it is not one day, or not the day that it stands under. */
    period(from: string, to: string, under?: string): string {
      const short = (at: string) => formatTime(at, of.timeZone(), false);
      const last = new Date(Date.parse(to) - 1).toISOString();
      if (dayOf(from) !== dayOf(last)) return `${full(from)} – ${full(to)}`;
      // Midnight is the end of the day that it ends.
      const hours = `${short(from)} – ${dayOf(to) === dayOf(last) ? short(to) : '24:00'}`;
      return under !== undefined && dayOf(under) === dayOf(from)
        ? hours
        : `${format.day(from, of.timeZone())} ${hours}`;
    },
    figure,
    energy: (wh: string | bigint, medium: Medium = 'electricity') => `${figure(wh)} ${unitOf(medium)}`,
    money: (minor: string | bigint | undefined) => formatMoney(minor, of.currency()),
    room: ({ room, meterNumber, meterId }: Subject) => placeName(format.name(room)) || (meterNumber ?? `#${meterId}`),
    meter: ({ meterNumber }: Subject) =>
      meterNumber === undefined ? ABSENT : t('charges.meterNumber', { number: meterNumber }),
    rate({ label: key, component }: Pick<Segment['lines'][number], 'label' | 'component'>): string {
      const text = key === 'energy' ? t('charges.detail.onePrice') : label(key);
      return component === undefined ? text : `${text} · ${component}`;
    },
    decision: ({ decision, decidedBy, decidedAt }: QuarantinedRead) =>
      decision === undefined || decidedAt === undefined
        ? ''
        : t(`charges.doubt.decided.${decision}`, { by: decidedBy ?? ABSENT, at: full(decidedAt) }),
  };
}
export type ChargeWords = ReturnType<typeof useChargeWords>;
