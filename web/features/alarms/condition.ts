import type { Alarm } from '#contract/index.ts';
import { ABSENT, formatMoney, loadText, type Translate } from '../../ui/format.ts';

/** Balances travel in alarms as whole minor units. */
const moneyOf = (minor: number | undefined, currency: string): string =>
  minor === undefined || !Number.isFinite(minor) ? ABSENT : formatMoney(BigInt(Math.trunc(minor)), currency);

/** What is wrong, in words, with value and limit: "Overload, 412 kW of 400 kW". */
export function conditionText(alarm: Alarm, currency: string, t: Translate): string {
  const count = alarm.childCount;
  const known = alarm.value !== undefined;
  switch (alarm.kind) {
    case 'networkLost':
      return known
        ? t('alarms.condition.networkLostValue', { value: alarm.value ?? 0, limit: alarm.limit ?? 0 })
        : t('alarms.condition.networkLost', { count });
    case 'storeDown':
    case 'spoolFull':
    case 'gatewayLost':
    case 'lineLost':
    case 'meterLost':
    case 'relayDisagrees':
    case 'commandInDoubt':
    case 'downloadFailed':
    case 'vendInDoubt':
    case 'vendQuarantined':
    case 'foreignWrite':
      return t(`alarms.condition.${alarm.kind}`, { count });
    case 'balanceLow1':
    case 'balanceLow2': {
      const values = { value: moneyOf(alarm.value, currency), limit: moneyOf(alarm.limit, currency) };
      if (!known) return t(`alarms.condition.${alarm.kind}`, { count });
      return t(`alarms.condition.${alarm.kind}${alarm.limit === undefined ? 'Value' : 'Limit'}`, values);
    }
    case 'arrears':
      return known
        ? t('alarms.condition.arrearsValue', { value: moneyOf(alarm.value, currency) })
        : t('alarms.condition.arrears', { count });
    case 'overload':
      return known
        ? t('alarms.condition.overloadValue', { value: loadText(alarm.value), limit: loadText(alarm.limit) })
        : t('alarms.condition.overload', { count });
  }
}

/** The figure an electrician looks for first; undefined where the condition has none. */
export function figureOf(alarm: Alarm, currency: string): string | undefined {
  if (alarm.value === undefined) return undefined;
  switch (alarm.kind) {
    case 'overload':
      return loadText(alarm.value);
    case 'balanceLow1':
    case 'balanceLow2':
    case 'arrears':
      return moneyOf(alarm.value, currency);
    case 'networkLost':
    case 'storeDown':
    case 'spoolFull':
    case 'gatewayLost':
    case 'lineLost':
    case 'meterLost':
    case 'relayDisagrees':
    case 'commandInDoubt':
    case 'downloadFailed':
    case 'vendInDoubt':
    case 'vendQuarantined':
    case 'foreignWrite':
      return undefined;
  }
}
