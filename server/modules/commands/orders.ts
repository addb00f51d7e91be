import type { CommandOrderBody } from '#contract/index.ts';
import type { MeterModel, MeterPrices, MeterSettings } from '#drivers/core/index.ts';
import type { AccountView } from '#server/modules/accounts/types.ts';
import type { Tariffs } from '#server/modules/tariffs/types.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { CommandKind, CommandOrder } from './types.ts';

/** An order as it is stored: what was asked for, and the prices that came of it. */
export type StoredOrder = CommandOrderBody & { readonly prices?: MeterPrices };

export const RELAY_KINDS: readonly CommandKind[] = ['trip', 'close', 'protect', 'restorePrepaid'];
export const DOWNLOAD_KINDS: readonly CommandKind[] = ['prices', 'settings', 'clock'];

const instant = (ms: number): string => new Date(ms).toISOString();

/** The order as the contract and the database write it: amounts as text, instants as ISO 8601. */
export function toStored(order: CommandOrder): StoredOrder {
  switch (order.kind) {
    case 'protect':
      return { kind: 'protect', ...(order.untilMs === undefined ? {} : { until: instant(order.untilMs) }) };
    case 'prices': {
      const { tariffVersionId, prices, switchAtMs } = order;
      const at = switchAtMs === undefined ? {} : { switchAt: instant(switchAtMs) };
      return { kind: 'prices', tariffVersionId, ...at, prices };
    }
    case 'settings': {
      const { overloadLimitW, ...amounts } = order.settings;
      const texts = Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, String(value)]));
      return { kind: 'settings', ...texts, ...(overloadLimitW === undefined ? {} : { overloadLimitW }) };
    }
    case 'trip':
    case 'close':
    case 'restorePrepaid':
    case 'clock':
    case 'read':
      return order;
  }
}

export function fromStored(stored: StoredOrder): CommandOrder {
  switch (stored.kind) {
    case 'protect':
      return { kind: 'protect', ...(stored.until === undefined ? {} : { untilMs: Date.parse(stored.until) }) };
    case 'prices': {
      const { tariffVersionId, switchAt, prices = { sharp: 0, peak: 0, flat: 0, valley: 0 } } = stored;
      const at = switchAt === undefined ? {} : { switchAtMs: Date.parse(switchAt) };
      return { kind: 'prices', tariffVersionId, prices, ...at };
    }
    case 'settings':
      return { kind: 'settings', settings: settingsOf(stored) };
    case 'trip':
      return { kind: 'trip', ...(stored.cause === undefined ? {} : { cause: stored.cause }) };
    case 'close':
    case 'restorePrepaid':
    case 'clock':
    case 'read':
      return { kind: stored.kind };
  }
}

/** What the API shows of a stored order. */
export function toBody(stored: StoredOrder): CommandOrderBody {
  const { prices: _prices, ...body } = stored;
  return body;
}

/**
 * An order of a person for meters of one property. Throws `request.invalid` where it asks for nothing, or for prices that a
 * meter cannot hold.
 */
export function fromBody(
  body: CommandOrderBody,
  propertyId: number,
  tariffs: Pick<Tariffs, 'version'>,
  nowMs: number,
): CommandOrder {
  switch (body.kind) {
    case 'prices': {
      const version = tariffs.version(body.tariffVersionId);
      if (version?.propertyId !== propertyId) {
        throw invalid('order.tariffVersionId', 'names no version of a tariff of this property');
      }
      const prices = version.meterPrices;
      if (prices === undefined) {
        throw invalid('order.tariffVersionId', 'has steps, which no meter holds: keep the balance in the platform');
      }
      demandFuture('order.switchAt', body.switchAt, nowMs);
      return fromStored({ ...body, prices });
    }
    case 'protect':
      demandFuture('order.until', body.until, nowMs);
      return fromStored(body);
    case 'settings': {
      const settings = settingsOf(body);
      if (Object.keys(settings).length === 0) throw invalid('order', 'must name at least one setting');
      for (const [name, value] of Object.entries(settings)) {
        if (typeof value === 'bigint' && (value < 0n || value > METER_AMOUNT_MAX)) {
          throw invalid(`order.${name}`, `must be between 0 and ${METER_AMOUNT_MAX}`);
        }
      }
      return { kind: 'settings', settings };
    }
    case 'trip':
    case 'close':
    case 'restorePrepaid':
    case 'clock':
    case 'read':
      return fromStored(body);
  }
}

type Alarms = Pick<AccountView, 'alarm1Minor' | 'alarm2Minor'>;

/**
 * The order as its meter is told it: a meter takes both alarm levels or none (they stand behind one enable byte), so that
 * the level that an order leaves out is said as the account has it.
 */
export function withBothAlarms(order: CommandOrder, account: Alarms | undefined): CommandOrder {
  if (order.kind !== 'settings' || account === undefined || missingAlarm(order) === undefined) return order;
  const { alarm1Minor, alarm2Minor } = account;
  return { kind: 'settings', settings: { alarm1Minor, alarm2Minor, ...order.settings } };
}

/** Throws `request.invalid` where one alarm level is left out and no account says what it is. */
export function demandBothAlarms(order: CommandOrder, account: Alarms | undefined): void {
  const missing = missingAlarm(order);
  if (missing === undefined || account !== undefined) return;
  throw invalid(
    `order.${missing}`,
    'must be said, too: no account of the meter tells it, and it takes both levels or none',
  );
}

function missingAlarm(order: CommandOrder): 'alarm1Minor' | 'alarm2Minor' | undefined {
  if (order.kind !== 'settings') return undefined;
  const { alarm1Minor, alarm2Minor } = order.settings;
  if ((alarm1Minor === undefined) === (alarm2Minor === undefined)) return undefined;
  return alarm1Minor === undefined ? 'alarm1Minor' : 'alarm2Minor';
}

/** The widest amount register of any model: a signed 32-bit number of minor units. */
const METER_AMOUNT_MAX = 2_147_483_647n;

/** Can this model be told that? Whether one meter of it does is another question. */
export function supports(model: MeterModel | undefined, kind: CommandKind): boolean {
  if (model === undefined) return false;
  if (kind === 'read') return true;
  return RELAY_KINDS.includes(kind) ? model.relayWrite !== undefined : model.purse !== undefined;
}

function settingsOf(stored: Extract<CommandOrderBody, { kind: 'settings' }>): MeterSettings {
  const { kind: _kind, overloadLimitW, ...amounts } = stored;
  const bigints = Object.fromEntries(Object.entries(amounts).map(([name, text]) => [name, BigInt(text)]));
  return { ...bigints, ...(overloadLimitW === undefined ? {} : { overloadLimitW }) };
}

function demandFuture(field: string, at: string | undefined, nowMs: number): void {
  if (at !== undefined && !(Date.parse(at) > nowMs)) throw invalid(field, 'must be in the future');
}

export function invalid(field: string, message: string): AppError {
  return new AppError('request.invalid', `The request is not valid: ${field} ${message}.`, [{ field, message }]);
}
