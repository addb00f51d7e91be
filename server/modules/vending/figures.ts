import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { TroubleWatch } from './troubles.ts';
import { DELIVERIES_MAX, type Worker } from './worker.ts';

export function addVendFigures(metrics: Metrics, worker: Worker, troubles: TroubleWatch): void {
  const counter = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'counter' as const });
  const gauge = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'gauge' as const });
  addFigures(metrics, [
    gauge('vends_under_way', 'Sales and the like that are not proven yet', () => troubles.open()),
    gauge('vends_delivering', `Vends in delivery now, at most ${DELIVERIES_MAX}`, () => worker.figures().delivering),
    counter('vend_frames_total', 'Purchases, refunds and fences handed to lines', () => worker.figures().framesSent),
    counter('vend_reads_total', 'Reads of purses for vends', () => worker.figures().reads),
    counter('vend_reads_failed_total', 'Reads of purses that brought nothing', () => worker.figures().readsFailed),
  ]);
}
