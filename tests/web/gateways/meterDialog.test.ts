import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { getGateway, getMeter, listModels, listPlaces, type Meter, updateMeter } from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import MeterDialog from '../../../web/features/gateways/MeterDialog.vue';
import { type Answer, mountInApp } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

const meter: Meter = {
  id: 7,
  propertyId: 1,
  placeId: 8,
  lineId: 31,
  gatewayId: 3,
  modelId: 'acrel-dtsy1352',
  unitAddress: 5,
  meterNumber: '2403',
  role: 'tenant',
  names: { en: 'Maihe' },
  ctRatio: 1,
  ptRatio: 1,
  version: 2,
  createdAt: '2026-11-22T00:00:00Z',
};
const gateway = {
  id: 3,
  propertyId: 1,
  code: 'GW',
  simulated: false,
  enabled: true,
  version: 1,
  createdAt: '2026-11-22T00:00:00Z',
  lines: [
    {
      id: 31,
      gatewayId: 3,
      name: '1',
      transport: { kind: 'serial', path: '/dev/x' },
      serial: { baud: 9600, parity: 'none', stopBits: 1 },
      responseTimeoutMs: 1,
      turnaroundMs: 0,
      meterCount: 1,
      link: 'up',
    },
  ],
};

/** Opens the dialog on the meter; each save takes the next answer. */
async function open(answers: Answer[], theirs: Meter = meter) {
  const patches: unknown[] = [];
  const { wrapper } = await mountInApp(
    MeterDialog,
    [
      [getGateway, () => ({ body: gateway })],
      [listModels, () => ({ body: { items: [] } })],
      [listPlaces, () => ({ body: { items: [] } })],
      [getMeter, () => ({ body: theirs })],
      [
        updateMeter,
        ({ body }) => {
          patches.push(body);
          return answers.shift() ?? { body: meter };
        },
      ],
    ],
    { meter },
  );
  await useEstate().load();
  await flushPromises();
  const numberField = () => wrapper.find<HTMLInputElement>('input[maxlength="40"]');
  await numberField().setValue('2404-X');
  return { wrapper, patches, numberField, save: () => wrapper.find('form').trigger('submit') };
}

test('a double click saves once', async () => {
  const { wrapper, patches, save } = await open([]);
  await Promise.all([save(), save()]);
  await flushPromises();
  expect(patches).toHaveLength(1);
  expect(patches[0]).toMatchObject({ version: 2, meterNumber: '2404-X' });
  expect(wrapper.emitted('saved')).toHaveLength(1);
});

test("the server's fault stands at its field, and what was typed stays", async () => {
  const fault = {
    code: 'line.address-taken',
    message: 'x',
    details: [{ field: 'unitAddress', message: 'Address 5 is taken.' }],
  };
  const { wrapper, numberField, save } = await open([{ status: 409, body: fault }]);
  await save();
  await flushPromises();
  const faultAt = () => wrapper.findAll('.el-form-item').find((one) => one.text().includes('Address 5 is taken.'));
  await expect.poll(() => faultAt()?.find('label').text()).toBe('Address');
  expect(numberField().element.value).toBe('2404-X');
  expect(wrapper.emitted('saved')).toBeUndefined();
});

test('after a change by somebody else both sides are shown, and mine is saved over theirs only when I say so', async () => {
  const changed = { code: 'conflict.changed-meanwhile', message: 'x' };
  const { wrapper, patches, numberField, save } = await open([{ status: 409, body: changed }], {
    ...meter,
    names: { en: 'Lin Tea' },
    version: 3,
  });
  await save();
  await flushPromises();
  const notice = wrapper.find('.conflict');
  expect(notice.text()).toContain('Lin Tea');
  expect(notice.text()).not.toContain('2404-X');
  expect(numberField().element.value).toBe('2404-X');
  await notice.find('button').trigger('click');
  await flushPromises();
  expect(patches.map((body) => (body as { version: number }).version)).toEqual([2, 3]);
  expect(wrapper.emitted('saved')).toHaveLength(1);
});
