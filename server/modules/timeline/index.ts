import { listMeterEvents } from '#contract/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { meterEvents } from './meterEvents.ts';

export interface TimelineDeps {
  readonly estate: EstateReader;
  readonly accounts: Pick<AccountsReader, 'accountOfMeter'>;
}

/** What happened to a meter, whoever keeps it. Adds the route; there is nothing to start or stop. */
export function addTimelineRoutes(routes: RouteServer, deps: TimelineDeps): void {
  routes.add(listMeterEvents, ({ actor, params, query }) =>
    meterEvents({ ...deps, routes }, actor, { ...params, ...query }),
  );
}
