import type { LiveClient, PropertyListener } from '../../live/liveClient.ts';

/** Frames that may wait for a layout, some half a minute; beyond it everything is asked for anew. */
const WAITING_FRAMES_MAX = 128;

/** The feed of a property whose layout is still on its way. */
export interface EarlyFeed {
  /** Tells `listener` what was heard so far, and everything from now on. */
  takeOver(listener: PropertyListener): void;
  stop(): void;
}

/**
 * Joins a property at once, beside asking for its layout: states and places then come together, and a wall is painted once
 * instead of first without states.
 */
export function joinEarly(
  live: Pick<LiveClient, 'watchProperty' | 'resync'>,
  propertyId: number,
  onLayout: () => void,
): EarlyFeed {
  let waiting: ((listener: PropertyListener) => void)[] = [];
  let isTooMuch = false;
  let taker: PropertyListener | undefined;
  const stop = live.watchProperty(propertyId, {
    snapshot(frame) {
      if (taker !== undefined) return taker.snapshot(frame);
      waiting = [(listener) => listener.snapshot(frame)];
      isTooMuch = false;
    },
    delta(frame) {
      if (taker !== undefined) return taker.delta(frame);
      isTooMuch ||= waiting.length >= WAITING_FRAMES_MAX;
      if (isTooMuch) waiting = [];
      else waiting.push((listener) => listener.delta(frame));
    },
    layout: () => (taker === undefined ? onLayout() : taker.layout()),
  });
  return {
    takeOver(listener) {
      taker = listener;
      for (const tell of waiting.splice(0)) tell(listener);
      if (isTooMuch) live.resync();
    },
    stop,
  };
}
