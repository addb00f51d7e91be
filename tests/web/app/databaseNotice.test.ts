import { enableAutoUnmount } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import type { Pulse } from '#contract/live.ts';
import AppDatabaseNotice from '../../../web/app/AppDatabaseNotice.vue';
import { mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

const pulse: Pulse = {
  propertyId: 1,
  epoch: 'a',
  seq: 1,
  atMs: 0,
  loadW: 0,
  oldestReadingMs: 0,
  gatewaysUp: 1,
  gateways: 1,
  lines: 1,
  unacknowledgedAlarms: 0,
  commandsInFlight: 0,
  readingsPerSecond: 0,
  release: '0.0.0',
};

test('a database that is away is told while it is, and what that means', async () => {
  const { wrapper, live } = await mountInApp(AppDatabaseNotice, []);
  const notice = () => wrapper.find('[data-testid=database-notice]');
  live.pulses.set(1, pulse);
  await wrapper.vm.$nextTick();
  expect(notice().exists()).toBe(false);
  live.pulses.set(1, { ...pulse, databaseAway: true });
  await wrapper.vm.$nextTick();
  expect(notice().text()).toContain('The database does not answer. Live values go on');
  live.pulses.set(1, pulse);
  await wrapper.vm.$nextTick();
  expect(notice().exists()).toBe(false);
});
