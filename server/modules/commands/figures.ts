import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { CommandBoard } from './board.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Figures of commands for `/metrics`. */
export function addCommandFigures(metrics: Metrics, board: CommandBoard, dispatcher: Dispatcher): void {
  addFigures(metrics, [
    {
      name: 'commands_moving',
      help: 'Commands that are not at rest, by state',
      kind: 'gauge',
      labels: ['state'],
      read: () => [...board.countByState()].map(([state, value]) => ({ labels: { state }, value })),
    },
    {
      name: 'commands_under_way',
      help: 'Commands between their claim and their stored outcome',
      kind: 'gauge',
      read: () => dispatcher.figures().underWay,
    },
    {
      name: 'commands_outcomes_waiting',
      help: 'Outcomes that wait for the database',
      kind: 'gauge',
      read: () => dispatcher.figures().outcomesWaiting,
    },
    {
      name: 'commands_sent_total',
      help: 'Commands handed to their line',
      kind: 'counter',
      read: () => dispatcher.figures().sent,
    },
    {
      name: 'commands_store_failures_total',
      help: 'Claims and outcomes that the database did not take at the first attempt',
      kind: 'counter',
      read: () => dispatcher.figures().failures,
    },
    {
      name: 'commands_troubled_meters',
      help: 'Meters with a command in doubt or a download that failed',
      kind: 'gauge',
      read: () => board.troubles().length,
    },
  ]);
}
