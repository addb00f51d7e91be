// @vitest-environment node
import { expect, test } from 'vitest';
import type { Command } from '#contract/commands.ts';
import { type HistorySources, historyOf } from '../../../web/features/meter/meterHistory.ts';
import { alarmWith } from '../alarms/alarmSamples.ts';
import { saleWith } from '../desk/deskSamples.ts';

const at = (hour: number) => `2026-11-22T${String(hour).padStart(2, '0')}:00:00Z`;
const commandAt = (id: string, givenAt: string): Command => ({
  id,
  number: '1',
  propertyId: 1,
  meterId: 7,
  order: { kind: 'read' },
  reason: 'test',
  state: 'verified',
  why: [],
  attempts: 1,
  reads: 1,
  givenBy: 'admin',
  givenAt,
  expiresAt: givenAt,
});
const none = { items: [], more: false };
const sources: HistorySources = {
  commands: { items: [commandAt('c12', at(12)), commandAt('c10', at(10))], more: false },
  alarms: { items: [alarmWith({ id: 11, raisedAt: at(11) }), alarmWith({ id: 3, raisedAt: at(3) })], more: false },
  sales: { items: [saleWith('CONFIRMED', { saleId: 's9', at: at(9) })], more: false },
};
const keys = (of: ReturnType<typeof historyOf>) => of.entries.map(({ key }) => key);

test('commands, alarms and money stand in one order, the newest first', () => {
  expect(keys(historyOf(sources, 'all'))).toEqual(['cc12', 'a11', 'cc10', 'ss9', 'a3']);
  expect(keys(historyOf(sources, 'money'))).toEqual(['ss9']);
});

test('together they reach no further back than the shortest of them', () => {
  const cut = { ...sources, commands: { ...sources.commands, more: true } };
  // Before ten o'clock commands were not asked for: their absence would say that nothing was done.
  expect(historyOf(cut, 'all')).toMatchObject({ more: true });
  expect(keys(historyOf(cut, 'all'))).toEqual(['cc12', 'a11', 'cc10']);
  expect(keys(historyOf(cut, 'alarm'))).toEqual(['a11', 'a3']);
  expect(historyOf(cut, 'alarm').more).toBe(false);
});

test('nothing is nothing', () => {
  expect(historyOf({ commands: none, alarms: none, sales: none }, 'all')).toEqual({ entries: [], more: false });
});
