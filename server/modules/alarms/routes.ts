import {
  acknowledgeAlarms,
  assignAlarms,
  clearAlarms,
  countAlarms,
  getAlarm,
  getAlarmFigures,
  getAlarmSettings,
  listAlarmAssignees,
  listAlarmChildren,
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
import type { createAlarmChildren } from './children.ts';
import type { createAlarmFigures } from './figures.ts';
import type { Outages } from './outages.ts';
import type { AlarmService } from './service.ts';
import type { AlarmPolicies } from './settings.ts';

export interface AlarmParts {
  readonly service: AlarmService;
  readonly actions: AlarmActions;
  readonly policies: AlarmPolicies;
  readonly outages: Outages;
  readonly figures: ReturnType<typeof createAlarmFigures>;
  readonly children: ReturnType<typeof createAlarmChildren>;
}

export function addAlarmRoutes(routes: RouteServer, parts: AlarmParts): void {
  const { service, actions, policies, outages, figures, children } = parts;
  routes.add(listAlarms, ({ actor, query }) => service.list(actor, query));
  routes.add(countAlarms, ({ actor, query }) => service.counts(actor, query.propertyId));
  routes.add(listAlarmAssignees, ({ actor, query }) => service.assignees(actor, query));
  routes.add(getAlarmSettings, ({ actor, query }) => policies.read(actor, query.propertyId));
  routes.add(updateAlarmSettings, ({ actor, body }) => policies.update(actor, body));
  routes.add(listOutOfService, ({ actor, query }) => outages.list(actor, query));
  routes.add(takeOutOfService, ({ actor, body }) => outages.take(actor, body));
  routes.add(putInService, ({ actor, params, body }) => outages.end(actor, params.outageId, body));
  routes.add(getAlarmFigures, ({ actor, query }) => figures(actor, query));
  routes.add(getAlarm, ({ actor, params }) => service.one(actor, params.alarmId));
  routes.add(listAlarmChildren, ({ actor, params, query }) => children(actor, params.alarmId, query));
  routes.add(acknowledgeAlarms, ({ actor, body }) => actions.acknowledge(actor, body));
  routes.add(noteAlarms, ({ actor, body }) => actions.note(actor, body));
  routes.add(shelveAlarms, ({ actor, body }) => actions.shelve(actor, body));
  routes.add(unshelveAlarms, ({ actor, body }) => actions.unshelve(actor, body));
  routes.add(assignAlarms, ({ actor, body }) => actions.assign(actor, body));
  routes.add(clearAlarms, ({ actor, body }) => actions.clear(actor, body));
}
