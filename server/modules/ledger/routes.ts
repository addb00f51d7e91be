import {
  closeLedgerPeriod,
  listClosedPeriods,
  listLedgerTotals,
  listLedgerTxns,
  proveLedger,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { LedgerService } from './service.ts';

/** Contract → use case. What an actor may see is asked in the service. */
export function addLedgerRoutes(routes: RouteServer, service: LedgerService): void {
  routes.add(proveLedger, ({ actor }) => service.prove(actor.scope('ledger.view')));
  routes.add(listLedgerTxns, ({ actor, query }) => service.transactions(actor.scope('ledger.view'), query));
  routes.add(listLedgerTotals, ({ actor, query }) => service.totals(actor.scope('ledger.view'), query.propertyId));
  routes.add(listClosedPeriods, ({ actor, query }) => service.periods(actor.scope('ledger.view'), query.propertyId));
  routes.add(closeLedgerPeriod, ({ actor, body }) => service.close(actor, body));
}
