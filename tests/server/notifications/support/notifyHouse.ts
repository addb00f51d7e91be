import sql from 'sql-template-tag';
import type { Alarm, AlarmKind, Delivery, MyNotifications, NotifyWishes } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../../support/houseServer.ts';
import type { Client } from '../../../support/server.ts';
import { type HookServer, startHookServer } from './hookServer.ts';
import { type MailServer, startMailServer } from './mailServer.ts';
import { type PushService, startPushService } from './pushService.ts';
import { until } from './until.ts';

export const ORIGIN = 'https://meters.example.com';
export const FROM = 'Meterwall <alarms@example.com>';
/** So that a test sees a message given up. */
const LIMITS = { firstMs: 50, longestMs: 200, attemptsMax: 3 };
/** A server that hangs is waited for so long. */
const HANG_MS = 400;

export interface WrittenAlarm {
  readonly property: string;
  readonly building?: string;
  /** Of the thing that it is about. */
  readonly label: string;
  readonly kind?: AlarmKind;
  readonly severity?: 1 | 2 | 3;
}

/** The house with everything around it that takes messages: all of it real, on this machine. */
export interface NotifyHouse extends HouseServer {
  readonly mail: MailServer;
  readonly hooks: HookServer;
  readonly push: PushService;
  /** Sets somebody's wishes; what is not named is as whoever said nothing has it. */
  wish(client: Client, change: Partial<NotifyWishes>): Promise<MyNotifications>;
  /** The meter says that its money is so. */
  money(meterNumber: string, money: 'normal' | 'arrears' | 'alarm1' | 'alarm2'): void;
  /** Writes an alarm as the alarms do, with its announcement, in one transaction with all others of the call. */
  raise(...alarms: readonly WrittenAlarm[]): Promise<readonly number[]>;
  /** Its condition is gone. */
  clear(alarmId: number): Promise<void>;
  log(query?: string, client?: Client): Promise<readonly Delivery[]>;
  /** Waits for a delivery that is so. */
  delivery(what: string, wanted: (delivery: Delivery) => boolean): Promise<Delivery>;
  alarms(query?: string): Promise<readonly Alarm[]>;
}

export async function startNotifyHouse(): Promise<NotifyHouse> {
  const [mail, hooks, push] = await Promise.all([startMailServer(), startHookServer(), startPushService()]);
  const house = await startHouseServer({
    settings: { SMTP_URL: mail.url, SMTP_FROM: FROM, PUBLIC_ORIGIN: ORIGIN },
    notify: {
      limits: LIMITS,
      mailTimes: { stepMs: HANG_MS, wholeMs: 2 * HANG_MS },
      webhookTimeoutMs: HANG_MS,
      pushNetwork: push.network,
    },
  });
  const { boss, server } = house;
  let things = 0;
  const log: NotifyHouse['log'] = async (query = '', client = boss) =>
    itemsOf(await client.request('GET', `/api/notifications/deliveries?limit=500&${query}`)) as readonly Delivery[];
  const money: NotifyHouse['money'] = (meterNumber, state) =>
    house.take(house.reading(meterNumber, { status: { relay: 'closed', forced: 'none', money: state } }));
  return {
    ...house,
    ...{ mail, hooks, push, money, log },
    async wish(client, change) {
      const { body } = await client.request('GET', '/api/notifications/mine');
      const { version, wishes } = body as MyNotifications;
      const answer = await client.request('PUT', '/api/notifications/mine', {
        version,
        wishes: { ...wishes, timeZone: 'Asia/Shanghai', ...change },
      });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return answer.body as MyNotifications;
    },
    async raise(...alarms) {
      const rows = alarms.map(({ property, building, label, kind = 'foreignWrite', severity = 2 }) => {
        things += 1;
        return {
          ...{ kind, severity, source: 1_000_000 + things, property: house.propertyId(property) },
          building: building === undefined ? null : house.placeId(building),
          path: [{ en: property, zh: `${property}项目` }, ...(building === undefined ? [] : [{ en: building }])],
          label: { en: label, zh: label },
        };
      });
      const written = await server.database.db.query<{ alarm_id: number }>(sql`
        with raised as (
          insert into alarm (property_id, building_id, kind, severity, source_kind, source_id, path, label, search,
            raised_at, last_raised_at, state)
          select property, building, kind, severity, 'meter', source, path, label, 'x', now(), now(), 'unacknowledged'
          from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (property int, building int, kind text,
            severity int, source int, path jsonb, label jsonb)
          returning *)
        insert into alarm_event (alarm_id, property_id, building_id, kind, source_kind, source_id, event, at, state,
          announce)
        select id, property_id, building_id, kind, source_kind, source_id, 'raised', raised_at, state, 'raised'
        from raised order by id returning alarm_id`);
      return written.map(({ alarm_id }) => alarm_id);
    },
    async clear(alarmId) {
      await server.database.db.query(sql`
        with gone as (update alarm set cleared_at = now(), state = 'returned' where id = ${alarmId} returning *)
        insert into alarm_event (alarm_id, property_id, building_id, kind, source_kind, source_id, event, at, state,
          announce)
        select id, property_id, building_id, kind, source_kind, source_id, 'cleared', cleared_at, state, 'returned'
        from gone`);
    },
    delivery: (what, wanted) => until(what, async () => (await log()).find(wanted)),
    alarms: async (query = '') =>
      itemsOf(await boss.request('GET', `/api/alarms?state=all&limit=500&${query}`)) as readonly Alarm[],
    async stop() {
      await house.stop();
      await Promise.all([mail.stop(), hooks.stop(), push.stop()]);
    },
  };
}

function itemsOf({ status, body }: Awaited<ReturnType<Client['request']>>): readonly unknown[] {
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body as { items: unknown[] }).items;
}
