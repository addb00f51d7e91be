import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { exportSheet, getVendBatch } from '#contract/index.ts';
import SheetPage from '../../../web/features/jobs/SheetPage.vue';
import { type Asked, mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

const batchId = '00000000-0000-4000-8000-000000000001';
const row = { amountMinor: '123', outcome: 'accepted' };
const sheet = {
  ...{ batchId, propertyId: 1, kind: 'refund', state: 'done', reason: 'storm', givenBy: 'Li', givenById: 1 },
  rows: [
    { no: 1, meterNumber: '2402', ...row },
    { no: 2, meterNumber: '2403', ...row, outcome: 'refused', code: 'not-found', message: 'There is no meter 2403.' },
  ],
  ...{ accepted: 1, refused: 1, acceptedMinor: '123' },
};

test('a sheet is taken as a file; a failure is said beside the button, the rows stay', async () => {
  const asked: Asked[] = [];
  const { wrapper, router } = await mountInApp(SheetPage, [
    [getVendBatch, () => ({ body: sheet })],
    [
      exportSheet,
      (call) => {
        asked.push(call);
        return { status: 503, body: { code: 'server.busy', message: 'busy' } };
      },
    ],
  ]);
  router.addRoute({ path: '/jobs/sheets/:batchId', component: { template: '<div />' } });
  await router.push(`/jobs/sheets/${batchId}`);
  await flushPromises();
  expect(wrapper.findAll('tbody tr').map((line) => line.text())).toEqual([
    expect.stringMatching(/2402.*accepted/),
    expect.stringMatching(/2403.*refused.*There is no meter 2403\./),
  ]);
  await wrapper.get('[data-export]').trigger('click');
  await flushPromises();
  expect(asked).toMatchObject([{ params: { batchId } }]);
  expect(Object.fromEntries(asked[0]?.query ?? [])).toEqual({ lang: 'en' });
  expect(wrapper.get('.export [role=alert]').text()).toContain('busy');
  expect(wrapper.findAll('tbody tr')).toHaveLength(2);
});
