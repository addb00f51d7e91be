import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { type AlarmChild, listAlarmChildren, listMeters } from '#contract/index.ts';
import AlarmChildren from '../../../web/features/alarms/AlarmChildren.vue';
import { mountInApp } from '../support/appHarness.ts';
import { alarmWith } from './alarmSamples.ts';

enableAutoUnmount(afterEach);

const child = (meterId: number, link: AlarmChild['link']): AlarmChild => ({
  meterId,
  meterNumber: `A${meterId}`,
  placeId: meterId,
  path: [],
  link,
  isProtected: false,
});
const children = [child(1, 'lost'), child(2, 'online'), child(3, 'late')];

test.each([true, false])('a meter behind a lost line has the state that it has, alarm active: %s', async (active) => {
  const alarm = alarmWith({ kind: 'lineLost', source: { kind: 'line', id: 7 }, childCount: 3, active });
  const { wrapper } = await mountInApp(
    AlarmChildren,
    [
      [listAlarmChildren, ({ params }) => ({ body: { items: params['alarmId'] === '1' ? children : [] } })],
      [listMeters, () => ({ body: { items: children.map((one) => ({ ...one, id: one.meterId })) } })],
    ],
    { alarm },
  );
  await flushPromises();
  const rows = wrapper.findAll('li').map((row) => [row.text(), row.findAll('svg').map((mark) => mark.classes())]);
  expect(rows).toEqual([
    ['A1 Lost', [['mark', 'lost']]],
    ['A2 Online', []],
    ['A3 Late', []],
  ]);
});
