import { mount } from '@vue/test-utils';
import { ElCheckbox, ElDialog, ElForm, ElFormItem, ElInput, ElInputNumber } from 'element-plus';
import { createPinia } from 'pinia';
import { type Component, shallowReactive, shallowRef } from 'vue';
import { createMemoryHistory, createRouter, type RouteRecordRaw } from 'vue-router';
import type { Alarm, AnyRoute } from '#contract/index.ts';
import { API_KEY, createApiClient } from '../../../web/api/client.ts';
import { createTranslator } from '../../../web/i18n/index.ts';
import { LIVE_KEY, type LiveClient, type RoomHealth } from '../../../web/live/liveClient.ts';

/** What the far end of the wire answers: a status and a body. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}
export type Serve = readonly (readonly [route: AnyRoute, answer: (asked: Asked) => Answer | Promise<Answer>])[];

/** A browser's end of the wire: answers by contract, 404 for what nobody serves. */
function wire(serve: Serve): typeof fetch {
  return async (input, init) => {
    const url = new URL(String(input), 'http://house');
    for (const [route, answer] of serve) {
      const match = new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`).exec(url.pathname);
      if (route.method !== init?.method || match === null) continue;
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
      const answered = await answer({ params: match.groups ?? {}, query: url.searchParams, body });
      return new Response(JSON.stringify(answered.body), { status: answered.status ?? route.status ?? 200 });
    }
    return new Response(JSON.stringify({ code: 'not-found', message: url.pathname }), { status: 404 });
  };
}

/** A live feed that says only what the test says. */
function silentLive() {
  const listeners = new Set<(alarm: Alarm) => void>();
  const missListeners = new Set<(propertyId: number) => void>();
  const nothing = () => {};
  const health = shallowRef<RoomHealth>({ state: 'live', ageMs: 0 });
  /** Properties that are watched now. */
  const watched = new Map<number, number>();
  const live: LiveClient = {
    health,
    healthOf: () => health.value,
    pulses: shallowReactive(new Map()),
    nowMs: () => Date.parse('2026-11-19T13:47:00Z'),
    watchProperty(propertyId) {
      watched.set(propertyId, (watched.get(propertyId) ?? 0) + 1);
      return () => {
        const left = (watched.get(propertyId) ?? 0) - 1;
        if (left > 0) watched.set(propertyId, left);
        else watched.delete(propertyId);
      };
    },
    watchMeter: () => nothing,
    onCommands: () => nothing,
    onAlarm: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onMissed: (listener) => {
      missListeners.add(listener);
      return () => missListeners.delete(listener);
    },
    resync: nothing,
    close: nothing,
  };
  const say = (alarm: Alarm) => {
    for (const listener of listeners) listener(alarm);
  };
  /** The connection was gone for a moment: what was said meanwhile did not come. */
  const miss = (propertyId = 1) => {
    for (const listener of missListeners) listener(propertyId);
  };
  return { live, say, miss, watched, health };
}

const page = { template: '<div />' };
const routes: RouteRecordRaw[] = [
  { path: '/meters/:meterId', name: 'meter', component: page },
  { path: '/gateways/:gatewayId', name: 'gateway', component: page },
  { path: '/gateways', name: 'gateways', component: page },
  { path: '/alarms', name: 'alarms', component: page },
  { path: '/desk', name: 'desk', component: page },
  { path: '/charges', name: 'charges', component: page },
  { path: '/doctor', name: 'doctor', component: page },
  { path: '/doctor/lines/:lineId', name: 'doctor-line', component: page },
];
/** What the build imports by itself where a template names it. */
const components = { ElCheckbox, ElDialog, ElForm, ElFormItem, ElInput, ElInputNumber };

/** Mounts a component in an app like ours, in English, against answers by contract. */
export async function mountInApp(component: Component, serve: Serve, props: Record<string, unknown> = {}) {
  const router = createRouter({ history: createMemoryHistory(), routes });
  await router.push({ name: 'alarms' });
  const { live, ...feed } = silentLive();
  const api = createApiClient({ fetch: wire(serve), onSessionRequired: () => {} });
  const wrapper = mount(component, {
    props,
    attachTo: document.body,
    global: {
      plugins: [createPinia(), router, createTranslator('en')],
      provide: { [API_KEY]: api, [LIVE_KEY]: live },
      components,
      // Their drop-downs measure themselves for ever where nothing has a size.
      stubs: { teleport: true, transition: true, ElSelect: true, ElTreeSelect: true },
    },
  });
  return { wrapper, router, live, ...feed };
}
