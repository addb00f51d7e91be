import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { getRefundLimits, refund } from '#contract/index.ts';
import RefundDialog from '../../../web/features/desk/RefundDialog.vue';
import { mountInApp, type Serve } from '../support/appHarness.ts';
import { accountWith, saleWith } from './deskSamples.ts';

enableAutoUnmount(afterEach);

const methods = [
  { method: 'wechat', leftMinor: '5000' },
  { method: 'cash', leftMinor: '700' },
  { method: 'alipay', leftMinor: '0' },
  { method: 'bankCard', leftMinor: '0' },
  { method: 'transfer', leftMinor: '0' },
] as const;

test('the way by which most came is offered first, and what a second person must agree to is said before it is asked', async () => {
  const sent: unknown[] = [];
  const account = accountWith();
  const serve: Serve = [
    [
      getRefundLimits,
      () => ({ body: { methods, heldMinor: '5700', boughtMinor: '5700', secondPersonMinor: '50000' } }),
    ],
    [
      refund,
      ({ body }) => {
        sent.push(body);
        return { status: 201, body: saleWith('CONFIRMED') };
      },
    ],
  ];
  const { wrapper } = await mountInApp(RefundDialog, serve, { account, meter: account.meters[0], currency: 'CNY' });
  await flushPromises();
  const select = wrapper.findComponent({ name: 'FormSelect' });
  expect(select.props('modelValue')).toBe('wechat');
  const options = select.props('options') as { value: string; label: string }[];
  expect(options.map(({ value }) => value)).toEqual(['wechat', 'cash', 'alipay', 'bankCard', 'transfer']);
  expect(options[0]?.label).toContain('50.00');

  await wrapper.find('input[name=refund]').setValue('50');
  expect(wrapper.find('[role=status]').exists()).toBe(false);
  await wrapper.find('input[name=refund]').setValue('50.01');
  expect(wrapper.find('[role=status]').text()).toContain('a second person must agree');
  await wrapper.find('input[name=refund]').setValue('7');
  select.vm.$emit('update:modelValue', 'cash');
  await flushPromises();
  expect(wrapper.find('[role=status]').exists()).toBe(false);
  await wrapper.find('input[maxlength="500"]').setValue('moves out');
  await wrapper.find('form').trigger('submit');
  await flushPromises();
  expect(sent).toMatchObject([{ amountMinor: '700', method: 'cash' }]);
});
