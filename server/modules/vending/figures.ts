import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import { SALES_WAITING_MAX, type SaleQueue } from './saleQueue.ts';
import type { TroubleWatch } from './troubles.ts';
import { DELIVERIES_MAX, type Worker } from './worker.ts';

export function addVendFigures(
  metrics: Metrics,
  { worker, troubles, sales }: { readonly worker: Worker; readonly troubles: TroubleWatch; readonly sales: SaleQueue },
): void {
  const counter = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'counter' as const });
  const gauge = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'gauge' as const });
  addFigures(metrics, [
    gauge('vends_under_way', 'Sales and the like that are not proven yet', () => troubles.open()),
    gauge('vends_delivering', `Vends in delivery now, at most ${DELIVERIES_MAX}`, () => worker.figures().delivering),
    counter('vend_frames_total', 'Purchases, refunds and fences handed to lines', () => worker.figures().framesSent),
    counter('vend_reads_total', 'Reads of purses for vends', () => worker.figures().reads),
    counter('vend_reads_failed_total', 'Reads of purses that brought nothing', () => worker.figures().readsFailed),
    gauge(
      'vend_sales_waiting',
      `Sales that wait for a statement, at most ${SALES_WAITING_MAX}`,
      () => sales.figures().waiting,
    ),
    counter('vend_sale_statements_total', 'Statements that stored sales', () => sales.figures().statements),
    counter('vend_sales_refused_total', 'Sales refused because too many waited', () => sales.figures().refused),
  ]);
}
