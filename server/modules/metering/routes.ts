import {
  getEnergyToday,
  getLineHealth,
  getLoad,
  getMeterNow,
  getRegisterSummary,
  getTrend,
  getTrends,
  getWall,
  listRegisters,
  readMeter,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { MeteringService } from './service.ts';

/** Contract → use case. What an actor may see is asked in the service. */
export function addMeteringRoutes(routes: RouteServer, service: MeteringService): void {
  routes.add(getMeterNow, ({ actor, params }) => service.now(actor.scope('meter.view'), params.meterId));
  routes.add(readMeter, ({ actor, params }) => service.read(actor.scope('meter.read'), params.meterId));
  routes.add(getTrend, ({ actor, params, query }) =>
    service.trend(actor.scope('meter.view'), { ...params, ...query, resolution: query.resolution }),
  );
  routes.add(getTrends, ({ actor, query }) => service.trends(actor.scope('meter.view'), query));
  routes.add(listRegisters, ({ actor, params, query }) =>
    service.registers(actor.scope('meter.view'), params.meterId, query),
  );
  routes.add(getRegisterSummary, ({ actor, params }) =>
    service.registerSummary(actor.scope('meter.view'), params.meterId),
  );
  routes.add(getWall, ({ actor, params }) => service.wall(actor.scope('wall.view'), params.propertyId));
  routes.add(getLoad, ({ actor, params }) => service.load(actor.scope('wall.view'), params.propertyId));
  routes.add(getEnergyToday, ({ actor, params }) => service.energyToday(actor.scope('wall.view'), params.propertyId));
  routes.add(getLineHealth, ({ actor, params }) => service.lineHealth(actor.scope('line.view'), params.lineId));
}
