import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { StreamOutcome } from './streamCharge.ts';

/** What settlement has done since the start. */
export class SettlementCounts {
  segments = 0;
  charges = 0;
  refusedReads = 0;
  notPriced = 0;
  /** Orders to meters to stay on over hours without cuts. */
  coverOrders = 0;

  add(outcomes: readonly StreamOutcome[]): void {
    for (const { segments, charges, refused, hold } of outcomes) {
      this.segments += segments.length;
      this.charges += charges.length;
      if (refused !== undefined) this.refusedReads += 1;
      if (hold === 'noTariffVersion') this.notPriced += 1;
    }
  }
}

export function addSettlementFigures(metrics: Metrics, counts: SettlementCounts, arrearsWaiting: () => number): void {
  const counter = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'counter' as const });
  addFigures(metrics, [
    counter('settlement_segments_total', 'Differences of registers that were priced', () => counts.segments),
    counter('settlement_charges_total', 'Charges that were posted', () => counts.charges),
    counter('settlement_refused_reads_total', 'Times that a read could not be charged over', () => counts.refusedReads),
    counter('settlement_not_priced_total', 'Times that a meter waited for a published price', () => counts.notPriced),
    counter(
      'settlement_no_cut_orders_total',
      'Orders to meters that trip by themselves to stay on over hours without cuts',
      () => counts.coverOrders,
    ),
    {
      ...{ name: 'settlement_arrears_waiting', help: 'Accounts whose arrears are to be weighed', kind: 'gauge' },
      read: arrearsWaiting,
    },
  ]);
}
