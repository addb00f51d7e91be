import type { KioskTour } from '#contract/kiosk.ts';

/** What a wall shows: everything, or one property. */
export type Stop = 'all' | number;

/** A new alarm that is worth being shown. */
export interface TourAlarm {
  readonly propertyId: number;
  /** Absent where no single meter is the source. */
  readonly meterId?: number;
}

/**
 * Where the tour stands. `touched`: a person decides, and the stop is theirs; `alarm`: an alarm is shown on top of the stop;
 * `round`: it goes its way.
 */
export interface TourState {
  readonly mode: 'round' | 'alarm' | 'touched';
  readonly stop: Stop;
  /** Stays with `touched` until the person goes elsewhere: it is what they came to look at. */
  readonly alarm?: TourAlarm;
  /** Came while a person was there: shown when the wall is left alone. Only the newest. */
  readonly waiting?: TourAlarm;
  readonly untilMs: number;
}

export type TourEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'touch' }
  /** A person goes somewhere. */
  | { readonly kind: 'go'; readonly stop: Stop }
  | { readonly kind: 'alarm'; readonly alarm: TourAlarm };

/** The stops of a tour: all at once first, where there are several. */
export function stopsOf(propertyIds: readonly number[]): readonly Stop[] {
  return propertyIds.length === 1 ? propertyIds : ['all', ...propertyIds];
}

/** A tour at its first stop. */
export function beginTour(propertyIds: readonly number[], tour: KioskTour, nowMs: number): TourState {
  return { mode: 'round', stop: stopsOf(propertyIds)[0] ?? 'all', untilMs: nowMs + tour.dwellS * 1_000 };
}

/** The tour after an event; the same object when nothing changed. Pure: time is an argument. */
export function nextTour(
  state: TourState,
  event: TourEvent,
  { propertyIds, tour, nowMs }: { propertyIds: readonly number[]; tour: KioskTour; nowMs: number },
): TourState {
  const touchedUntilMs = nowMs + tour.touchS * 1_000;
  switch (event.kind) {
    case 'touch':
      // Whoever touches a wall that shows an alarm wants to look at it: the wall stays as it is, with its card.
      return {
        mode: 'touched',
        stop: state.alarm?.propertyId ?? state.stop,
        untilMs: touchedUntilMs,
        ...(state.alarm === undefined ? {} : { alarm: state.alarm }),
        ...waitingOf(state),
      };
    case 'go':
      return { mode: 'touched', stop: event.stop, untilMs: touchedUntilMs, ...waitingOf(state) };
    case 'alarm':
      if (tour.alarmS === 0) return state;
      if (state.mode === 'touched') return { ...state, waiting: event.alarm };
      return showing(state, event.alarm, tour, nowMs);
    case 'tick':
      if (nowMs < state.untilMs) return state;
      if (state.waiting !== undefined) return showing(state, state.waiting, tour, nowMs);
      return onwards(state, propertyIds, tour, nowMs);
  }
}

function showing(state: TourState, alarm: TourAlarm, tour: KioskTour, nowMs: number): TourState {
  return { mode: 'alarm', stop: state.stop, alarm, untilMs: nowMs + tour.alarmS * 1_000 };
}

/** From an alarm or a person back to the round; on the round to the next stop. */
function onwards(state: TourState, propertyIds: readonly number[], tour: KioskTour, nowMs: number): TourState {
  const stops = stopsOf(propertyIds);
  const at = stops.indexOf(state.stop);
  const moves = tour.dwellS > 0 && stops.length > 1;
  if (state.mode === 'round' && !moves && at >= 0) return state;
  const first = stops[0] ?? 'all';
  // A wall that makes no tour goes home when the person has left.
  const stop = !moves
    ? state.mode === 'alarm' && at >= 0
      ? state.stop
      : first
    : (stops[(at + 1) % stops.length] ?? first);
  return { mode: 'round', stop, untilMs: nowMs + tour.dwellS * 1_000 };
}

function waitingOf({ waiting }: TourState): Pick<TourState, 'waiting'> {
  return waiting === undefined ? {} : { waiting };
}
