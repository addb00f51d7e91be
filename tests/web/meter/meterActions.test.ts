// @vitest-environment node
import { expect, test } from 'vitest';
import type { Permission } from '#contract/permissions.ts';
import { METER_ACTIONS, type MeterAbilities, meterHindranceOf } from '../../../web/features/meter/meterActions.ts';

const ABLE: MeterAbilities = { relay: true, prepaid: true, account: true };
const everything = () => true;
const hindered = (may: (permission: Permission) => boolean, abilities: MeterAbilities) =>
  METER_ACTIONS.flatMap((action) => {
    const hindrance = meterHindranceOf(action, may, abilities);
    return hindrance === undefined ? [] : [`${action.key} ${hindrance}`];
  });

test('what a meter or a person cannot do says why', () => {
  expect(hindered(everything, ABLE)).toEqual([]);
  expect(hindered((permission) => permission === 'meter.read', ABLE)).toEqual([
    'sell noRight',
    'protect noRight',
    'restorePrepaid noRight',
    'close noRight',
    'trip noRight',
  ]);
  expect(hindered(everything, { relay: false, prepaid: false, account: false })).toEqual([
    'sell noAccount',
    'protect noRelay',
    'restorePrepaid noRelay',
    'close noRelay',
    'trip noRelay',
  ]);
  expect(hindered(everything, { ...ABLE, prepaid: false })).toEqual(['restorePrepaid notPrepaid']);
});

test('every action has a key of its own', () => {
  expect(new Set(METER_ACTIONS.map(({ hint }) => hint)).size).toBe(METER_ACTIONS.length);
});
