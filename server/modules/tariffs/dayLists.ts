import type { BodyOf, DayList, putDayLists, putTariffSettings, TariffSettings } from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { localDay } from '#domain/tariff/dayTable.ts';
import type { Fault } from '#domain/tariff/validate.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import type { Settings } from './book.ts';
import { insertChangedDays, type NewChangedDay } from './changedDayStore.ts';
import { toSettings } from './dto.ts';
import { demandProperty, refuseFaults, type TariffDeps } from './service.ts';
import { upsertSetting } from './store.ts';

/** A day that is changed later than this after it changes nothing any more by itself. */
export const CHANGED_DAYS_BACK_MAX = 62;

export function getSettings(deps: TariffDeps, actor: Actor, propertyId: number): TariffSettings {
  demandProperty(deps, actor, 'tariff.view', propertyId);
  return toSettings(deps.book.settings(propertyId));
}

/** Days may be told afterwards (a hot day is known in the evening); a list that a tariff names stays. */
export async function replaceDayLists(
  deps: TariffDeps,
  actor: Actor,
  propertyId: number,
  { version, dayLists }: BodyOf<typeof putDayLists>,
): Promise<TariffSettings> {
  demandProperty(deps, actor, 'tariff.edit', propertyId);
  refuseFaults(listFaults(dayLists));
  const before = demandSettings(deps, propertyId, version);
  const names = new Set(dayLists.map(({ name }) => name));
  const missing = namesInUse(deps, propertyId).find((name) => !names.has(name));
  if (missing !== undefined)
    throw new AppError('conflict.in-use', `A tariff has a rule for the day list ${missing}: keep the list.`, [
      { field: 'dayLists', message: `must have ${missing}` },
    ]);
  const sorted = dayLists.map(({ name, days }) => ({ name, days: days.toSorted() }));
  const changes = listChanges(before.dayLists, sorted);
  return store(
    deps,
    actor,
    before,
    { ...before, dayLists: sorted },
    { dayLists: Object.fromEntries(changes) },
    changes,
  );
}

export async function changeSettings(
  deps: TariffDeps,
  actor: Actor,
  propertyId: number,
  { version, secondPerson }: BodyOf<typeof putTariffSettings>,
): Promise<TariffSettings> {
  demandProperty(deps, actor, 'money.settings', propertyId);
  const before = demandSettings(deps, propertyId, version);
  return store(deps, actor, before, { ...before, secondPerson }, { secondPerson }, []);
}

async function store(
  { db, book, calendarOf, nowMs }: TariffDeps,
  actor: Actor,
  before: Settings,
  wanted: Settings,
  after: object,
  changes: readonly ListChange[],
): Promise<TariffSettings> {
  const { propertyId } = before;
  return db.tx(async (tx) => {
    const row = await upsertSetting(tx, propertyId, before.version, wanted);
    if (row === undefined) throw changedMeanwhile();
    await audit(tx, {
      actor,
      action: 'tariff.settings',
      subjectKind: 'place',
      subjectId: propertyId,
      propertyId,
      before: { secondPerson: before.secondPerson },
      after,
    });
    const by = { userId: actor.userId, actorName: actor.displayName, atMs: nowMs() };
    const past = pastDays(changes, calendarOf(propertyId), by.atMs);
    await insertChangedDays(tx, { propertyId, version: row.version, ...by }, past);
    tx.afterCommit(() => book.setSettings(row));
    return toSettings({ ...wanted, version: row.version });
  });
}

function demandSettings({ book }: TariffDeps, propertyId: number, version: number): Settings {
  const settings = book.settings(propertyId);
  if (settings.version !== version) throw changedMeanwhile();
  return settings;
}

function changedMeanwhile(): AppError {
  return new AppError('conflict.changed-meanwhile', 'Somebody changed these settings meanwhile: load them again.');
}

function listFaults(lists: readonly DayList[]): Fault[] {
  const names = lists.map(({ name }) => name);
  return lists.flatMap(({ name, days }, index) => {
    const field = `dayLists.${index}`;
    if (names.indexOf(name) !== index) return [{ field: `${field}.name`, message: 'is the name of another list' }];
    const wrong = days.findIndex((day) => localDay(day) === undefined);
    if (wrong >= 0) return [{ field: `${field}.days.${wrong}`, message: 'must be a day like 2026-10-01' }];
    return new Set(days).size === days.length ? [] : [{ field: `${field}.days`, message: 'must name each day once' }];
  });
}

function namesInUse({ book }: TariffDeps, propertyId: number): string[] {
  const versions = book.tariffsOfProperty(propertyId).flatMap(({ id }) => book.versionsOf(id));
  return versions
    .filter(({ decision }) => decision?.published !== false)
    .flatMap(({ body }) => (body.kind === 'timeOfUse' ? body.days.rules.flatMap(({ list }) => list ?? []) : []));
}

type ListChange = readonly [
  name: string,
  days: { readonly added: readonly string[]; readonly removed: readonly string[] },
];

/** Days that came and went, by list: what the audit log tells. */
function listChanges(before: readonly DayList[], after: readonly DayList[]): readonly ListChange[] {
  const daysOf = (lists: readonly DayList[], name: string) => lists.find((list) => list.name === name)?.days ?? [];
  const names = [...new Set([...before, ...after].map(({ name }) => name))];
  const changes = names.map((name): ListChange => {
    const [old, now] = [daysOf(before, name), daysOf(after, name)];
    const added = now.filter((day) => !old.includes(day));
    const removed = old.filter((day) => !now.includes(day));
    return [name, { added, removed }];
  });
  return changes.filter(([, { added, removed }]) => added.length + removed.length > 0);
}

/** Days of which something may have been charged already. */
function pastDays(changes: readonly ListChange[], calendar: ZonedCalendar, nowMs: number): readonly NewChangedDay[] {
  const today = dayName(calendar, nowMs);
  const first = dayName(calendar, calendar.startOfDayAfter(nowMs, -CHANGED_DAYS_BACK_MAX));
  return changes
    .flatMap(([list, { added, removed }]) => [
      ...added.map((day) => ({ list, day, named: true })),
      ...removed.map((day) => ({ list, day, named: false })),
    ])
    .filter(({ day }) => day >= first && day <= today);
}

/** `2026-11-22`: the local day that holds this instant. */
function dayName(calendar: ZonedCalendar, atMs: number): string {
  return new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 10);
}
