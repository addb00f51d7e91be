import { enableAutoUnmount, flushPromises, type VueWrapper } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  getAccount,
  getSale,
  getSession,
  listPlaces,
  listSales,
  listVendSteps,
  payOutSale,
  previewSale,
  type Sale,
  searchAccounts,
  sell,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useSession } from '../../../web/app/session.ts';
import DeskPage from '../../../web/features/desk/DeskPage.vue';
import { type Answer, mountInApp, type Serve } from '../support/appHarness.ts';
import { accountWith, NOW, property, saleWith, session } from './deskSamples.ts';

enableAutoUnmount(afterEach);

let sold: Map<string, Sale>;
let posts: { saleId: string; paidMinor: string; method: string }[];
/** What the line does with the next posts: they arrive or not, the answer comes or not. */
let line: ('answers' | 'losesRequest' | 'losesAnswer' | 'refuses')[];
const payouts: unknown[] = [];
let refusals: { code: string; message: string }[];

function take(body: unknown): Answer {
  const sale = body as (typeof posts)[number];
  posts.push(sale);
  const now = line.shift() ?? 'answers';
  if (now === 'losesRequest') throw new TypeError('line is down');
  if (now === 'refuses')
    return { status: 409, body: { code: 'vend.hoarding', message: 'The meter would hold too much.' } };
  const known = sold.get(sale.saleId) ?? saleWith('QUEUED', { saleId: sale.saleId, paidMinor: sale.paidMinor });
  sold.set(sale.saleId, known);
  if (now === 'losesAnswer') throw new TypeError('line is down');
  return { status: 201, body: known };
}

const serve: Serve = [
  [getSession, () => ({ body: session })],
  [listPlaces, () => ({ body: { items: [property] } })],
  [
    searchAccounts,
    ({ query }) => ({ body: { items: 'mhhb'.startsWith(query.get('text') ?? '?') ? [accountWith()] : [] } }),
  ],
  [
    previewSale,
    ({ body }) => {
      const { paidMinor } = body as { paidMinor: string };
      const figures = { paidMinor, feeMinor: '0', netMinor: paidMinor, balanceBeforeMinor: '3648' };
      return { body: { ...figures, custody: 'meter', underWayMinor: '0', refusals } };
    },
  ],
  [sell, ({ body }) => take(body)],
  [listSales, () => ({ body: { items: [...sold.values()] } })],
  [
    getSale,
    ({ params }) => {
      const sale = sold.get(params['saleId'] ?? '');
      return sale === undefined ? { status: 404, body: { code: 'not-found', message: 'no' } } : { body: sale };
    },
  ],
  [
    payOutSale,
    ({ params, body }) => {
      const { owedMinor: _owed, ...sale } = sold.get(params['saleId'] ?? '') ?? saleWith('CANCELLED');
      payouts.push(body);
      const paid = { ...sale, paidOutAt: NOW, paidOutMethod: 'cash' as const };
      sold.set(sale.saleId, paid);
      return { status: 201, body: paid };
    },
  ],
  [listVendSteps, () => ({ body: { items: [] } })],
  [getAccount, () => ({ body: accountWith() })],
];

async function openDesk(): Promise<VueWrapper> {
  const { wrapper } = await mountInApp(
    {
      components: { DeskPage },
      data: () => ({ signedIn: false }),
      async mounted() {
        await useSession().load();
        await useEstate().load();
        this['signedIn'] = true;
      },
      template: '<DeskPage v-if="signedIn" />',
    },
    serve,
  );
  await flushPromises();
  return wrapper;
}

/** Time for the settling of what is typed. */
async function pass(ms = 200): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await flushPromises();
}
async function typeAmount(wrapper: VueWrapper, amount: string): Promise<void> {
  await wrapper.find('input[name=find]').setValue('mh');
  await flushPromises();
  await wrapper.find('input[name=amount]').setValue(amount);
  await pass();
}
const confirmButton = (wrapper: VueWrapper) => wrapper.find<HTMLButtonElement>('[data-confirm]');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  localStorage.clear();
  sold = new Map();
  posts = [];
  line = [];
  refusals = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe('from customer to sale', () => {
  test('two letters show the account with its balances; Enter in the amount leads to the button', async () => {
    const wrapper = await openDesk();
    await wrapper.find('input[name=find]').setValue('mh');
    await flushPromises();
    expect(wrapper.find('.account-panel h3').text()).toBe('麦禾烘焙');
    expect(wrapper.findAll('.meter .holds strong').map((one) => one.text())).toEqual(['¥ 36.48', '¥ 112.60']);
    expect(wrapper.find('.meter .holds small').text()).toBe('read 4 s ago');
    await wrapper.find('input[name=find]').trigger('keydown', { key: 'Enter' });
    await flushPromises();
    expect(document.activeElement?.getAttribute('name')).toBe('amount');
    await wrapper.find('input[name=amount]').setValue('100');
    await wrapper.find('input[name=amount]').trigger('keydown', { key: 'Enter' });
    await pass();
    expect(document.activeElement?.hasAttribute('data-confirm')).toBe(true);
    expect(confirmButton(wrapper).text()).toContain('Take ¥ 100.00, Cash');
  });

  test('a wrong amount is explained next to the field, and nothing can be sold', async () => {
    const wrapper = await openDesk();
    await typeAmount(wrapper, '12,5x');
    expect(wrapper.find('#amount-fault').text()).toContain('plain number');
    expect(confirmButton(wrapper).element.disabled).toBe(true);
  });

  test('what the server would refuse is said in words, and cannot be confirmed', async () => {
    refusals = [{ code: 'vend.unheard-of', message: 'The meter would hold more than it may.' }];
    const wrapper = await openDesk();
    await typeAmount(wrapper, '100');
    expect(wrapper.find('.refusals').text()).toBe('The meter would hold more than it may.');
    expect(confirmButton(wrapper).element.disabled).toBe(true);
  });
});

describe('one sale, whatever happens', () => {
  test('a double click sells once', async () => {
    const wrapper = await openDesk();
    await typeAmount(wrapper, '100');
    confirmButton(wrapper).element.click();
    confirmButton(wrapper).element.click();
    await flushPromises();
    expect(posts).toHaveLength(1);
    expect(posts[0]).toMatchObject({ paidMinor: '10000', method: 'cash' });
    expect(wrapper.find('[data-vend-state]').attributes('data-vend-state')).toBe('QUEUED');
  });

  test.each(['losesRequest', 'losesAnswer'] as const)('a line that %s: sent again with the same id', async (fault) => {
    line = [fault, fault];
    const wrapper = await openDesk();
    await typeAmount(wrapper, '100');
    confirmButton(wrapper).element.click();
    await flushPromises();
    expect(wrapper.find('[data-testid=unanswered]').text()).toContain('has not answered yet');
    await pass(4_000);
    expect(new Set(posts.map(({ saleId }) => saleId)).size).toBe(1);
    expect(posts).toHaveLength(3);
    expect(sold.size).toBe(1);
    expect(wrapper.find('[data-testid=unanswered]').exists()).toBe(false);
    expect(wrapper.find('[data-vend-state]').exists()).toBe(true);
  });

  test('a refusal is told, and the next attempt is a sale of its own', async () => {
    line = ['refuses'];
    const wrapper = await openDesk();
    await typeAmount(wrapper, '100');
    confirmButton(wrapper).element.click();
    await flushPromises();
    expect(wrapper.find('.refusals').exists()).toBe(true);
    confirmButton(wrapper).element.click();
    await flushPromises();
    expect(new Set(posts.map(({ saleId }) => saleId)).size).toBe(2);
    expect(sold.size).toBe(1);
  });

  test('a page closed without an answer: the sale that arrived is shown by the next page', async () => {
    line = ['losesAnswer'];
    const first = await openDesk();
    await typeAmount(first, '100');
    confirmButton(first).element.click();
    await flushPromises();
    first.unmount();
    const second = await openDesk();
    expect(second.find('[data-vend-state]').attributes('data-vend-state')).toBe('QUEUED');
    expect(posts).toHaveLength(1);
  });

  test('a page closed without an answer: one that never arrived is sent again only by hand, with its own id', async () => {
    line = ['losesRequest'];
    const first = await openDesk();
    await typeAmount(first, '100');
    confirmButton(first).element.click();
    await flushPromises();
    first.unmount();
    const second = await openDesk();
    expect(second.find('[data-testid=left]').text()).toContain('did not reach the server');
    expect(posts).toHaveLength(1);
    await second.find('[data-testid=left] .primary').trigger('click');
    await flushPromises();
    expect(new Set(posts.map(({ saleId }) => saleId)).size).toBe(1);
    expect(second.find('[data-testid=left]').exists()).toBe(false);
    expect(sold.size).toBe(1);
  });
});

test('the delivery follows the meter, and the desk is free for the next customer', async () => {
  const wrapper = await openDesk();
  await typeAmount(wrapper, '100');
  confirmButton(wrapper).element.click();
  await flushPromises();
  const [id, sale] = [...sold][0] ?? [];
  if (id === undefined || sale === undefined) throw new Error('nothing was sold');
  sold.set(id, { ...sale, state: 'CONFIRMED', balanceAfterMinor: '13648', count: 38 });
  await pass(1_000);
  expect(wrapper.find('[role=status]').text()).toContain('It has arrived: ¥ 100.00 credited, ¥ 136.48 in the meter');
  expect(wrapper.findAll('.way .done')).toHaveLength(5);
  expect(wrapper.find('.receipt-sheet .capital').text()).toContain('壹佰元整');
  await wrapper.find('[data-next]').trigger('click');
  await flushPromises();
  expect(wrapper.find('[data-vend-state]').exists()).toBe(true);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_000);
  await wrapper.find('[data-next]').trigger('click');
  await flushPromises();
  expect(wrapper.find('[data-vend-state]').exists()).toBe(false);
  expect(wrapper.find<HTMLInputElement>('input[name=find]').element.value).toBe('');
  expect(document.activeElement?.getAttribute('name')).toBe('find');
});

test('what a cancelled sale left owing is paid back from the sale itself, once', async () => {
  const wrapper = await openDesk();
  await typeAmount(wrapper, '100');
  confirmButton(wrapper).element.click();
  await flushPromises();
  const [id, sale] = [...sold][0] ?? [];
  if (id === undefined || sale === undefined) throw new Error('nothing was sold');
  sold.set(id, { ...sale, state: 'CANCELLED', owedMinor: '9999' });
  await pass(1_000);
  expect(wrapper.find('[role=status]').text()).toContain('Give ¥ 99.99 back');
  const button = wrapper.findAll('footer button').find((one) => one.text().startsWith('Pay back'));
  await button?.trigger('click');
  await flushPromises();
  const form = document.querySelector<HTMLFormElement>('.el-dialog form');
  expect(form?.textContent).toContain('It was cancelled and the meter did not get it');
  form?.dispatchEvent(new Event('submit', { cancelable: true }));
  await flushPromises();
  expect(payouts).toEqual([{ payoutId: expect.any(String), method: 'cash' }]);
  expect(wrapper.find('[role=status]').text()).toContain('was given back');
  expect(wrapper.find('footer').text()).not.toContain('Pay back');
});
