import type { getAlarm, listAlarmAssignees, QueryOf, ResponseOf } from '#contract/index.ts';
import { holdersOf } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, scopeCovers, toPage } from '#server/platform/http/index.ts';
import type { CurrentAlarms } from './current.ts';
import { toAlarm, toEvent } from './dto.ts';
import { type AlarmFilter, selectAlarm, selectAlarms, selectEvents, selectHandName } from './store.ts';

/** Of one alarm, the newest; a chattering one has thousands. */
const EVENTS_MAX = 500;

export interface AlarmServiceDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly current: CurrentAlarms;
}

export interface AlarmListQuery extends AlarmFilter {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export type AlarmService = ReturnType<typeof createAlarmService>;

/** What people ask about alarms. */
export function createAlarmService({ db, estate, current }: AlarmServiceDeps) {
  return {
    async list(actor: Actor, query: AlarmListQuery) {
      const limit = query.limit ?? PAGE_ROWS;
      const scope = actor.scope('alarm.view');
      const rows = await selectAlarms(db, scope, query, actor.userId, cursorId(query.cursor), limit + 1);
      return toPage(rows, limit, (row): number => row.id, toAlarm);
    },

    counts: (actor: Actor, propertyId: number | undefined) =>
      current.counts(actor.scope('alarm.view'), propertyId, actor.userId),

    /** Throws `not-found`. */
    async one(actor: Actor, alarmId: number): Promise<ResponseOf<typeof getAlarm>> {
      const row = await selectAlarm(db, actor.scope('alarm.view'), alarmId);
      if (row === undefined) throw noAlarm();
      const events = await selectEvents(db, alarmId, EVENTS_MAX + 1);
      return {
        alarm: toAlarm(row),
        events: events.slice(0, EVENTS_MAX).map(toEvent),
        moreEvents: events.length > EVENTS_MAX,
      };
    },

    /** Throws `not-found` for a place outside the right. */
    async assignees(
      actor: Actor,
      { propertyId, placeId }: QueryOf<typeof listAlarmAssignees>,
    ): Promise<ResponseOf<typeof listAlarmAssignees>> {
      const place = estate.place(placeId ?? propertyId);
      const buildingId = place === undefined ? undefined : buildingOf(estate, place.id);
      const isSeen = scopeCovers(actor.scope('alarm.acknowledge'), propertyId, buildingId);
      if (place?.propertyId !== propertyId || !isSeen) throw new AppError('not-found', 'There is no such place.');
      return { items: [...(await holdersOf(db, 'alarm.acknowledge', { propertyId, buildingId }))] };
    },

    /**
     * What a person is called whom the asker can see on the alarms: who had to do with one, else who can be given one.
     * Undefined for anybody else.
     */
    async personName(actor: Actor, userId: number, propertyId: number | undefined): Promise<string | undefined> {
      const known = await selectHandName(db, actor.scope('alarm.view'), userId);
      if (known !== undefined) return known;
      const properties = estate.properties().filter(({ id }) => propertyId === undefined || id === propertyId);
      for (const { id } of properties.filter((one) => scopeCovers(actor.scope('alarm.acknowledge'), one.id))) {
        const holder = (await holdersOf(db, 'alarm.acknowledge', { propertyId: id })).find(
          (one) => one.userId === userId,
        );
        if (holder !== undefined) return holder.name;
      }
      return undefined;
    },
  };
}

export function noAlarm(): AppError {
  return new AppError('not-found', 'There is no such alarm.');
}

/** The building that a place is or stands in. */
function buildingOf(estate: EstateReader, placeId: number): number | undefined {
  for (let place = estate.place(placeId); place !== undefined; ) {
    if (place.kind === 'building') return place.id;
    place = place.parentId === undefined ? undefined : estate.place(place.parentId);
  }
  return undefined;
}
