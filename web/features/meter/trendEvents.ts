import type { MeterEvent } from '#contract/timeline.ts';
import type { TrendEvent } from '../../charts/trendOption.ts';
import type { Span } from '../../charts/trendSeries.ts';

/** Marks closer together than this share of the axis become one, so that their words have room. */
const ROOM_SHARE = 0.09;

/** What is worth a mark on the axis: routine reads and clocks are not, nor what was given and not done. */
export function isMarked(event: MeterEvent): boolean {
  if (event.sort !== 'command') return true;
  return event.kind !== 'read' && event.kind !== 'clock' && event.state === 'verified';
}

/**
 * Marks on the time axis, oldest first: neighbours without room between them share one, which says how many they are.
 * Pure.
 */
export function eventMarks(
  events: readonly MeterEvent[],
  range: Span,
  words: { readonly one: (event: MeterEvent) => string; readonly several: (count: number) => string },
): readonly TrendEvent[] {
  const room = (range.toMs - range.fromMs) * ROOM_SHARE;
  const groups: { atMs: number; events: MeterEvent[] }[] = [];
  const shown = events
    .filter(isMarked)
    .map((event) => ({ event, atMs: Date.parse(event.at) }))
    .filter(({ atMs }) => atMs >= range.fromMs && atMs <= range.toMs)
    .sort((a, b) => a.atMs - b.atMs);
  for (const { event, atMs } of shown) {
    const last = groups.at(-1);
    if (last !== undefined && atMs - last.atMs < room) last.events.push(event);
    else groups.push({ atMs, events: [event] });
  }
  return groups.map(({ atMs, events: [first, ...others] }) => ({
    atMs,
    label: first === undefined ? '' : others.length === 0 ? words.one(first) : words.several(others.length + 1),
  }));
}
