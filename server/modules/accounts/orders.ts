import type { PaymentMethod } from '#contract/index.ts';
import type { AccountRef } from '#server/modules/ledger/index.ts';
import type { TariffVersion } from '#server/modules/tariffs/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';
import { derivedId } from './canonical.ts';
import type { AccountsContext } from './context.ts';
import type { AccountView } from './types.ts';

/**
 * What a meter must be told when an account takes it over: its limits, the prices and that it may cut by itself. In custody of
 * the platform only that its relay follows the account.
 */
export async function orderSetUp(
  context: AccountsContext,
  tx: Tx,
  caseId: string,
  account: AccountView,
  meterId: number,
  version: TariffVersion | undefined,
): Promise<void> {
  if (account.custody === 'meter') {
    await orderSettings(context, tx, caseId, account, meterId);
    await orderPrices(context, tx, caseId, meterId, version);
  }
  await context.neighbours().order(tx, {
    commandId: derivedId(caseId, `${meterId}/restorePrepaid`),
    meterId,
    order: { kind: 'restorePrepaid' },
    reason: 'the account took the meter over',
  });
}

export async function orderSettings(
  context: AccountsContext,
  tx: Tx,
  caseId: string,
  account: AccountView,
  meterId: number,
): Promise<void> {
  const { alarm1Minor, alarm2Minor, cutLineMinor, hoardingLimitMinor, overloadLimitW } = account;
  await context.neighbours().order(tx, {
    commandId: derivedId(caseId, `${meterId}/settings`),
    meterId,
    order: {
      kind: 'settings',
      settings: {
        alarm1Minor,
        alarm2Minor,
        overdraftMinor: -cutLineMinor,
        ...(hoardingLimitMinor === undefined ? {} : { hoardingLimitMinor }),
        ...(overloadLimitW === undefined ? {} : { overloadLimitW }),
      },
    },
    reason: 'limits of the account',
  });
}

export async function orderPrices(
  context: AccountsContext,
  tx: Tx,
  caseId: string,
  meterId: number,
  version: TariffVersion | undefined,
): Promise<void> {
  if (version?.meterPrices === undefined) return;
  await context.neighbours().order(tx, {
    commandId: derivedId(caseId, `${meterId}/prices`),
    meterId,
    order: { kind: 'prices', tariffVersionId: version.id, prices: version.meterPrices },
    reason: 'prices of the account’s tariff',
  });
}

/** Where money is when it came or goes this way; each operator has a drawer of their own. */
export function paymentAccount(method: PaymentMethod, actor: Pick<Actor, 'userId'>): AccountRef {
  switch (method) {
    case 'cash':
      return { kind: 'cash', subject: `operator:${actor.userId}` };
    case 'wechat':
    case 'alipay':
      return { kind: method, subject: '' };
    case 'bankCard':
    case 'transfer':
      return { kind: 'bank', subject: '' };
  }
}
