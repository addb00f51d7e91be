import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import {
  addTariffVersion,
  decideTariffVersion,
  exportTariffs,
  getSession,
  getTariff,
  listPlaces,
  listTariffs,
  previewTariff,
  type TariffVersion,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useSession } from '../../../web/app/session.ts';
import TariffsPage from '../../../web/features/tariffs/TariffsPage.vue';
import { type Asked, mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

const DAY = Array.from({ length: 96 }, (_, slot) => (slot >= 72 && slot < 80 ? 'sharp' : 'flat'));
const prices = { sharp: '1.113999', peak: '0.9', flat: '0.715686', valley: '0.5', deepValley: '0.2' };
const body = { kind: 'timeOfUse', prices, days: { tables: [DAY], rules: [{ table: 0 }] } };
const told = {
  prices: [{ label: 'flat', published: '0.715686', meter: '0.7157', drift: '0.000014' }],
  fitsMeters: true,
};
const version = (change: Partial<TariffVersion>) => ({
  ...{ id: 1, tariffId: 5, effectiveFrom: '2026-01-01T00:00:00Z', state: 'published', body, ...told, warnings: [] },
  ...{ createdBy: 'Li', createdAt: '2026-01-01T00:00:00Z', ...change },
});
const tariff = { id: 5, propertyId: 1, name: 'Shops', medium: 'electricity', currentVersionId: 1, versionCount: 2 };
const homes = { ...tariff, id: 6, name: 'Homes' };
const property = {
  id: 1,
  kind: 'property',
  propertyId: 1,
  names: { en: 'Mall' },
  position: 1,
  timeZone: 'Asia/Shanghai',
  currency: 'CNY',
};

async function open(permissions: readonly string[] = ['tariff.view', 'tariff.edit']) {
  const asked: Asked[] = [];
  const note =
    (answer: unknown, status = 200) =>
    (call: Asked) => {
      asked.push(call);
      return { body: answer, status };
    };
  const draft = version({ id: 2, state: 'draft', effectiveFrom: '2026-12-31T16:00:00Z' });
  const user = {
    userId: 1,
    user: 'x',
    displayName: 'x',
    permissions,
    grants: [],
    expiresAt: '2027-01-01T00:00:00Z',
    demo: false,
  };
  const { wrapper, router } = await mountInApp(TariffsPage, [
    [getSession, () => ({ body: user })],
    [listPlaces, () => ({ body: { items: [property] } })],
    [
      listTariffs,
      ({ query }) => ({ body: query.has('cursor') ? { items: [homes] } : { items: [tariff], nextCursor: 'x' } }),
    ],
    [getTariff, () => ({ body: { tariff, versions: [draft, version({})] } })],
    [previewTariff, note({ ...told, warnings: [] })],
    [decideTariffVersion, note(version({ id: 2 }))],
    [addTariffVersion, note(version({ id: 3, state: 'draft' }))],
    [exportTariffs, note({ code: 'server.busy', message: 'busy' }, 503)],
  ]);
  await useSession().load();
  await useEstate().load();
  await flushPromises();
  await flushPromises();
  return { wrapper, asked, router };
}

test('versions with their prices, what the meter makes of them, and the day as a strip', async () => {
  const { wrapper } = await open();
  const cards = wrapper.findAll('article');
  expect(cards.map((card) => card.get('strong').text())).toEqual(['Draft', 'In force']);
  expect(cards[1]?.get('tbody tr').text()).toBe('Flat0.7156860.7157+0.000014');
  expect(cards[1]?.get('[role=img]').attributes('aria-label')).toBe(
    '00:00–18:00 Flat, 18:00–20:00 Sharp, 20:00–24:00 Flat',
  );
});

test('a draft is published by a click', async () => {
  const { wrapper, asked } = await open();
  const publish = wrapper.findAll('article button').find((button) => button.text() === 'Publish');
  await publish?.trigger('click');
  await flushPromises();
  expect(asked).toMatchObject([{ params: { versionId: '2' }, body: { decision: 'publish' } }]);
});

test('the tariffs of the property are taken as a file, also by who may only look; a failure is said', async () => {
  const { wrapper, asked } = await open(['tariff.view']);
  await wrapper.get('[data-export]').trigger('click');
  await flushPromises();
  expect(Object.fromEntries(asked[0]?.query ?? [])).toEqual({ propertyId: '1', lang: 'en' });
  expect(wrapper.get('.export [role=alert]').text()).toContain('busy');
});

test('who may only look is offered nothing to change', async () => {
  const { wrapper } = await open(['tariff.view']);
  const texts = wrapper.findAll('button').map((button) => button.text());
  expect(texts.filter((text) => /Publish|Drop|New version|Add/.test(text))).toEqual([]);
});

test('the next version is a copy of the newest, previewed and saved as a draft', async () => {
  const { wrapper, asked } = await open();
  await wrapper
    .findAll('button')
    .find((button) => button.text() === 'New version')
    ?.trigger('click');
  await flushPromises();
  expect(asked).toMatchObject([{ body: { propertyId: 1, body } }]);
  await wrapper.get('form').trigger('submit');
  await flushPromises();
  expect(asked.at(-1)).toMatchObject({
    params: { tariffId: '5' },
    body: { effectiveFrom: '2026-11-19T16:00:00.000Z', body },
  });
});

test('every tariff is there, however many pages they are, and the chosen one stands in the address', async () => {
  const { wrapper, router } = await open();
  const choices = wrapper.findAll('nav button');
  expect(choices.map((one) => one.text())).toEqual(['Shops Electricity', 'Homes Electricity']);
  await choices[1]?.trigger('click');
  await flushPromises();
  expect(router.currentRoute.value.query).toEqual({ tariff: '6' });
  expect(wrapper.find('nav [aria-pressed=true]').text()).toBe('Homes Electricity');
});
