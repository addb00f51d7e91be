import type { Alarm, Names } from '#contract/index.ts';

import { placeName, saidOnce } from '../../ui/saidOnce.ts';

type NameOf = (names: Names | undefined) => string;

/** "Mall 3F-27": building and room; floors are part of a room's name, the property stands in the header. */
export function placeText(alarm: Alarm, name: NameOf): string {
  const steps = alarm.path.slice(1).map(name);
  const [building] = steps;
  const last = steps.at(-1);
  if (building === undefined || last === undefined) return name(alarm.path[0]) || name(alarm.label);
  return steps.length === 1 ? building : placeName(building, last);
}

/**
 * The place and the name of what stands there: "Tower A" and "lifts" of the meter that is called "Tower A lifts", "Tower B 9F"
 * and "9–12F" of the gateway "Tower B 9–12F".
 */
export function whereOf(alarm: Alarm, name: NameOf): { readonly place: string; readonly label: string } {
  const building = name(alarm.path[1] ?? alarm.path[0]);
  const [place = '', ...label] = saidOnce([placeText(alarm, name), without(building, name(alarm.label))]);
  return { place, label: label.join(' ') };
}

function without(building: string, label: string): string {
  if (label === building) return '';
  const [first, rest] = saidOnce([building, label]);
  return first === building && rest !== undefined ? rest : label;
}

/** Both as one. */
export function wholeText(alarm: Alarm, name: NameOf): string {
  const { place, label } = whereOf(alarm, name);
  return `${place} ${label}`.trim();
}

/** The whole path, for the detail and for screen readers. */
export const pathText = (alarm: Pick<Alarm, 'path'>, name: NameOf): string =>
  alarm.path.map(name).filter(Boolean).join(' / ');
