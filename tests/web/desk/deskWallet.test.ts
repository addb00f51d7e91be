import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test, vi } from 'vitest';
import {
  getAccount,
  getSale,
  getSession,
  listPlaces,
  listSales,
  listVendSteps,
  previewSale,
  sell,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useSession } from '../../../web/app/session.ts';
import DeskPage from '../../../web/features/desk/DeskPage.vue';
import { mountInApp, type Serve } from '../support/appHarness.ts';
import { accountWith, property, saleWith, session } from './deskSamples.ts';

enableAutoUnmount(afterEach);
afterEach(() => {
  vi.useRealTimers();
});

const account = accountWith({ propertyId: 3, custody: 'platform', balanceMinor: '38775' });
const sale = saleWith('CONFIRMED', { propertyId: 3, custody: 'platform', paidMinor: '8880', netMinor: '8880' });
const figures = { paidMinor: '8880', feeMinor: '0', netMinor: '8880', custody: 'platform', underWayMinor: '0' };
const serve: Serve = [
  [getSession, () => ({ body: session })],
  [
    listPlaces,
    () => ({ body: { items: [property, { ...property, id: 3, propertyId: 3, names: { en: 'Residence' } }] } }),
  ],
  [previewSale, () => ({ body: { ...figures, refusals: [] } })],
  [sell, () => ({ status: 201, body: sale })],
  [getSale, () => ({ body: { ...sale, balanceBeforeMinor: '38775', balanceAfterMinor: '47655' } })],
  [listSales, () => ({ body: { items: [] } })],
  [listVendSteps, () => ({ body: { items: [] } })],
  [getAccount, () => ({ body: account })],
];

test('an address that names an account of another property leads there; its wallet is told before and after', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const { wrapper } = await mountInApp(
    {
      components: { DeskPage },
      data: () => ({ signedIn: false }),
      async mounted() {
        await this['$router'].replace({ query: { account: '7' } });
        await useSession().load();
        await useEstate().load();
        this['signedIn'] = true;
      },
      template: '<DeskPage v-if="signedIn" />',
    },
    serve,
  );
  await flushPromises();
  expect(useEstate().current?.id).toBe(3);
  await wrapper.find('input[name=amount]').setValue('88.80');
  await vi.advanceTimersByTimeAsync(200);
  await flushPromises();
  await wrapper.find('[data-confirm]').trigger('click');
  await flushPromises();
  expect(wrapper.find('.delivery-panel .say').text()).toContain('¥ 476.55');
  const receipt = wrapper.find('.receipt-sheet');
  expect(receipt.find('h1').text()).toBe('Residence');
  expect(receipt.text()).toContain('387.75');
});
