import { expect, test } from 'vitest';
import { CommandBoard } from '#server/modules/commands/board.ts';
import type { RoadRow } from '#server/modules/commands/rows.ts';
import type { CommandState } from '#server/modules/commands/types.ts';

const METER_ID = 7;
const rowIn = (state: CommandState): RoadRow => ({
  ...{ id: 'a', number: 1n, batch_id: null, property_id: 1, building_id: null, meter_id: METER_ID, line_id: 1, state },
  ...{ kind: 'trip', command_order: { kind: 'trip' }, rule: null, why: [], relay_mode: null },
  ...{ attempts: 1, failed_reads: 0, unreached: 0, expires_at: new Date(0) },
});

test('a command that was verified before its giver said that it was queued is not under way for ever', () => {
  const board = new CommandBoard();
  expect(board.take(rowIn('verified'))).toBe(true);
  expect(board.take(rowIn('queued'))).toBe(false);
  expect(board.inFlight(METER_ID)).toBe(false);
});

test('one that somebody agreed to goes on after it waited', () => {
  const board = new CommandBoard();
  for (const state of ['awaitingApproval', 'queued', 'sent'] as const) expect(board.take(rowIn(state))).toBe(true);
  expect(board.inFlight(METER_ID)).toBe(true);
  expect(board.take(rowIn('failed'))).toBe(true);
  expect(board.inFlight(METER_ID)).toBe(false);
});
