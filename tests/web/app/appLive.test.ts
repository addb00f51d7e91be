import { enableAutoUnmount } from '@vue/test-utils';
import { afterEach, expect, test, vi } from 'vitest';
import AppLive from '../../../web/app/AppLive.vue';
import { mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

/** As its headers place it: with a class of theirs. */
async function openOn(narrow: boolean) {
  vi.stubGlobal('matchMedia', () => ({ matches: narrow, addEventListener() {}, removeEventListener() {} }));
  const { wrapper, health } = await mountInApp(AppLive, [], { class: 'live' });
  const saysAt = async (state: 'connecting' | 'live' | 'stale') => {
    health.value = { state, ageMs: 12_000 };
    await wrapper.vm.$nextTick();
    return wrapper.get('[role=status]').text();
  };
  return saysAt;
}

test('on a phone the dot is enough while all is well; whatever is wrong is said in words', async () => {
  const says = await openOn(true);
  expect(await says('live')).toBe('');
  expect(await says('stale')).toBe('no contact for 12 s');
  expect(await says('connecting')).toBe('connecting');
});

test('where there is room the age of the feed is always in words', async () => {
  const says = await openOn(false);
  expect(await says('live')).toBe('live, 12 s ago');
  expect(await says('stale')).toBe('no contact for 12 s');
});
