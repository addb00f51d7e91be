import type { Scope } from '#server/platform/http/index.ts';
import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { StoreQueueFigures } from '#server/platform/spool/index.ts';
import type { CurrentAlarms } from './current.ts';

const EVERYWHERE: Scope = { all: true, propertyIds: [], buildingIds: [] };

/** Open alarms and what waits for the database, for Prometheus. */
export function addAlarmMetrics(metrics: Metrics, current: CurrentAlarms, waiting: () => StoreQueueFigures): void {
  addFigures(metrics, [
    {
      name: 'alarms_open',
      help: 'Open alarms by severity',
      kind: 'gauge',
      labels: ['severity'],
      read() {
        const { low, medium, high } = current.counts(EVERYWHERE, undefined);
        return Object.entries({ low, medium, high }).map(([severity, value]) => ({ labels: { severity }, value }));
      },
    },
    {
      name: 'alarms_by_state',
      help: 'Alarms that are not closed, by state',
      kind: 'gauge',
      labels: ['state'],
      read: () =>
        Object.entries(current.counts(EVERYWHERE, undefined).states).map(([state, value]) => ({
          labels: { state },
          value,
        })),
    },
    {
      name: 'alarms_waiting',
      help: 'Changes of alarms waiting for the database',
      kind: 'gauge',
      read: () => waiting().waiting,
    },
    {
      name: 'alarms_dropped_total',
      help: 'Changes of alarms dropped, no room left',
      kind: 'counter',
      read: () => waiting().dropped,
    },
    {
      name: 'alarms_refused_total',
      help: 'Changes of alarms the database refused',
      kind: 'counter',
      read: () => waiting().refused,
    },
    {
      name: 'alarms_spool_bytes',
      help: 'Bytes of changes of alarms waiting on disk',
      kind: 'gauge',
      read: () => waiting().spool?.bytes ?? 0,
    },
  ]);
}
