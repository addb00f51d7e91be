import {
  acknowledgeAlarms,
  assignAlarms,
  clearAlarms,
  countAlarms,
  getAlarm,
  listAlarmAssignees,
  listAlarms,
  noteAlarms,
  shelveAlarms,
  unshelveAlarms,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { AlarmActions } from './actions.ts';
import type { AlarmService } from './service.ts';

export function addAlarmRoutes(routes: RouteServer, service: AlarmService, actions: AlarmActions): void {
  routes.add(listAlarms, ({ actor, query }) => service.list(actor, query));
  routes.add(countAlarms, ({ actor, query }) => service.counts(actor, query.propertyId));
  routes.add(listAlarmAssignees, ({ actor, query }) => service.assignees(actor, query));
  routes.add(getAlarm, ({ actor, params }) => service.one(actor, params.alarmId));
  routes.add(acknowledgeAlarms, ({ actor, body }) => actions.acknowledge(actor, body));
  routes.add(noteAlarms, ({ actor, body }) => actions.note(actor, body));
  routes.add(shelveAlarms, ({ actor, body }) => actions.shelve(actor, body));
  routes.add(unshelveAlarms, ({ actor, body }) => actions.unshelve(actor, body));
  routes.add(assignAlarms, ({ actor, body }) => actions.assign(actor, body));
  routes.add(clearAlarms, ({ actor, body }) => actions.clear(actor, body));
}
