// @vitest-environment node

import { describe, expect, test } from 'vitest';
import { createI18n } from 'vue-i18n';
import { ALARM_KINDS, type AlarmKind } from '#contract/index.ts';
import { detailFacts } from '../../../web/features/alarms/alarmFacts.ts';
import { placeText, whereOf } from '../../../web/features/alarms/alarmPlace.ts';
import { conditionText, figureOf } from '../../../web/features/alarms/condition.ts';
import { en, zh } from '../../../web/features/alarms/i18n.ts';
import { alarmWith } from './alarmSamples.ts';

const speaking = (locale: 'en' | 'zh') => {
  const { t } = createI18n({ legacy: false, locale, messages: { en: { alarms: en }, zh: { alarms: zh } } }).global;
  return (key: string, named: Record<string, unknown>) => t(key, named);
};
const english = speaking('en');

describe('the condition in words', () => {
  test('a load with its limit, both with their unit', () => {
    expect(conditionText(alarmWith(), 'CNY', english)).toBe('Overload, 18.6 kW of 16.0 kW');
  });

  test('a debt is exact money, not a float', () => {
    expect(conditionText(alarmWith({ kind: 'arrears', value: -1_240 }), 'CNY', english)).toBe('Arrears, −¥ 12.40');
    expect(figureOf(alarmWith({ kind: 'arrears', value: -1_240 }), 'EUR')).toBe('−€ 12.40');
  });

  test('a balance says its limit only where the server knows it', () => {
    const low = alarmWith({ kind: 'balanceLow1', value: 4_620, limit: 5_000 });
    expect(conditionText(low, 'CNY', english)).toBe('Balance ¥ 46.20, below alarm 1 at ¥ 50.00');
    const { limit: _, ...unlimited } = low;
    expect(conditionText(unlimited, 'CNY', english)).toBe('Balance below alarm 1, ¥ 46.20');
  });

  test('a lost network says how many of how many', () => {
    const network = alarmWith({ kind: 'networkLost', value: 318, limit: 320, unit: 'gateways' });
    expect(conditionText(network, 'CNY', english)).toBe('318 of 320 gateways do not answer');
    expect(figureOf(network, 'CNY')).toBeUndefined();
  });

  test('every kind has words in both languages, with a value and without', () => {
    for (const kind of Object.keys(ALARM_KINDS) as AlarmKind[]) {
      const { value: _, limit: __, ...silent } = alarmWith({ kind });
      for (const alarm of [alarmWith({ kind }), silent]) {
        expect(conditionText(alarm, 'CNY', english)).not.toContain('alarms.');
        expect(conditionText(alarm, 'CNY', speaking('zh'))).toMatch(/[\u4e00-\u9fff]/);
      }
    }
  });
});

test('the place is building and room; a cause on a whole building says the building', () => {
  const name = (names: { zh?: string; en?: string } | undefined) => names?.en ?? '';
  expect(placeText(alarmWith(), name)).toBe('Mall 1F-08');
  expect(placeText(alarmWith({ path: [{ en: 'Riverside' }, { en: 'Mall' }] }), name)).toBe('Mall');
  expect(placeText(alarmWith({ path: [{ en: 'Riverside' }] }), name)).toBe('Riverside');
  const platform = alarmWith({ kind: 'storeDown', source: { kind: 'platform', id: 0 }, path: [{ en: 'Meterwall' }] });
  expect(placeText(platform, name)).toBe('Meterwall');
});

test('what the place says already is not said again by the name of what stands there', () => {
  const name = (names: { zh?: string; en?: string } | undefined) => names?.en ?? '';
  const where = (path: readonly string[], label: string) =>
    whereOf(alarmWith({ path: ['Park', ...path].map((step) => ({ en: step })), label: { en: label } }), name);
  expect(where(['Tower A'], 'Tower A lifts')).toEqual({ place: 'Tower A', label: 'lifts' });
  expect(where(['Tower B', '9F'], 'Tower B 9–12F')).toEqual({ place: 'Tower B 9F', label: '9–12F' });
  expect(where(['Tower B', '9F', '9F-02'], 'Lanxin Tea')).toEqual({ place: 'Tower B 9F-02', label: 'Lanxin Tea' });
  expect(where(['Tower B', '9F'], 'Tower B')).toEqual({ place: 'Tower B 9F', label: '' });
});

test('the detail leaves out what is not known', () => {
  const facts = detailFacts(
    { alarm: alarmWith(), meter: undefined, model: undefined, now: undefined },
    { currency: 'CNY', t: english, at: (instant) => instant },
  );
  expect(facts.map(({ key }) => key)).toEqual(['raised']);
});
