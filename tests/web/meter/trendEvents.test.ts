// @vitest-environment node
import { expect, test } from 'vitest';
import type { MeterEvent } from '#contract/timeline.ts';
import { eventMarks } from '../../../web/features/meter/trendEvents.ts';

const DAY = { fromMs: Date.parse('2026-11-22T00:00:00Z'), toMs: Date.parse('2026-11-23T00:00:00Z') };
const words = { one: (event: MeterEvent) => `${event.sort} ${event.kind}`, several: (n: number) => `${n} events` };
const command = (kind: 'read' | 'trip', time: string, state: 'verified' | 'failed' = 'verified'): MeterEvent => ({
  ...{ sort: 'command', at: `2026-11-22T${time}:00Z`, id: time, kind, state, by: 'admin' },
});
const sale = (time: string): MeterEvent => ({
  ...{ sort: 'sale', at: `2026-11-22T${time}:00Z`, id: time, kind: 'sale', state: 'CONFIRMED' },
  ...{ netMinor: '20000', by: 'admin' },
});
const shown = (events: readonly MeterEvent[]) =>
  eventMarks(events, DAY, words).map(({ atMs, label }) => `${new Date(atMs).toISOString().slice(11, 16)} ${label}`);

test('marks stand in their order; reads and what was not done have none', () => {
  const events = [
    sale('18:00'),
    command('trip', '09:00'),
    command('read', '12:00'),
    command('trip', '03:00', 'failed'),
  ];
  expect(shown(events)).toEqual(['09:00 command trip', '18:00 sale sale']);
});

test('neighbours without room share a mark that counts them; what lies outside the span has none', () => {
  expect(shown([sale('18:20'), sale('18:10'), command('trip', '18:00'), sale('21:00')])).toEqual([
    '18:00 3 events',
    '21:00 sale sale',
  ]);
  expect(eventMarks([sale('18:00')], { fromMs: 0, toMs: DAY.fromMs }, words)).toEqual([]);
});
