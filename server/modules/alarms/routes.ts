import { acknowledgeAlarms, countAlarms, listAlarms } from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { AlarmService } from './service.ts';

export function addAlarmRoutes(routes: RouteServer, service: AlarmService): void {
  routes.add(listAlarms, ({ actor, query }) => service.list(actor.scope('alarm.view'), query));
  routes.add(countAlarms, ({ actor, query }) => service.counts(actor.scope('alarm.view'), query.propertyId));
  routes.add(acknowledgeAlarms, ({ actor, body }) => service.acknowledge(actor, body.ids, body.note));
}
