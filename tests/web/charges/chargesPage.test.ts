import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import {
  type Charge,
  decideQuarantinedRead,
  exportCharges,
  getAccount,
  getCharge,
  getSession,
  listChargeHolds,
  listCharges,
  listPlaces,
  listQuarantinedReads,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useSession } from '../../../web/app/session.ts';
import ChargesPage from '../../../web/features/charges/ChargesPage.vue';
import { type Answer, type Asked, mountInApp } from '../support/appHarness.ts';
import { charge, correction, detail, doubt, edit } from './chargeSamples.ts';

enableAutoUnmount(afterEach);

const property = {
  ...{ id: 1, kind: 'property', propertyId: 1, names: { en: 'Mall' }, position: 1 },
  ...{ timeZone: 'Asia/Shanghai', currency: 'CNY' },
};
const hold = {
  ...{ id: '3', propertyId: 1, accountId: 7, meterId: 5, meterNumber: '2402', customerName: 'Shop' },
  ...{ cause: 'quarantine', since: '2026-11-19T02:03:00Z', chargedTo: '2026-11-19T02:00:00Z' },
};

interface World {
  readonly permissions?: readonly string[];
  readonly address?: Record<string, string>;
  readonly charges?: (asked: Asked) => Answer;
}
async function open({ permissions = ['account.view', 'vend.decide'], address = {}, charges }: World = {}) {
  const asked: (Asked & { readonly what: string })[] = [];
  const note =
    (what: string, body: unknown, status = 200) =>
    (call: Asked) => {
      asked.push({ ...call, what });
      return { body, status };
    };
  const user = {
    ...{ userId: 1, user: 'x', displayName: 'x', permissions, grants: [], demo: false },
    expiresAt: '2027-01-01T00:00:00Z',
  };
  const list = note('charges', { items: [charge('12', '2026-11-19T02:33:00Z'), charge('11', '2026-11-18T02:33:00Z')] });
  const { wrapper, router } = await mountInApp(
    ChargesPage,
    [
      [getSession, () => ({ body: user })],
      [listPlaces, () => ({ body: { items: [property] } })],
      [listCharges, charges ?? list],
      [getCharge, (call) => note('charge', detail(call.params['chargeId'] ?? ''))(call)],
      [getAccount, note('account', { id: 7, custody: 'platform', balanceMinor: '4567', customer: { name: 'Shop' } })],
      [listChargeHolds, note('holds', { items: [hold] })],
      [listQuarantinedReads, note('doubts', { items: [doubt] })],
      [decideQuarantinedRead, note('decide', doubt)],
      [exportCharges, note('excel', { code: 'server.busy', message: 'busy' }, 503)],
    ],
    {},
  );
  await router.replace({ path: '/charges', query: address });
  await useSession().load();
  await useEstate().load();
  await flushPromises();
  await flushPromises();
  return { wrapper, router, asked };
}

test('charges stand under the day on which the money left, with its sums', async () => {
  const { wrapper } = await open();
  const days = wrapper.findAll('.day').map((day) => day.text());
  expect(days).toHaveLength(2);
  expect(days[0]).toContain('Thu 19 Nov');
  expect(days[0]).toContain('charges: 1');
  expect(wrapper.get('[data-charge="12"]').text()).toContain('10:00 – 10:30');
  expect(wrapper.get('[data-charge="12"] .used').text()).toBe('2.50 kWh');
  expect(wrapper.get('[data-charge="12"] .amount').text()).toBe('1.84');
});

test('a charge opens to its segments, which add up to its amount, and stays open for whoever gets the address', async () => {
  const { wrapper, router } = await open({ address: { property: '1', account: '7' } });
  expect(wrapper.get('[data-account]').text()).toContain('Wallet ¥ 45.67');
  await wrapper.get('[data-charge="12"] th button').trigger('click');
  await flushPromises();
  expect(router.currentRoute.value.query).toEqual({ property: '1', account: '7', charge: '12' });
  const cells = wrapper.findAll('.segments tbody tr > *').map((cell) => cell.text());
  expect(cells).toEqual([
    'Thu 19 Nov 10:00 – 10:30',
    'one price',
    '1,000.00 → 1,002.50',
    '×60',
    '2.50',
    '0.73571234',
    '1.83928085',
  ]);
  const sums = wrapper.findAll('[data-sum]').map((sum) => sum.text());
  expect(sums).toEqual(['1.83928085', '0.00071915', '1.84']);
});

test('a correction names what it puts right and why; that charge need not be on the page', async () => {
  const { wrapper, router } = await open({ address: { charge: '40' } });
  const alone = wrapper.get('.alone');
  expect(alone.get('[data-correction]').text()).toContain('corrected by a person');
  expect(alone.text()).toContain(edit.reason);
  expect(alone.findAll('[data-sum]').map((sum) => sum.text())).toEqual(['−0.83944777994', '−0.00055222006', '−0.84']);
  await alone.get('.ways button').trigger('click');
  await flushPromises();
  expect(router.currentRoute.value.query['charge']).toBe(correction.chargeIds[0]);
});

test('what is held says why; a read in doubt is decided with a reason, then all is asked anew', async () => {
  const { wrapper, asked } = await open();
  expect(wrapper.get('[data-hold="3"]').text()).toContain('nothing is charged until it is decided');
  const [, rebase] = wrapper.get('[data-doubt="9"]').findAll('.ways button');
  await rebase?.trigger('click');
  await flushPromises();
  const field = document.querySelector<HTMLInputElement>('.office-form input');
  if (field === null) throw new Error('no field for the reason');
  field.value = 'the meter was exchanged';
  field.dispatchEvent(new Event('input'));
  document.querySelector('.office-form')?.dispatchEvent(new Event('submit'));
  await flushPromises();
  const decision = asked.findIndex(({ what }) => what === 'decide');
  expect(asked[decision]?.body).toEqual({
    ...{ decision: 'rebased', readAt: doubt.read.at, reason: 'the meter was exchanged' },
  });
  expect(
    asked
      .slice(decision + 1)
      .map(({ what }) => what)
      .toSorted(),
  ).toEqual(['charges', 'doubts', 'holds']);
});

test('who may not decide sees who may', async () => {
  const { wrapper } = await open({ permissions: ['account.view'] });
  expect(wrapper.get('[data-doubt="9"]').text()).toContain('Decided by who may');
  expect(wrapper.find('[data-doubt="9"] .ways').exists()).toBe(false);
});

test('days and account are asked for in the clock of the property, of the list and of the file alike', async () => {
  const { wrapper, asked } = await open({ address: { account: '7', from: '2026-11-18', to: '2026-11-18' } });
  const filter = {
    ...{ propertyId: '1', accountId: '7' },
    ...{ from: '2026-11-17T16:00:00.000Z', to: '2026-11-18T16:00:00.000Z' },
  };
  const last = (what: string) => Object.fromEntries(asked.findLast((one) => one.what === what)?.query ?? []);
  expect(last('charges')).toEqual({ ...filter, limit: '100' });
  await wrapper.get('[data-export]').trigger('click');
  await flushPromises();
  expect(last('excel')).toEqual({ ...filter, lang: 'en' });
  expect(wrapper.get('.export [role=alert]').text()).toContain('busy');
});

test('a further page goes on with the day that the first one ended in', async () => {
  const pages: Record<string, { items: Charge[]; nextCursor?: string }> = {
    '': { items: [charge('12', '2026-11-19T02:33:00Z')], nextCursor: '12' },
    '12': { items: [charge('11', '2026-11-19T02:03:00Z')] },
  };
  const { wrapper } = await open({ charges: ({ query }) => ({ body: pages[query.get('cursor') ?? ''] }) });
  expect(wrapper.get('.day').text()).toContain('so far');
  await wrapper.get('.further').trigger('click');
  await flushPromises();
  expect(wrapper.findAll('.day').map((day) => day.text())).toHaveLength(1);
  expect(wrapper.get('.day .amount').text()).toBe('3.68');
  expect(wrapper.find('.further').exists()).toBe(false);
});

test('nothing, and nothing of this filter, and no answer are told apart', async () => {
  const none = { charges: () => ({ body: { items: [] } }) };
  expect((await open(none)).wrapper.get('.list .empty').text()).toContain('Nothing was charged yet');
  const filtered = await open({ ...none, address: { account: '7' } });
  expect(filtered.wrapper.get('.list .empty').text()).toContain('No charge of this kind');
  const failed = await open({ charges: () => ({ status: 500, body: { code: 'server.error', message: 'no' } }) });
  expect(failed.wrapper.get('.list [role=alert]').find('button').exists()).toBe(true);
});
