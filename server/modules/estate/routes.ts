import * as contract from '#contract/index.ts';
import type { MeterModel } from '#drivers/core/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { addGateway, changeGateway, listGateways, removeGateway } from './gateways.ts';
import { addMeter, changeMeter, listMeters, removeMeter } from './meters.ts';
import { addPlace, changePlace, type EstateDeps, listPlaces, removePlace } from './places.ts';
import { demandGateway, demandMeter } from './visibility.ts';

/** The estate tree, gateways, lines and meters. */
export function addEstateRoutes(routes: RouteServer, deps: EstateDeps, models: readonly MeterModel[]): void {
  routes.add(contract.listPlaces, ({ actor, query }) => listPlaces(deps, actor, query.propertyId));
  routes.add(contract.createPlace, ({ actor, body }) => addPlace(deps, actor, body));
  routes.add(contract.updatePlace, ({ actor, params, body }) => changePlace(deps, actor, params.placeId, body));
  routes.add(contract.deletePlace, async ({ actor, params }) => {
    await removePlace(deps, actor, params.placeId);
    return {};
  });
  routes.add(contract.listGateways, ({ actor, query }) => listGateways(deps, actor, query));
  routes.add(contract.getGateway, ({ actor, params }) =>
    demandGateway(deps.cache, actor, 'line.view', params.gatewayId),
  );
  routes.add(contract.createGateway, ({ actor, body }) => addGateway(deps, actor, body));
  routes.add(contract.updateGateway, ({ actor, params, body }) => changeGateway(deps, actor, params.gatewayId, body));
  routes.add(contract.deleteGateway, async ({ actor, params, query }) => {
    await removeGateway(deps, actor, params.gatewayId, query.withMeters === true);
    return {};
  });
  routes.add(contract.listMeters, ({ actor, query }) => listMeters(deps, actor, query));
  routes.add(
    contract.getMeter,
    ({ actor, params }) => demandMeter(deps.cache, actor, 'meter.view', params.meterId).meter,
  );
  routes.add(contract.createMeter, ({ actor, body }) => addMeter(deps, actor, body));
  routes.add(contract.updateMeter, ({ actor, params, body }) => changeMeter(deps, actor, params.meterId, body));
  routes.add(contract.deleteMeter, async ({ actor, params }) => {
    await removeMeter(deps, actor, params.meterId);
    return {};
  });
  const summaries = { items: models.map(toSummary) };
  routes.add(contract.listModels, () => summaries);
}

function toSummary(model: MeterModel): contract.MeterModelSummary {
  const { id, maker, name, medium, phases, capabilities } = model;
  return {
    id,
    maker,
    name,
    medium,
    phases,
    prepaid: capabilities.prepaid,
    relay: capabilities.relay,
    timeOfUse: capabilities.timeOfUse,
    quantities: [...new Set(model.fields.map(({ quantity }) => quantity))],
  };
}
