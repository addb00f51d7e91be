import type { LocationQuery } from 'vue-router';
import { DEFAULT_TOUR, type KioskTour } from '#contract/kiosk.ts';

const TOKEN_KEY = 'meterwall.kiosk';
const SECONDS_MAX = 3_600;
const LEAST: Readonly<Record<keyof KioskTour, number>> = { dwellS: 0, alarmS: 0, touchS: 5 };
const QUERY: Readonly<Record<keyof KioskTour, string>> = { dwellS: 'dwell', alarmS: 'alarm', touchS: 'touch' };

/** The tour of a link, with what its address says otherwise: `?dwell=60&alarm=0&touch=30`, in seconds. */
export function tourOf(query: LocationQuery, linkTour: KioskTour = DEFAULT_TOUR): KioskTour {
  const seconds = (field: keyof KioskTour) => {
    const text = query[QUERY[field]];
    const value = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : linkTour[field];
    return Math.min(SECONDS_MAX, Math.max(LEAST[field], value));
  };
  return { dwellS: seconds('dwellS'), alarmS: seconds('alarmS'), touchS: seconds('touchS') };
}

/** Keeps the link's token in this browser, so that it need not stand in the address; false where that cannot be. */
export function keepToken(token: string): boolean {
  try {
    localStorage.setItem(TOKEN_KEY, token);
    return true;
  } catch {
    return false;
  }
}

/** The token that this browser keeps. */
export function keptToken(): string | undefined {
  try {
    return localStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
