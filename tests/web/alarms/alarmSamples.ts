import type { Alarm } from '#contract/index.ts';

/** An alarm as the API gives it, with what a test changes about it. */
export const alarmWith = (change: Partial<Alarm> = {}): Alarm => ({
  id: 1,
  propertyId: 1,
  kind: 'overload',
  severity: 2,
  state: 'unacknowledged',
  active: true,
  source: { kind: 'meter', id: 7 },
  path: [{ en: 'Riverside', zh: '滨江' }, { en: 'Mall', zh: '购物中心' }, { en: '1F' }, { en: '1F-08' }],
  label: { en: "Baker's Yard", zh: '麦田烘焙' },
  raisedAt: '2026-11-19T13:46:00.000Z',
  lastRaisedAt: '2026-11-19T13:46:00.000Z',
  occurrences: 1,
  value: 18_600,
  limit: 16_000,
  unit: 'W',
  childCount: 0,
  ...change,
});
