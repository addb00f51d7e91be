import { getLineDoctor, listDoctorLines } from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { DoctorService } from './service.ts';

/** Contract → use case. What an actor may see is asked in the service. */
export function addDoctorRoutes(routes: RouteServer, service: DoctorService): void {
  routes.add(listDoctorLines, ({ actor, query }) => service.list(actor.scope('line.view'), query));
  routes.add(getLineDoctor, ({ actor, params }) => service.sheet(actor.scope('line.view'), params.lineId));
}
