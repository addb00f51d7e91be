import { enableAutoUnmount } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import AppDatabaseNotice from '../../../web/app/AppDatabaseNotice.vue';
import { mountInApp } from '../support/appHarness.ts';
import { pulse } from './appSamples.ts';

enableAutoUnmount(afterEach);

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
