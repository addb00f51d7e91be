import type { Account, BodyOf, changeAccount, pauseAccount, resumeAccount } from '#contract/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type AccountsContext, noteAccount } from './context.ts';
import { demandPlaces } from './opening.ts';
import { orderPrices, orderSettings } from './orders.ts';
import { checkLines, demandDeduction, demandPurse, demandTariff } from './rules.ts';
import { type AccountFields, replacePlaces, updateAccountRow } from './store.ts';
import type { AccountState, AccountView } from './types.ts';
import { type CaseRequest, lockIn, once, storeCase } from './useCase.ts';
import { demandAccount } from './visibility.ts';

type ChangeBody = BodyOf<typeof changeAccount>;

/** Thresholds, limits, tariff, deduction and rooms. Meters that keep their balance are told in the same transaction. */
export function changeRules(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  body: ChangeBody,
): Promise<Account> {
  const { changeId: id, ...asked } = body;
  const request: CaseRequest = { id, field: 'changeId', kind: 'change', actor, input: { accountId, ...asked } };
  return once(context, request, async (inputHash) => {
    demandAccount(context, actor, 'account.edit', accountId);
    await context.db.tx(async (tx) => {
      const before = await lockIn(tx, accountId, ['open', 'paused']);
      if (before.version !== body.version) throw changedMeanwhile();
      const fields = changedFields(before, body);
      checkChange(context, actor, before, fields, body);
      await updateAccountRow(tx, accountId, fields);
      if (body.placeIds !== undefined) await replacePlaces(tx, accountId, body.placeIds);
      await storeCase(context, tx, request, {
        ...{ accountId, propertyId: before.propertyId, inputHash, state: 'done', facts: { before: rulesOf(before) } },
        before: rulesOf(before),
        after: rulesOf(fields),
      });
      const after = await noteAccount(context, tx, accountId, 'changed');
      await tell(context, tx, id, before, after);
    });
    return accountId;
  });
}

/** Nothing is sold and nothing is cut during a pause; what is used is still charged. */
export function pause(context: AccountsContext, actor: Actor, accountId: number, body: BodyOf<typeof pauseAccount>) {
  const { pauseId: id, reason } = body;
  const request: CaseRequest = { id, field: 'pauseId', kind: 'pause', actor, input: { accountId, reason } };
  return changeState(context, request, accountId, 'open', 'paused');
}

export function resume(context: AccountsContext, actor: Actor, accountId: number, body: BodyOf<typeof resumeAccount>) {
  const { resumeId: id, ...asked } = body;
  const request: CaseRequest = { id, field: 'resumeId', kind: 'resume', actor, input: { accountId, ...asked } };
  return changeState(context, request, accountId, 'paused', 'open');
}

function changeState(
  context: AccountsContext,
  request: CaseRequest,
  accountId: number,
  from: AccountState,
  to: 'open' | 'paused',
): Promise<Account> {
  return once(context, request, async (inputHash) => {
    demandAccount(context, request.actor, 'account.edit', accountId);
    await context.db.tx(async (tx) => {
      const before = await lockIn(tx, accountId, [from]);
      await updateAccountRow(tx, accountId, { ...fieldsOf(before), state: to });
      await storeCase(context, tx, request, {
        ...{ accountId, propertyId: before.propertyId, inputHash, state: 'done', facts: {} },
        before: { state: from },
        after: { state: to },
      });
      await noteAccount(context, tx, accountId, to === 'paused' ? 'paused' : 'resumed');
    });
    return accountId;
  });
}

/** The row as it stands, for changes of a part of it. */
export function fieldsOf(account: AccountView): AccountFields {
  const { state, custody, deduction, tariffId, alarm1Minor, alarm2Minor, cutLineMinor } = account;
  const { hoardingLimitMinor, overloadLimitW, closedAtMs } = account;
  return {
    ...{ state, custody, deduction, tariffId, alarm1Minor, alarm2Minor, cutLineMinor },
    ...{ hoardingLimitMinor, overloadLimitW },
    closedAt: closedAtMs === undefined ? undefined : new Date(closedAtMs),
  };
}

function changedFields(before: AccountView, body: ChangeBody): AccountFields {
  const amount = (wanted: string | undefined, known: bigint) => (wanted === undefined ? known : BigInt(wanted));
  const { hoardingLimitMinor: hoarding, overloadLimitW: overload } = body;
  return {
    ...fieldsOf(before),
    alarm1Minor: amount(body.alarm1Minor, before.alarm1Minor),
    alarm2Minor: amount(body.alarm2Minor, before.alarm2Minor),
    cutLineMinor: amount(body.cutLineMinor, before.cutLineMinor),
    hoardingLimitMinor:
      hoarding === undefined ? before.hoardingLimitMinor : hoarding === null ? undefined : BigInt(hoarding),
    overloadLimitW: overload === undefined ? before.overloadLimitW : (overload ?? undefined),
    tariffId: body.tariffId ?? before.tariffId,
    deduction: body.deduction ?? before.deduction,
  };
}

function checkChange(
  context: AccountsContext,
  actor: Actor,
  before: AccountView,
  fields: AccountFields,
  body: ChangeBody,
): void {
  const { propertyId } = before;
  checkLines(fields);
  demandDeduction(fields.custody, fields.deduction);
  if (body.placeIds !== undefined) demandPlaces(context, actor, propertyId, body.placeIds);
  if (fields.tariffId === before.tariffId) return;
  const { version } = demandTariff(context, propertyId, fields.tariffId);
  if (fields.custody === 'meter')
    for (const { meterId } of before.meters) demandPurse(context, propertyId, meterId, version);
}

/** Settlement and the meters follow in the same transaction. */
async function tell(
  context: AccountsContext,
  tx: Tx,
  caseId: string,
  before: AccountView,
  after: AccountView,
): Promise<void> {
  const priced = before.tariffId !== after.tariffId;
  const nowMs = context.clock.nowMs();
  if (priced || before.deduction !== after.deduction) await context.charging().changed(tx, after, nowMs);
  context.wallets.changed(tx, [after.id]);
  if (after.custody !== 'meter') return;
  const limited = settingsText(before) !== settingsText(after);
  const version = context.tariffs.versionAt(after.tariffId, nowMs);
  for (const { meterId } of after.meters) {
    if (limited) await orderSettings(context, tx, caseId, after, meterId);
    if (priced) await orderPrices(context, tx, caseId, meterId, version);
  }
}

function settingsText(account: AccountView): string {
  const { alarm1Minor, alarm2Minor, cutLineMinor, hoardingLimitMinor, overloadLimitW } = account;
  return [alarm1Minor, alarm2Minor, cutLineMinor, hoardingLimitMinor, overloadLimitW].join();
}

function rulesOf(rules: Omit<AccountFields, 'closedAt'>): Record<string, unknown> {
  return {
    ...{ state: rules.state, custody: rules.custody, deduction: rules.deduction, tariffId: rules.tariffId },
    alarm1Minor: rules.alarm1Minor.toString(),
    alarm2Minor: rules.alarm2Minor.toString(),
    cutLineMinor: rules.cutLineMinor.toString(),
    hoardingLimitMinor: rules.hoardingLimitMinor?.toString(),
    overloadLimitW: rules.overloadLimitW,
  };
}

function changedMeanwhile(): AppError {
  return new AppError(
    'conflict.changed-meanwhile',
    'Someone changed this account meanwhile: read it again and repeat.',
  );
}
