import type { Alarm, Command } from '#contract/index.ts';
import type { Sale } from '#contract/vending.ts';

/** Something that was done to a meter or happened to it. */
export type HistoryEntry =
  | { readonly sort: 'command'; readonly at: string; readonly key: string; readonly command: Command }
  | { readonly sort: 'alarm'; readonly at: string; readonly key: string; readonly alarm: Alarm }
  | { readonly sort: 'money'; readonly at: string; readonly key: string; readonly sale: Sale };

export const HISTORY_SORTS = ['all', 'command', 'alarm', 'money'] as const;
export type HistorySort = (typeof HISTORY_SORTS)[number];

/** The newest of a list; `more`: older ones were not asked for. */
export interface Newest<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}
export interface HistorySources {
  readonly commands: Newest<Command>;
  readonly alarms: Newest<Alarm>;
  readonly sales: Newest<Sale>;
}
export interface History {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Older ones exist that are not shown. */
  readonly more: boolean;
}

/**
 * One list of what was asked for. Together the sorts reach only as far back as the shortest of them: further back
 * a sort would be missing, and silence would look like nothing happened.
 */
export function historyOf({ commands, alarms, sales }: HistorySources, sort: HistorySort): History {
  const lists: readonly { sort: HistorySort; more: boolean; entries: readonly HistoryEntry[] }[] = [
    {
      sort: 'command',
      more: commands.more,
      entries: commands.items.map((command) => ({
        sort: 'command',
        at: command.givenAt,
        key: `c${command.id}`,
        command,
      })),
    },
    {
      sort: 'alarm',
      more: alarms.more,
      entries: alarms.items.map((alarm) => ({ sort: 'alarm', at: alarm.raisedAt, key: `a${alarm.id}`, alarm })),
    },
    {
      sort: 'money',
      more: sales.more,
      entries: sales.items.map((sale) => ({ sort: 'money', at: sale.at, key: `s${sale.saleId}`, sale })),
    },
  ];
  const taken = lists.filter((list) => sort === 'all' || list.sort === sort);
  const wholeFromMs = Math.max(
    Number.NEGATIVE_INFINITY,
    ...taken.filter(({ more }) => more).map(({ entries }) => Math.min(...entries.map(({ at }) => Date.parse(at)))),
  );
  const entries = taken
    .flatMap((list) => list.entries)
    .filter(({ at }) => Date.parse(at) >= wholeFromMs)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return { entries, more: taken.some(({ more }) => more) };
}

/** Entries by the day that `dayOf` names, in their order. */
export function byDay(
  entries: readonly HistoryEntry[],
  dayOf: (at: string) => string,
): readonly (readonly [day: string, entries: readonly HistoryEntry[]])[] {
  return [...Map.groupBy(entries, ({ at }) => dayOf(at))];
}
