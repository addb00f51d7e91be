import type { Alarm } from '#contract/index.ts';
import { keep, kept } from '../../app/kept.ts';

/** Alarms that are kept of one question: enough for a shift, small enough for any browser's store. */
export const KEPT_ALARMS_MAX = 500;

/** What the list last showed. */
export interface KeptAlarms {
  /** The question it answers, as text. */
  readonly query: string;
  /** When it was last known to be so, server time, ms. */
  readonly asOfMs: number;
  readonly items: readonly Alarm[];
}

const nameOf = (userId: number): string => `alarms.${userId}`;

/** Keeps what the list shows now, for a reload without signal; the last question only. */
export function keepAlarms(userId: number, { query, asOfMs, items }: KeptAlarms): void {
  keep(nameOf(userId), { query, asOfMs, items: items.slice(0, KEPT_ALARMS_MAX) });
}

/** What was kept of exactly this question: another one's answer would show too few. */
export function keptAlarms(userId: number, query: string): KeptAlarms | undefined {
  const value = kept(nameOf(userId));
  return isKept(value) && value.query === query ? value : undefined;
}

function isKept(value: unknown): value is KeptAlarms {
  return (
    typeof value === 'object' &&
    value !== null &&
    'query' in value &&
    'asOfMs' in value &&
    typeof value.asOfMs === 'number' &&
    'items' in value &&
    Array.isArray(value.items)
  );
}
