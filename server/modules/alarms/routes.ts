import {
  acknowledgeAlarms,
  assignAlarms,
  clearAlarms,
  countAlarms,
  getAlarm,
  getAlarmSettings,
  listAlarmAssignees,
  listAlarms,
  listOutOfService,
  noteAlarms,
  putInService,
  shelveAlarms,
  takeOutOfService,
  unshelveAlarms,
  updateAlarmSettings,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { AlarmActions } from './actions.ts';
import type { Outages } from './outages.ts';
import type { AlarmService } from './service.ts';
import type { AlarmPolicies } from './settings.ts';

export interface AlarmParts {
  readonly service: AlarmService;
  readonly actions: AlarmActions;
  readonly policies: AlarmPolicies;
  readonly outages: Outages;
}

export function addAlarmRoutes(routes: RouteServer, { service, actions, policies, outages }: AlarmParts): void {
  routes.add(listAlarms, ({ actor, query }) => service.list(actor, query));
  routes.add(countAlarms, ({ actor, query }) => service.counts(actor, query.propertyId));
  routes.add(listAlarmAssignees, ({ actor, query }) => service.assignees(actor, query));
  routes.add(getAlarmSettings, ({ actor, query }) => policies.read(actor, query.propertyId));
  routes.add(updateAlarmSettings, ({ actor, body }) => policies.update(actor, body));
  routes.add(listOutOfService, ({ actor, query }) => outages.list(actor, query));
  routes.add(takeOutOfService, ({ actor, body }) => outages.take(actor, body));
  routes.add(putInService, ({ actor, params, body }) => outages.end(actor, params.outageId, body));
  routes.add(getAlarm, ({ actor, params }) => service.one(actor, params.alarmId));
  routes.add(acknowledgeAlarms, ({ actor, body }) => actions.acknowledge(actor, body));
  routes.add(noteAlarms, ({ actor, body }) => actions.note(actor, body));
  routes.add(shelveAlarms, ({ actor, body }) => actions.shelve(actor, body));
  routes.add(unshelveAlarms, ({ actor, body }) => actions.unshelve(actor, body));
  routes.add(assignAlarms, ({ actor, body }) => actions.assign(actor, body));
  routes.add(clearAlarms, ({ actor, body }) => actions.clear(actor, body));
}
