import { listMeterEvents } from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { meterEvents, type TimelineDeps } from './meterEvents.ts';

/** What happened to a meter, whoever keeps it. Adds the route; there is nothing to start or stop. */
export function addTimelineRoutes(routes: RouteServer, deps: TimelineDeps): void {
  routes.add(listMeterEvents, ({ actor, params, query }) =>
    meterEvents({ ...deps, routes }, actor, { ...params, ...query }),
  );
}
