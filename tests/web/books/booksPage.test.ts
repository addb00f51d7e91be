import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import {
  exportReconciliationRows,
  getSession,
  listPlaces,
  listReconciliationRows,
  listReconciliationRuns,
  postDrift,
  proveAuditLog,
  proveLedger,
  type ReconciliationRow,
  runReconciliation,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useSession } from '../../../web/app/session.ts';
import BooksPage from '../../../web/features/books/BooksPage.vue';
import { addressOfFilter, filterOfAddress } from '../../../web/features/books/useBooks.ts';
import { type Asked, mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

const property = {
  ...{ id: 1, kind: 'property', propertyId: 1, names: { en: 'Mall' }, position: 1 },
  ...{ timeZone: 'Asia/Shanghai', currency: 'CNY' },
};
const run = {
  ...{ id: '7', propertyId: 1, day: '2026-11-21', by: 'settlement', startedAt: '2026-11-21T18:00:00Z' },
  ...{ meters: 40, matched: 38, differing: 2, explained: 1 },
  payments: [{ drawer: 'cash', soldMinor: '10000', bookedMinor: '9900' }],
};
const balance: ReconciliationRow = {
  ...{
    id: '1',
    side: 'meter',
    cause: 'balanceDiffers',
    accountId: 3,
    meterId: 5,
    meterNumber: '2402',
    customerName: 'Shop',
  },
  ...{ expected: '10000', found: '9750', differenceMinor: '-250', detail: 'read 2026-11-21T17:30:00.000Z' },
};
const count: ReconciliationRow = {
  ...{ id: '2', side: 'meter', cause: 'countDiffers', meterId: 6, meterNumber: '2403' },
  ...{ expected: '4 purchases', found: '5 purchases', detail: 'read 2026-11-21T17:30:00.000Z' },
};

async function open(permissions: readonly string[] = ['ledger.view', 'audit.view', 'vend.decide']) {
  const asked: Asked[] = [];
  const note =
    (answer: unknown, status = 200) =>
    (call: Asked) => {
      asked.push(call);
      return { body: answer, status };
    };
  const user = {
    ...{ userId: 1, user: 'x', displayName: 'x', permissions, grants: [], demo: false },
    expiresAt: '2027-01-01T00:00:00Z',
  };
  const posted = {
    ...balance,
    drift: { amountMinor: '-250', ledgerTxnId: '9', at: '2026-11-22T01:00:00Z', by: 'Li', reason: 'x' },
  };
  const { wrapper, router } = await mountInApp(BooksPage, [
    [getSession, () => ({ body: user })],
    [listPlaces, () => ({ body: { items: [property] } })],
    [proveLedger, note({ txns: '12345', entries: '24690', sumMinor: '0', faults: [] })],
    [proveAuditLog, note({ rows: 40, seals: 2, unsealed: 1, faults: [{ seal: '2', firstId: '21', lastId: '40' }] })],
    [listReconciliationRuns, note({ items: [run] })],
    [listReconciliationRows, note({ items: [balance, count] })],
    [runReconciliation, note(run)],
    [postDrift, note(posted)],
    [exportReconciliationRows, note({ code: 'server.busy', message: 'busy' }, 503)],
  ]);
  await useSession().load();
  await useEstate().load();
  await flushPromises();
  await flushPromises();
  return { wrapper, router, asked };
}

test('the proof says what was counted; a seal that does not fit names its rows', async () => {
  const { wrapper } = await open();
  const [ledger, , seals] = wrapper.findAll('.books-panel').map((panel) => panel.text());
  expect(ledger).toContain('The book is sound');
  expect(ledger).toContain('12,345');
  expect(seals).toContain('rows 21–40 of the log');
});

test('a difference opens to its three numbers, and goes into the books with a reason', async () => {
  const { wrapper, asked } = await open();
  expect(wrapper.text()).toContain('4 purchases');
  await wrapper.get('tbody th button').trigger('click');
  const detail = wrapper.get('.detail');
  expect(detail.findAll('dd').map((number) => number.text())).toEqual(['¥ 100.00', '¥ 97.50', '−¥ 2.50']);
  await detail.get('.ways button').trigger('click');
  await flushPromises();
  const field = document.querySelector<HTMLInputElement>('.office-form input');
  if (field === null) throw new Error('no field for the reason');
  field.value = 'the meter rounds by itself';
  field.dispatchEvent(new Event('input'));
  document.querySelector('.office-form')?.dispatchEvent(new Event('submit'));
  await flushPromises();
  expect(asked.at(-1)).toMatchObject({ body: { reason: 'the meter rounds by itself' } });
  expect(wrapper.get('tbody .state').text()).toContain('Li');
});

test('the differences are taken as a file by the filter of the list, and a failure is said', async () => {
  const { wrapper, router, asked } = await open();
  await wrapper.get('[data-export]').trigger('click');
  await flushPromises();
  expect(asked.at(-1)?.params).toEqual({ runId: '7' });
  expect(Object.fromEntries(asked.at(-1)?.query ?? [])).toEqual({ open: 'true', lang: 'en' });
  expect(wrapper.get('.export [role=alert]').text()).toContain('busy');
  await router.replace({ query: { show: 'all', cause: 'drift' } });
  await flushPromises();
  await wrapper.get('[data-export]').trigger('click');
  await flushPromises();
  expect(Object.fromEntries(asked.at(-1)?.query ?? [])).toEqual({ cause: 'drift', lang: 'en' });
});

test('who may not decide sees why', async () => {
  const { wrapper } = await open(['ledger.view']);
  expect(wrapper.findAll('.books-panel')).toHaveLength(2);
  await wrapper.get('tbody th button').trigger('click');
  expect(wrapper.get('.detail').text()).toContain('This needs the right');
  expect(wrapper.get('.detail button').attributes('disabled')).toBeDefined();
});

test('what is shown stands in the address', () => {
  const filter = { run: '7', all: true, cause: 'drift' } as const;
  expect(filterOfAddress(addressOfFilter(filter))).toEqual(filter);
  expect(filterOfAddress({ run: 'x', cause: 'weather' })).toEqual({ run: undefined, all: false, cause: undefined });
});
