import * as contract from '#contract/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Batches } from './batches.ts';
import { metersOfBatch } from './batchMeters.ts';
import type { CapabilityBook } from './capabilities.ts';
import type { CommandService } from './service.ts';

export interface CommandRouteDeps {
  readonly db: Db;
  readonly service: CommandService;
  readonly batches: Batches;
  readonly capabilities: CapabilityBook;
}

/** Contract → use case. */
export function addCommandRoutes(routes: RouteServer, { db, service, batches, capabilities }: CommandRouteDeps): void {
  routes.add(contract.giveCommand, ({ actor, body }) => service.give(actor, body));
  routes.add(contract.listCommands, ({ actor, query }) => service.list(actor.scope('meter.view'), query));
  routes.add(contract.getCommand, ({ actor, params }) => service.get(actor.scope('meter.view'), params.commandId));
  routes.add(contract.decideCommand, ({ actor, params, body }) => service.decide(actor, params.commandId, body));
  routes.add(contract.stopCommand, ({ actor, params }) => service.stop(actor, params.commandId));
  routes.add(contract.previewBatch, ({ actor, body }) => batches.preview(actor, body));
  routes.add(contract.giveBatch, ({ actor, body }) => batches.give(actor, body));
  routes.add(contract.listBatches, ({ actor, query }) => batches.list(actor.scope('meter.view'), query));
  routes.add(contract.getBatch, ({ actor, params }) => batches.get(actor.scope('meter.view'), params.batchId));
  routes.add(contract.getBatchMeters, ({ actor, params }) =>
    metersOfBatch(db, batches, actor.scope('meter.view'), params.batchId),
  );
  routes.add(contract.decideBatch, ({ actor, params, body }) => batches.decide(actor, params.batchId, body));
  routes.add(contract.stopBatch, ({ actor, params }) => batches.stop(actor, params.batchId));
  routes.add(contract.retryBatch, ({ actor, params, body }) => batches.retry(actor, params.batchId, body));
  routes.add(contract.listProtections, ({ actor, query }) =>
    service.protections(actor.scope('meter.view'), query.propertyId),
  );
  routes.add(contract.listCapabilities, () => capabilities.list());
  routes.add(contract.putCapability, ({ actor, body }) => capabilities.put(actor, body));
}
