// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Alarm } from '#contract/alarms.ts';
import { tourOf } from '../../../web/features/kiosk/kioskSettings.ts';
import { beginTour, nextTour, type TourEvent, type TourState } from '../../../web/features/kiosk/tour.ts';
import { tourAlarmOf } from '../../../web/features/kiosk/useTourAlarms.ts';

const TOUR = { dwellS: 30, alarmS: 20, touchS: 90 };
const TWO = [7, 8];
const S = 1_000;
/** Plays events at their seconds; returns the state after the last. */
function play(
  events: readonly (readonly [atS: number, event: TourEvent | 'tick'])[],
  tour = TOUR,
  propertyIds: readonly number[] = TWO,
): TourState {
  return events.reduce(
    (state, [atS, event]) =>
      nextTour(state, event === 'tick' ? { kind: 'tick' } : event, { propertyIds, tour, nowMs: atS * S }),
    beginTour(propertyIds, tour, 0),
  );
}
const alarm = (propertyId: number, meterId = 1): TourEvent => ({ kind: 'alarm', alarm: { propertyId, meterId } });
const touch: TourEvent = { kind: 'touch' };

describe('a wall that nobody touches', () => {
  test('goes from everything to each property and begins again', () => {
    expect(play([[29, 'tick']]).stop).toBe('all');
    expect(play([[30, 'tick']]).stop).toBe(7);
    expect(play([30, 60].map((at) => [at, 'tick'])).stop).toBe(8);
    expect(play([30, 60, 90].map((at) => [at, 'tick'])).stop).toBe('all');
  });

  test('stays where it is without a tour, and with a single property', () => {
    expect(play([[1_000, 'tick']], { ...TOUR, dwellS: 0 })).toMatchObject({ mode: 'round', stop: 'all' });
    expect(play([[1_000, 'tick']], TOUR, [7])).toMatchObject({ mode: 'round', stop: 7 });
  });

  test('jumps to a new alarm, shows the next one at once, and goes on afterwards', () => {
    expect(play([[5, alarm(8, 3)]])).toMatchObject({ mode: 'alarm', alarm: { propertyId: 8, meterId: 3 } });
    expect(
      play([
        [5, alarm(8)],
        [10, alarm(7)],
      ]),
    ).toMatchObject({ mode: 'alarm', alarm: { propertyId: 7 } });
    const after = play([
      [5, alarm(8)],
      [25, 'tick'],
    ]);
    expect(after).toMatchObject({ mode: 'round', stop: 7 });
    expect(after.alarm).toBeUndefined();
  });

  test('does not jump where alarms are to move nothing', () => {
    expect(play([[5, alarm(8)]], { ...TOUR, alarmS: 0 }).mode).toBe('round');
  });
});

describe('a wall that a person touches', () => {
  test('stays until it was left alone for a while', () => {
    expect(
      play([
        [5, touch],
        [94, 'tick'],
      ]),
    ).toMatchObject({ mode: 'touched', stop: 'all' });
    expect(
      play([
        [5, touch],
        [60, touch],
        [100, 'tick'],
      ]).mode,
    ).toBe('touched');
    expect(
      play([
        [5, touch],
        [95, 'tick'],
      ]),
    ).toMatchObject({ mode: 'round', stop: 7 });
  });

  test('keeps the newest alarm for later', () => {
    const held = play([
      [5, touch],
      [6, alarm(7)],
      [7, alarm(8)],
    ]);
    expect(held).toMatchObject({ mode: 'touched', waiting: { propertyId: 8 } });
    expect(
      play([
        [5, touch],
        [7, alarm(8)],
        [95, 'tick'],
      ]),
    ).toMatchObject({ mode: 'alarm', alarm: { propertyId: 8 } });
    expect(
      play([
        [5, touch],
        [7, alarm(8)],
        [95, 'tick'],
        [115, 'tick'],
      ]).waiting,
    ).toBeUndefined();
  });

  test('stays with the property of the alarm that it shows, and goes where the person goes', () => {
    expect(
      play([
        [5, alarm(8)],
        [6, touch],
      ]),
    ).toMatchObject({ mode: 'touched', stop: 8 });
    expect(play([[5, { kind: 'go', stop: 7 }]])).toMatchObject({ mode: 'touched', stop: 7 });
  });

  test('keeps the alarm that it shows until the person goes elsewhere or has left', () => {
    const looking = [
      [5, alarm(8, 3)],
      [6, touch],
      [7, touch],
    ] as const;
    expect(play(looking)).toMatchObject({ mode: 'touched', alarm: { propertyId: 8, meterId: 3 } });
    expect(play([...looking, [8, { kind: 'go', stop: 7 }]]).alarm).toBeUndefined();
    expect(play([...looking, [97, 'tick']]).alarm).toBeUndefined();
  });

  test('goes home without a tour', () => {
    const still = { ...TOUR, dwellS: 0 };
    expect(
      play(
        [
          [5, { kind: 'go', stop: 7 }],
          [95, 'tick'],
        ],
        still,
      ),
    ).toMatchObject({ mode: 'round', stop: 'all' });
  });
});

test('the address overrules the link, within bounds', () => {
  expect(tourOf({ dwell: '60', alarm: '0', touch: '1' }, TOUR)).toEqual({ dwellS: 60, alarmS: 0, touchS: 5 });
  expect(tourOf({ dwell: 'soon', alarm: '99999' }, TOUR)).toEqual({ dwellS: 30, alarmS: 3_600, touchS: 90 });
});

test('only an alarm that was just raised, is not low and belongs to a property moves the wall', () => {
  const sinceMs = Date.parse('2026-11-22T07:59:00Z');
  const fresh: Alarm = {
    id: 1,
    propertyId: 7,
    kind: 'overload',
    severity: 2,
    state: 'unacknowledged',
    active: true,
    source: { kind: 'meter', id: 3 },
    path: [],
    raisedAt: '2026-11-22T07:59:30Z',
    lastRaisedAt: '2026-11-22T07:59:30Z',
    occurrences: 1,
    childCount: 0,
  };
  expect(tourAlarmOf(fresh, sinceMs)).toEqual({ propertyId: 7, meterId: 3 });
  const line: Alarm = { ...fresh, source: { kind: 'line', id: 3 } };
  expect(tourAlarmOf(line, sinceMs)).toEqual({ propertyId: 7 });
  const others: Partial<Alarm>[] = [
    { severity: 1 },
    { state: 'acknowledged', acknowledgedAt: '2026-11-22T07:59:40Z' },
    { state: 'shelved' },
    { state: 'returned', active: false },
    { chatteringSince: '2026-11-22T07:59:00Z' },
    { raisedAt: '2026-11-22T07:00:00Z', lastRaisedAt: '2026-11-22T07:00:00Z' },
  ];
  const again: Alarm = { ...fresh, raisedAt: '2026-11-22T06:00:00Z', occurrences: 2 };
  expect(tourAlarmOf(again, sinceMs), 'came again').toEqual({ propertyId: 7, meterId: 3 });
  for (const other of others) expect(tourAlarmOf({ ...fresh, ...other }, sinceMs)).toBeUndefined();
});
