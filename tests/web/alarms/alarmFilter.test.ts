// @vitest-environment node
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Alarm } from '#contract/index.ts';
import {
  ALARM_TABS,
  type AlarmFilter,
  addressOfFilter,
  belongs,
  countAlarms,
  fileQueryOf,
  filterOfAddress,
  NO_FILTER,
  queryOfFilter,
  visibleAlarms,
} from '../../../web/features/alarms/alarmFilter.ts';
import { alarmLook } from '../../../web/features/alarms/alarmLook.ts';
import { alarmWith } from './alarmSamples.ts';

const acknowledged = {
  state: 'acknowledged',
  acknowledgedAt: '2026-11-19T13:50:00Z',
  acknowledgedBy: 'Chen Wei',
} as const;
const ME = 9;
const ZONE = 'Asia/Shanghai';
const alarms: readonly Alarm[] = [
  alarmWith({ id: 1, severity: 2, raisedAt: '2026-11-19T13:00:00Z' }),
  alarmWith({ id: 2, severity: 3, raisedAt: '2026-11-19T12:00:00Z' }),
  alarmWith({ id: 3, severity: 2, raisedAt: '2026-11-19T13:30:00Z' }),
  alarmWith({ id: 4, severity: 3, ...acknowledged }),
  alarmWith({ id: 5, severity: 1, state: 'returned' }),
  alarmWith({ id: 6, severity: 1, ...acknowledged, state: 'closed' }),
  alarmWith({ id: 7, severity: 3, state: 'shelved', assigned: { userId: ME, name: 'Zhou Min' } }),
  alarmWith({ id: 8, severity: 3, state: 'suppressed', assigned: { userId: ME, name: 'Zhou Min' } }),
];
const all: AlarmFilter = NO_FILTER;
const ids = (filter: Partial<AlarmFilter>) => visibleAlarms(alarms, { ...all, ...filter }, ME).map(({ id }) => id);

const anyFilter = fc.record({
  tab: fc.constantFrom(...ALARM_TABS),
  severity: fc.constantFrom(1 as const, 2 as const, 3 as const, undefined),
  propertyId: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
  placeId: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
  handledBy: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
  kind: fc.constantFrom('overload' as const, 'arrears' as const, undefined),
  from: fc.constantFrom('2026-11-01', undefined),
  to: fc.constantFrom('2026-11-19', undefined),
  q: fc.string(),
});

test('the filter can be read from the address that it makes', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      expect(filterOfAddress(addressOfFilter(filter))).toEqual(filter);
    }),
  );
});

test('an address with nonsense in it shows everything', () => {
  expect(
    filterOfAddress({
      tab: 'gone',
      severity: '9',
      property: '-1',
      kind: 'none',
      from: '2026-02-31',
      to: 'x',
      q: ['a', 'b'],
    }),
  ).toEqual(all);
});

test('what waits for a hand comes first, then the graver, then the newer; the past is apart', () => {
  expect(ids({})).toEqual([2, 3, 1, 4, 5, 7]);
  expect(ids({ tab: 'mine' })).toEqual([7]);
  expect(ids({ tab: 'suppressed' })).toEqual([8]);
  expect(ids({ tab: 'closed' })).toEqual([6]);
  expect(ids({ tab: 'unacknowledged', severity: 2 })).toEqual([3, 1]);
});

test('every count is the sum of its parts', () => {
  fc.assert(
    fc.property(anyFilter, (filter) => {
      const { tabs, severities } = countAlarms(alarms, filter, ME);
      expect(tabs.all).toBe(tabs.unacknowledged + tabs.acknowledged + tabs.returned + tabs.shelved);
      for (const tab of ALARM_TABS) expect(tabs[tab]).toBe(visibleAlarms(alarms, { ...filter, tab }, ME).length);
      const bySeverity = Object.values(severities).reduce((sum, count) => sum + count, 0);
      expect(bySeverity).toBe(visibleAlarms(alarms, { ...filter, severity: undefined }, ME).length);
    }),
  );
});

describe('what the server is asked', () => {
  test('current alarms come whole, so that they can be counted; the past is filtered there', () => {
    expect(queryOfFilter({ ...all, tab: 'returned', severity: 3 }, ZONE)).not.toHaveProperty('severity');
    expect(queryOfFilter({ ...all, tab: 'closed', severity: 3 }, ZONE)).toMatchObject({ state: 'closed', severity: 3 });
  });

  test('days are those of the property, both included; a file asks for what the tab shows', () => {
    const history = queryOfFilter({ ...all, tab: 'closed', from: '2026-11-18', to: '2026-11-19' }, ZONE);
    expect(history).toMatchObject({ from: '2026-11-17T16:00:00.000Z', to: '2026-11-19T16:00:00.000Z' });
    expect(queryOfFilter({ ...all, from: '2026-11-18' }, ZONE)).not.toHaveProperty('from');
    expect(fileQueryOf({ ...all, tab: 'mine', severity: 2 }, ZONE)).toEqual({
      state: 'current',
      assigned: 'me',
      severity: 2,
    });
    expect(fileQueryOf({ ...all, tab: 'shelved' }, ZONE)).toEqual({ state: 'shelved' });
    const whereWho = { placeId: 7, handledBy: 8 };
    expect(queryOfFilter({ ...all, ...whereWho }, ZONE)).toMatchObject(whereWho);
    expect(fileQueryOf({ ...all, tab: 'closed', ...whereWho }, ZONE)).toEqual({ state: 'closed', ...whereWho });
  });

  test('a live alarm of another property does not enter the list', () => {
    expect(belongs(alarmWith({ propertyId: 2 }), { ...all, propertyId: 1 })).toBe(false);
    const { propertyId: _, ...platform } = alarmWith({ kind: 'storeDown', source: { kind: 'platform', id: 0 } });
    expect(belongs(platform, { ...all, propertyId: 1 })).toBe(true);
    expect(belongs(alarmWith({ state: 'closed' }), all)).toBe(false);
    expect(belongs(alarmWith({ state: 'returned' }), all)).toBe(true);
  });
});

test('the mark says where the alarm stands, held back and over are dashed', () => {
  expect(alarms.map((alarm) => alarmLook(alarm))).toEqual([
    'filled',
    'filled',
    'filled',
    'outlined',
    'returned',
    'returned',
    'returned',
    'returned',
  ]);
});
