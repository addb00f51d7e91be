import type { Charge, ChargeCorrection, getCharge, ResponseOf } from '#contract/index.ts';
import { formatDecimal, PRICE_DECIMALS, parseDecimal } from '#domain/money/amount.ts';
import { wallClock } from '../../charts/zoneTime.ts';
import { MINUS } from '../../ui/format.ts';

export type ChargeDetail = ResponseOf<typeof getCharge>;
export type Segment = ChargeDetail['segments'][number];
export type Medium = Charge['medium'];

/** Decimals of the currency in which amounts are exact. */
const EXACT_DECIMALS = 11;
const PARTS_PER_MINOR = 10n ** BigInt(EXACT_DECIMALS - 2);
const DECIMALS_LEAST = 2;

/** Litres are to a cubic metre what watt hours are to a kilowatt hour. */
export const unitOf = (medium: Medium): string => (medium === 'water' ? 'm³' : 'kWh');

/** Charges of one day of the property, as a balance knows them: by when the money left. */
export interface ChargeDay {
  readonly key: string;
  readonly charges: readonly Charge[];
  readonly amountMinor: bigint;
  readonly used: readonly (readonly [Medium, bigint])[];
  /** False: the list goes on with this day on its next page. */
  readonly whole: boolean;
}

/** A list of charges, newest first, by days; `whole`: there is no further page. */
export function byDay(charges: readonly Charge[], timeZone: string, whole: boolean): readonly ChargeDay[] {
  const dayOf = ({ chargedAt }: Charge) => {
    const { year, month, day } = wallClock(Date.parse(chargedAt), timeZone);
    return `${year}-${month}-${day}`;
  };
  const days = [...Map.groupBy(charges, dayOf)];
  return days.map(([key, ofDay], index) => ({
    ...{ key, charges: ofDay, whole: whole || index < days.length - 1 },
    amountMinor: ofDay.reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n),
    used: (['electricity', 'water'] as const).flatMap((medium) => {
      const some = ofDay.filter((charge) => charge.medium === medium);
      return some.length === 0 ? [] : [[medium, some.reduce((sum, one) => sum + BigInt(one.quantityWh), 0n)] as const];
    }),
  }));
}

const partsOf = (segments: readonly Segment[]): bigint =>
  segments.flatMap(({ lines }) => lines).reduce((sum, { exact }) => sum + parseDecimal(exact, EXACT_DECIMALS), 0n);

/** What a line of a bill costs, exactly: a price of eight decimals per thousand Wh has eleven. */
export const partsOfLine = ({
  price,
  quantityWh,
}: Pick<ChargeCorrection['lines'][number], 'price' | 'quantityWh'>): bigint =>
  parseDecimal(price, PRICE_DECIMALS) * BigInt(quantityWh);

/** The correction that a charge is of. */
export const ownCorrection = ({ charge, corrections }: ChargeDetail): ChargeCorrection | undefined =>
  corrections.find(({ id }) => id === charge.correctionId);

/**
 * How a charge comes about: the exact amounts of its segments, or of the lines that a correction changed, and what rounding
 * adds so that whole cents leave the balance. All in parts of the currency; they add up to the amount.
 */
export function workedOut(detail: ChargeDetail) {
  const correction = ownCorrection(detail);
  const own =
    correction === undefined
      ? partsOf(detail.segments)
      : correction.lines.reduce((sum, line) => sum + partsOfLine(line), 0n);
  const amount = BigInt(detail.charge.amountMinor) * PARTS_PER_MINOR;
  return { own, rounding: amount - own, amount };
}

/** A decimal text without zeros that say nothing: "0.73570000" → "0.7357", "1.00000000" → "1.00". */
export function shortDecimal(text: string): string {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const figure = `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction.replace(/0+$/, '').padEnd(DECIMALS_LEAST, '0')}`;
  return text.startsWith('-') && /[1-9]/.test(figure) ? `${MINUS}${figure}` : figure;
}

/** Parts of the currency with all the decimals that they have. */
export const exactText = (parts: bigint): string => shortDecimal(formatDecimal(parts, EXACT_DECIMALS));
/** A price as published, with up to eight decimals. */
export const priceText = (price: string): string =>
  shortDecimal(formatDecimal(parseDecimal(price, PRICE_DECIMALS), PRICE_DECIMALS));
