import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test, vi } from 'vitest';
import { defineComponent } from 'vue';
import { countAlarms, listPlaces, type Place } from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useAlarmCounting } from '../../../web/app/useCounting.ts';
import { mountInApp, type Serve } from '../support/appHarness.ts';
import { pulse } from './appSamples.ts';

enableAutoUnmount(afterEach);
afterEach(() => {
  vi.useRealTimers();
});

const property = (id: number): Place => ({
  id,
  kind: 'property',
  propertyId: id,
  names: { en: `P${id}` },
  position: id,
  timeZone: 'Asia/Shanghai',
  currency: 'CNY',
});
const Counting = defineComponent(() => {
  useAlarmCounting();
  return () => undefined;
});

test('alarms of properties that this page does not hear are counted four times a minute, others once', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let counted = 0;
  const serve: Serve = [
    [listPlaces, () => ({ body: { items: [property(1), property(2)] } })],
    [countAlarms, () => ({ body: { unacknowledged: ++counted, calling: 0 } })],
  ];
  const { live } = await mountInApp(Counting, serve);
  await useEstate().load();
  live.pulses.set(1, pulse);
  await flushPromises();
  expect(counted).toBe(1);
  vi.advanceTimersByTime(15_000);
  expect(counted, 'the second is not heard').toBe(2);
  live.pulses.set(2, { ...pulse, propertyId: 2 });
  vi.advanceTimersByTime(45_000);
  expect(counted).toBe(2);
  vi.advanceTimersByTime(15_000);
  expect(counted).toBe(3);
});
