// @vitest-environment node
import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { createGateway, createMeter, type Gateway, type Meter, updateGateway, updateMeter } from '#contract/index.ts';
import { conflictsOf, effectivePeriod, fieldMessages } from '../../../web/features/gateways/formParts.ts';
import { gatewayFaults } from '../../../web/features/gateways/gatewayFaults.ts';
import {
  createGatewayBody,
  emptyGateway,
  gatewayFacts,
  gatewayForm,
  updateGatewayBody,
} from '../../../web/features/gateways/gatewayForm.ts';
import {
  createMeterBody,
  emptyMeter,
  meterForm,
  missingFields,
  updateMeterBody,
} from '../../../web/features/gateways/meterForm.ts';

const gateway: Gateway = {
  id: 3,
  propertyId: 1,
  code: 'GW-M1',
  names: { zh: '一层' },
  placeId: 2,
  simulated: false,
  enabled: true,
  version: 4,
  createdAt: '2026-11-22T00:00:00Z',
  polling: { livePollMs: 5_000 },
  lines: [
    {
      id: 31,
      gatewayId: 3,
      name: 'RS485-1',
      transport: { kind: 'rtu-over-tcp', host: '10.0.0.5', port: 4001 },
      serial: { baud: 9600, parity: 'even', stopBits: 1 },
      responseTimeoutMs: 800,
      turnaroundMs: 20,
      meterCount: 12,
      link: 'up',
    },
  ],
};
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
  ctRatio: 40,
  ptRatio: 1,
  overloadLimitW: 5_555,
  version: 2,
  createdAt: '2026-11-22T00:00:00Z',
};

describe('what a form sends is what the contract takes', () => {
  test('a gateway that was read and saved untouched says the same', () => {
    const body = updateGatewayBody(gatewayForm(gateway), gateway.version);
    expect(Value.Errors(updateGateway.body ?? {}, body)).toEqual([]);
    expect(body).toMatchObject({
      version: 4,
      code: 'GW-M1',
      names: { zh: '一层' },
      placeId: 2,
      polling: { livePollMs: 5_000 },
      lines: [{ id: 31, responseTimeoutMs: 800 }],
    });
  });

  test('a new gateway carries the meters of each line', () => {
    const form = { ...emptyGateway(1, 'RS485-1'), code: ' GW-9 ' };
    const line = form.lines[0];
    if (!line) throw new Error('a new gateway has a line');
    line.host = ' 10.0.0.9 ';
    const { version: _, id: __, propertyId: ___, lineId: ____, gatewayId: _____, createdAt: ______, ...input } = meter;
    const body = createGatewayBody(form, 1, new Map([[line.key, [input]]]));
    expect(Value.Errors(createGateway.body ?? {}, body)).toEqual([]);
    expect(body).toMatchObject({
      code: 'GW-9',
      lines: [{ transport: { host: '10.0.0.9', port: 502 }, meters: [{ unitAddress: 5 }] }],
    });
    expect(body).not.toHaveProperty('names');
  });

  test('a meter that was read and saved untouched says the same, to the watt', () => {
    const body = updateMeterBody(meterForm(meter), meter.version);
    expect(Value.Errors(updateMeter.body ?? {}, body)).toEqual([]);
    expect(body).toMatchObject({ version: 2, ctRatio: 40, overloadLimitW: 5_555 });
  });

  test('a limit that was emptied is taken away, not left as it was', () => {
    expect(updateMeterBody({ ...meterForm(meter), overloadLimitKw: undefined }, 2)).toMatchObject({
      overloadLimitW: null,
    });
  });

  test('a new meter is sent only when nothing required is missing', () => {
    expect(createMeterBody(emptyMeter(31))).toBeUndefined();
    expect(missingFields(emptyMeter(31))).toEqual(['placeId', 'modelId', 'unitAddress', 'meterNumber']);
    const body = createMeterBody({ ...emptyMeter(31), placeId: 8, modelId: 'x', unitAddress: 1, meterNumber: 'A1' });
    expect(Value.Errors(createMeter.body ?? {}, body)).toEqual([]);
  });
});

describe('faults stand at their fields', () => {
  test("the server's spelling of a field does not matter", () => {
    const messages = fieldMessages([
      { field: '/body/lines/0/transport/host', message: 'a' },
      { field: 'lines[1].name', message: 'b' },
      { field: 'code', message: 'c' },
    ]);
    expect([...messages.keys()]).toEqual(['lines.0.transport.host', 'lines.1.name', 'code']);
  });

  test('what is plainly missing is told before anything is sent', () => {
    const form = emptyGateway(1, 'RS485-1');
    expect([...gatewayFaults(form).keys()]).toEqual(['code', 'lines.0.transport.host']);
    const [line] = form.lines;
    if (line) line.host = 'bad host!';
    expect(gatewayFaults({ ...form, code: 'G' }).get('lines.0.transport.host')).toBe('gateways.hostInvalid');
    if (line) line.kind = 'serial';
    expect(gatewayFaults({ ...form, code: 'G' }).size).toBe(0);
  });
});

test('what was emptied is taken away, not silently kept', () => {
  const emptied = { ...gatewayForm(gateway), names: { zh: ' ', en: '' }, placeId: undefined };
  expect(updateGatewayBody(emptied, 4)).toMatchObject({ names: null, placeId: null });
  expect(updateMeterBody({ ...meterForm(meter), names: { zh: '', en: '' } }, 2)).toMatchObject({ names: null });
});

describe('changed meanwhile', () => {
  test('what they changed is shown beside mine; what only I changed is no conflict', () => {
    const read = gatewayFacts(gatewayForm(gateway));
    const theirs = gatewayFacts(gatewayForm({ ...gateway, names: { zh: '二层' } }));
    const mine = gatewayFacts({ ...gatewayForm(gateway), code: 'GW-M1b' });
    expect(conflictsOf(read, theirs, mine)).toEqual([{ field: 'names.zh', theirs: '二层', mine: '一层' }]);
  });

  test('a line that they added is a conflict too', () => {
    const [line] = gateway.lines;
    if (!line) throw new Error('the sample has a line');
    const more = gatewayFacts(gatewayForm({ ...gateway, lines: [line, { ...line, id: 32, name: 'RS485-2' }] }));
    const read = gatewayFacts(gatewayForm(gateway));
    expect(conflictsOf(read, more, read).map(({ field }) => field)).toContain('lines.1.name');
  });
});

test('the nearest period that is set is in force, and says whose it is', () => {
  const property = { livePollMs: 20_000 };
  expect(effectivePeriod('livePollMs', { property })).toEqual({ periodMs: 20_000, from: 'property' });
  expect(effectivePeriod('livePollMs', { property, gateway: { livePollMs: 5_000 } })).toEqual({
    periodMs: 5_000,
    from: 'gateway',
  });
  expect(effectivePeriod('registerPollMs', { property })).toEqual({ periodMs: 1_800_000, from: 'default' });
});
