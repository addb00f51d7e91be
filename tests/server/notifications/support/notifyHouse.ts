import sql from 'sql-template-tag';
import type { Alarm, Delivery, MyNotifications, NotifyWishes } from '#contract/index.ts';
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

/** The house with everything around it that takes messages: all of it real, on this machine. */
export interface NotifyHouse extends HouseServer {
  readonly mail: MailServer;
  readonly hooks: HookServer;
  readonly push: PushService;
  /** Sets somebody's wishes; what is not named is as whoever said nothing has it. */
  wish(client: Client, change: Partial<NotifyWishes>): Promise<MyNotifications>;
  /** The meter says that its money is so. */
  money(meterNumber: string, money: 'normal' | 'arrears' | 'alarm1' | 'alarm2'): void;
  /** Clears whatever is open. */
  calm(...meterNumbers: readonly string[]): Promise<void>;
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
  const log: NotifyHouse['log'] = async (query = '', client = boss) =>
    itemsOf(await client.request('GET', `/api/notifications/deliveries?limit=500&${query}`));
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
    async calm(...meterNumbers) {
      for (const number of meterNumbers) for (let reading = 0; reading < 3; reading++) money(number, 'normal');
      await server.app.measuring.alarms.flush();
      await until('all alarms to be looked at', async () => {
        const [row] = await server.database.db.query<{ behind: boolean }>(sql`
          select exists (select from alarm_event where announce is not null
            and id > (select event_id from notification_cursor)) as behind`);
        return row?.behind === false ? true : undefined;
      });
    },
    delivery: (what, wanted) => until(what, async () => (await log()).find(wanted)),
    alarms: async (query = '') => itemsOf(await boss.request('GET', `/api/alarms?state=all&limit=500&${query}`)),
    async stop() {
      await house.stop();
      await Promise.all([mail.stop(), hooks.stop(), push.stop()]);
    },
  };
}

function itemsOf<T>({ status, body }: Awaited<ReturnType<Client['request']>>): readonly T[] {
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body as { items: T[] }).items;
}
