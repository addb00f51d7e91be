import {
  decideQuarantinedRead,
  editRegister,
  getCharge,
  getReconciliationRun,
  listArrears,
  listChargeHolds,
  listCharges,
  listCorrections,
  listNotices,
  listQuarantinedReads,
  listReconciliationRows,
  listReconciliationRuns,
  listRegisterEdits,
  postDrift,
  runCharging,
  runReconciliation,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { ReconciliationService } from './reconciliationService.ts';
import type { RegisterEdits } from './registerEdits.ts';
import type { SettlementService } from './service.ts';

export function addSettlementRoutes(
  routes: RouteServer,
  charges: SettlementService,
  comparisons: ReconciliationService,
  edits: RegisterEdits,
): void {
  routes.add(listCharges, ({ actor, query }) => charges.charges(actor.scope('account.view'), query));
  routes.add(getCharge, ({ actor, params }) => charges.charge(actor.scope('account.view'), params.chargeId));
  routes.add(listCorrections, ({ actor, query }) => charges.corrections(actor.scope('account.view'), query));
  routes.add(editRegister, ({ actor, body }) => edits.edit(actor, body));
  routes.add(listRegisterEdits, ({ actor, query }) => edits.list(actor.scope('account.view'), query));
  routes.add(runCharging, ({ actor, body }) => charges.run(actor, body.propertyId));
  routes.add(listChargeHolds, ({ actor, query }) => charges.holds(actor.scope('account.view'), query));
  routes.add(listQuarantinedReads, ({ actor, query }) => charges.quarantine(actor.scope('account.view'), query));
  routes.add(decideQuarantinedRead, ({ actor, params, body }) => charges.decide(actor, params.readId, body));
  routes.add(listNotices, ({ actor, query }) => charges.notices(actor.scope('account.view'), query));
  routes.add(listArrears, ({ actor, query }) => charges.arrears(actor.scope('account.view'), query));
  routes.add(runReconciliation, ({ actor, body }) => comparisons.run(actor, body.propertyId));
  routes.add(listReconciliationRuns, ({ actor, query }) => comparisons.runs(actor.scope('ledger.view'), query));
  routes.add(getReconciliationRun, ({ actor, params }) => comparisons.one(actor.scope('ledger.view'), params.runId));
  routes.add(listReconciliationRows, ({ actor, params, query }) =>
    comparisons.rows(actor.scope('ledger.view'), params.runId, query),
  );
  routes.add(postDrift, ({ actor, params, body }) => comparisons.postDrift(actor, params.rowId, body.reason));
}
