import { expect, test } from 'vitest';
import type { Permission } from '#contract/permissions.ts';
import { ACTIONS, hindranceOf } from '../../../web/features/grid/order/actions.ts';
import { EMPTY_FORM, localInstant, orderOf } from '../../../web/features/grid/order/orderForm.ts';
import {
  type Preview,
  partsOf,
  previewRows,
  skippedGroups,
  toldRows,
} from '../../../web/features/grid/order/previewParts.ts';
import { gridOf } from './support.ts';

const ZONE = 'Asia/Shanghai';

test("times of an order are the property's, also where clocks change", () => {
  expect(localInstant('2026-11-22T21:30', ZONE)).toBe('2026-11-22T13:30:00.000Z');
  expect(localInstant('2026-03-29T03:15', 'Europe/Berlin')).toBe('2026-03-29T01:15:00.000Z');
  expect(localInstant('tomorrow', ZONE)).toBe(undefined);
});

test('a form describes an order, or says what is missing', () => {
  expect(orderOf('trip', { ...EMPTY_FORM, cause: 'safety' }, ZONE)).toEqual({
    order: { kind: 'trip', cause: 'safety' },
  });
  expect(orderOf('prices', EMPTY_FORM, ZONE)).toEqual({ fault: 'noTariff' });
  expect(orderOf('settings', EMPTY_FORM, ZONE)).toEqual({ fault: 'noSetting' });
  const settings = { ...EMPTY_FORM.settings, alarm1Minor: '50', overdraftMinor: '0' };
  expect(orderOf('settings', { ...EMPTY_FORM, settings, overload: '2.5' }, ZONE)).toEqual({
    order: { kind: 'settings', alarm1Minor: '5000', overdraftMinor: '0', overloadLimitW: 2_500 },
  });
  expect(orderOf('settings', { ...EMPTY_FORM, settings: { ...settings, alarm2Minor: '-1' } }, ZONE)).toEqual({
    fault: 'badAmount',
  });
});

test('what cannot be done says why: the right first, then the selection', () => {
  const may =
    (...held: Permission[]) =>
    (permission: Permission) =>
      held.includes(permission);
  const why = (key: string, held: Permission[], selected: number) => {
    const action = ACTIONS.find((one) => one.key === key);
    return action && hindranceOf(action, may(...held), selected);
  };
  expect(why('trip', ['meter.view'], 3)).toBe('noRight');
  expect(why('trip', ['command.issue'], 0)).toBe('nothing');
  expect(why('trip', ['command.issue'], 20_001)).toBe('tooMany');
  expect(why('trip', ['command.issue'], 3)).toBe(undefined);
  expect(why('prices', ['command.issue'], 3)).toBe('noTariffs');
  expect(why('export', ['meter.view'], 0)).toBe(undefined);
});

test('the sheet of a preview adds up: everybody stands in exactly one part or one group', () => {
  const { table, store } = gridOf(40);
  const preview: Preview = {
    ...{ propertyId: 1, total: 40, run: 28, skipped: 12, goDark: 20, darkLoadW: 0 },
    ...{ needsSecondPerson: true, secondPersonAbove: 20 },
    items: table.meterId.map((meterId, index) => ({
      ...{ meterId, meterNumber: `${meterId}`, path: [], loadW: index },
      outcome: index < 28 ? ('run' as const) : ('skip' as const),
      why: index < 28 ? [] : index < 36 ? (['protected', 'openVend'] as const).slice() : ['openVend' as const],
      goesDark: index < 20,
    })),
  };
  const rows = previewRows(preview, table, store);
  const told = toldRows(rows);
  expect(told.map(({ item }) => item.goesDark).lastIndexOf(true)).toBe(19);
  expect(told[0]?.loadW).toBe(19);
  expect(partsOf(told).map(({ name, count }) => `${name} ${count}`)).toEqual(['0F 20', '1F 8']);
  expect(skippedGroups(rows).map((group) => [group.why, group.rows.length])).toEqual([
    ['protected', 8],
    ['openVend', 4],
  ]);
});
