import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineComponent, h } from 'vue';
import { getSession, listAlarms, listPlaces, PERMISSIONS } from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { forgetKept, keepApp, kept, keptApp } from '../../../web/app/kept.ts';
import { useSession } from '../../../web/app/session.ts';
import AlarmsPage from '../../../web/features/alarms/AlarmsPage.vue';
import { KEPT_ALARMS_MAX, keepAlarms, keptAlarms } from '../../../web/features/alarms/keptAlarms.ts';
import { mountInApp, type Serve } from '../support/appHarness.ts';
import { alarmWith } from './alarmSamples.ts';

enableAutoUnmount(afterEach);
beforeEach(() => localStorage.clear());

const session = {
  userId: 1,
  user: 'z',
  displayName: 'Zhou Min',
  permissions: [...PERMISSIONS],
  grants: [],
  expiresAt: '2026-12-01T00:00:00.000Z',
  demo: false,
};
const BEFORE = Date.parse('2026-11-20T00:00:00Z');

test('who works here is known without signal while the session runs, and nobody after its end', () => {
  keepApp({ session, properties: [] });
  expect(keptApp(BEFORE)?.session.displayName).toBe('Zhou Min');
  expect(keptApp(Date.parse('2026-12-02T00:00:00Z'))).toBeUndefined();
  localStorage.setItem('meterwall.alarms.outbox.1', '[]');
  forgetKept();
  expect(keptApp(BEFORE)).toBeUndefined();
  expect(localStorage.getItem('meterwall.alarms.outbox.1'), 'what waits for signal is not lost by it').toBe('[]');
});

test('what is broken in the store, or finds no room there, is as if nothing had been kept', () => {
  localStorage.setItem('meterwall.kept.app', '{"session":');
  expect(keptApp(BEFORE)).toBeUndefined();
  const full = {
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  };
  expect(() => keepApp({ session, properties: [] }, full)).not.toThrow();
});

test('kept alarms answer exactly their own question, of their own user, and are bounded', () => {
  const items = Array.from({ length: KEPT_ALARMS_MAX + 1 }, (_, index) => alarmWith({ id: index + 1 }));
  keepAlarms(1, { query: 'q1', asOfMs: 5, items });
  expect(keptAlarms(1, 'q1')).toMatchObject({ asOfMs: 5 });
  expect(keptAlarms(1, 'q1')?.items).toHaveLength(KEPT_ALARMS_MAX);
  expect(keptAlarms(1, 'q2')).toBeUndefined();
  expect(keptAlarms(2, 'q1')).toBeUndefined();
});

/** As in the app: the page is there once it is known who looks. */
const SignedIn = defineComponent(() => {
  const who = useSession();
  return () => (who.signedIn ? h(AlarmsPage) : undefined);
});

test('a list that was seen is shown again without signal, with its age, until the server answers', async () => {
  let away = false;
  const serve: Serve = [
    [getSession, () => ({ body: session })],
    [listPlaces, () => ({ body: { items: [] } })],
    [listAlarms, () => (away ? { status: 502, body: {} } : { body: { items: [alarmWith({ id: 1 })] } })],
  ];
  const open = async () => {
    const page = await mountInApp(SignedIn, serve);
    await useSession().load();
    await useEstate().load();
    await flushPromises();
    return page;
  };
  const { wrapper: seen } = await open();
  expect(seen.find('[data-testid=alarms-as-of]').exists()).toBe(false);
  seen.unmount();
  expect(Object.keys(localStorage)).toContain('meterwall.kept.alarms.1');

  away = true;
  const { wrapper } = await open();
  expect(wrapper.find('[data-alarm="1"]').exists()).toBe(true);
  expect(wrapper.get('[data-testid=alarms-as-of]').text()).toContain('As of 21:47, no signal');
  expect(kept('alarms.1')).toBeDefined();
});
