import * as contract from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { changeSettings, getSettings, replaceDayLists } from './dayLists.ts';
import { preview } from './preview.ts';
import { resaleCheck } from './resale.ts';
import { addTariff, addVersion, decide, getTariff, listTariffs, type TariffDeps } from './service.ts';

export function addTariffRoutes(routes: RouteServer, deps: TariffDeps): void {
  routes.add(contract.listTariffs, ({ actor, query }) => listTariffs(deps, actor, query));
  routes.add(contract.getTariff, ({ actor, params }) => getTariff(deps, actor, params.tariffId));
  routes.add(contract.createTariff, ({ actor, body }) => addTariff(deps, actor, body));
  routes.add(contract.addTariffVersion, ({ actor, params, body }) => addVersion(deps, actor, params.tariffId, body));
  routes.add(contract.decideTariffVersion, ({ actor, params, body }) =>
    decide(deps, actor, params.versionId, body.decision),
  );
  routes.add(contract.previewTariff, ({ actor, body }) => preview(deps, actor, body));
  routes.add(contract.checkResale, ({ actor, body }) => resaleCheck(deps, actor, body));
  routes.add(contract.getTariffSettings, ({ actor, params }) => getSettings(deps, actor, params.propertyId));
  routes.add(contract.putDayLists, ({ actor, params, body }) => replaceDayLists(deps, actor, params.propertyId, body));
  routes.add(contract.putTariffSettings, ({ actor, params, body }) =>
    changeSettings(deps, actor, params.propertyId, body),
  );
}
