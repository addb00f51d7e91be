import type { Alarm, Names } from '#contract/index.ts';

type NameOf = (names: Names | undefined) => string;

/** "Mall 3F-27": building and room; floors are part of a room's name, the property stands in the header. */
export function placeText(alarm: Alarm, name: NameOf): string {
  const steps = alarm.path.slice(1).map(name);
  const [building] = steps;
  const last = steps.at(-1);
  if (building === undefined || last === undefined) return name(alarm.path[0]) || name(alarm.label);
  return steps.length === 1 ? building : `${building} ${last}`;
}

/** The whole path, for the detail and for screen readers. */
export const pathText = (alarm: Pick<Alarm, 'path'>, name: NameOf): string =>
  alarm.path.map(name).filter(Boolean).join(' / ');
