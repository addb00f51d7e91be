import {
  cancelSale,
  decideVend,
  decideVendBatch,
  getRefundLimits,
  getSale,
  getSalesDay,
  getVendBatch,
  listSales,
  listVendBatches,
  listVendSteps,
  makeUp,
  payOutSale,
  previewSale,
  printReceipt,
  refund,
  retrySale,
  reverseSale,
  runVendBatch,
  sell,
  stopVendBatch,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { decideBatch, getBatch, runBatch, stopBatch } from './batches.ts';
import type { Context } from './context.ts';
import { makeup, refundFrom, reverse } from './givingBack.ts';
import { day, list, receipt, steps } from './lists.ts';
import { payOut } from './payingOut.ts';
import { cancel, decide, get, retry } from './persons.ts';
import { preview, sellTo } from './selling.ts';
import { listSheets } from './sheetList.ts';
import { refundLimits } from './wayBack.ts';

/** Contract → use case. What an actor may do where is asked in the use case. */
export function addVendingRoutes(routes: RouteServer, context: Context): void {
  routes.add(previewSale, ({ actor, body }) => preview(context, actor, body));
  routes.add(sell, ({ actor, body }) => sellTo(context, actor, body));
  routes.add(getSale, ({ actor, params }) => get(context, actor, params.saleId));
  routes.add(listSales, ({ actor, query }) => list(context, actor, query));
  routes.add(cancelSale, ({ actor, params, body }) => cancel(context, actor, params.saleId, body.reason));
  routes.add(retrySale, ({ actor, params, body }) => retry(context, actor, params.saleId, body.reason));
  routes.add(payOutSale, ({ actor, params, body }) => payOut(context, actor, params.saleId, body));
  routes.add(reverseSale, ({ actor, params, body }) => reverse(context, actor, params.saleId, body));
  routes.add(getRefundLimits, ({ actor, query }) => refundLimits(context, actor, query.meterId));
  routes.add(refund, ({ actor, body }) => refundFrom(context, actor, body));
  routes.add(makeUp, ({ actor, body }) => makeup(context, actor, body));
  routes.add(decideVend, ({ actor, params, body }) => decide(context, actor, params.vendId, body));
  routes.add(listVendSteps, ({ actor, params }) => steps(context, actor, params.vendId));
  routes.add(printReceipt, ({ actor, params }) => receipt(context, actor, params.saleId));
  routes.add(getSalesDay, ({ actor, params, query }) => day(context, actor, { ...params, ...query }));
  routes.add(runVendBatch, ({ actor, body }) => runBatch(context, actor, body));
  routes.add(listVendBatches, ({ actor, query }) => listSheets(context, actor, query));
  routes.add(getVendBatch, ({ actor, params }) => getBatch(context, actor, params.batchId));
  routes.add(decideVendBatch, ({ actor, params, body }) => decideBatch(context, actor, params.batchId, body));
  routes.add(stopVendBatch, ({ actor, params }) => stopBatch(context, actor, params.batchId));
}
