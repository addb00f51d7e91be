import type { Account, BodyOf, openAccount } from '#contract/index.ts';
import type { PostingEntry } from '#server/modules/ledger/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { toMeter } from './book.ts';
import { type AccountsContext, noteAccount, nowOf, payerOf } from './context.ts';
import { orderSetUp, paymentAccount } from './orders.ts';
import { readMeters, type Snapshot, snapshotFacts } from './reads.ts';
import { checkLines, demandDeduction, demandPurse, demandTariff, type Lines } from './rules.ts';
import { insertAccount, insertEpoch, replacePlaces } from './store.ts';
import { type CaseRequest, once, storeCase } from './useCase.ts';
import { accountCovered, demandCustomer, invalidField } from './visibility.ts';

type OpeningBody = BodyOf<typeof openAccount>;

interface Plan {
  readonly body: OpeningBody;
  readonly propertyId: number;
  readonly placeIds: readonly number[];
  readonly lines: Lines;
  readonly snapshots: readonly Snapshot[];
}

/**
 * Opens an account: its meters are read now, and everything is stored in one transaction. What is found in a meter that keeps
 * its balance belongs to the customer from then on, against the account `opening`.
 */
export function openNewAccount(context: AccountsContext, actor: Actor, body: OpeningBody): Promise<Account> {
  const { openingId: id, ...input } = body;
  const request: CaseRequest = { id, field: 'openingId', kind: 'opening', actor, input };
  return once(context, request, async (inputHash) => {
    const { propertyId, placeIds } = demandParts(context, actor, body);
    const lines = linesOf(body);
    checkLines(lines);
    demandDeduction(body.custody, body.deduction ?? 'realTime');
    const { version } = demandTariff(context, propertyId, body.tariffId);
    if (body.custody === 'meter')
      for (const meterId of body.meterIds) demandPurse(context, propertyId, meterId, version);
    const stated = body.stated ?? [];
    const snapshots = await readMeters(context, body.meterIds, { purse: body.custody === 'meter', stated });
    return context.db.tx((tx) =>
      open(context, tx, request, inputHash, { body, propertyId, placeIds, lines, snapshots }),
    );
  });
}

async function open(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  inputHash: Buffer,
  { body, propertyId, placeIds, lines, snapshots }: Plan,
): Promise<number> {
  await demandFree(context, tx, body.meterIds);
  const accountId = await insertAccount(tx, {
    ...{ propertyId, customerId: body.customerId, tariffId: body.tariffId, custody: body.custody, ...lines },
    deduction: body.deduction ?? 'realTime',
    overloadLimitW: body.overloadLimitW,
    openedAt: nowOf(context),
  });
  await replacePlaces(tx, accountId, placeIds);
  const epochs = [];
  for (const snapshot of snapshots) epochs.push(await beginEpoch(context, tx, accountId, snapshot));
  await storeCase(context, tx, request, {
    ...{ accountId, propertyId, inputHash, state: 'done' },
    facts: { meters: snapshots.map(snapshotFacts) },
  });
  for (const snapshot of snapshots) await postFound(context, tx, byRequest(request), propertyId, snapshot);
  await takeDeposit(context, tx, request, propertyId, accountId, body.deposit);
  const account = await noteAccount(context, tx, accountId, 'opened');
  const version = context.tariffs.versionAt(account.tariffId, context.clock.nowMs());
  for (const epoch of epochs) {
    await context.charging().begin(tx, account, epoch);
    await orderSetUp(context, tx, request.id, account, epoch.meterId, version);
  }
  context.wallets.changed(tx, [accountId]);
  return accountId;
}

/** Throws when a meter is gone or belongs to another account; from here to the commit nobody can take or remove them. */
export async function demandFree(context: AccountsContext, tx: Tx, meterIds: readonly number[]): Promise<void> {
  const there = await context.estate.lockMeters(tx, meterIds);
  const gone = meterIds.find((meterId) => !there.has(meterId));
  if (gone !== undefined) throw new AppError('not-found', `There is no meter ${gone}.`);
}

/** The next epoch of a meter, from what it said. */
export async function beginEpoch(context: AccountsContext, tx: Tx, accountId: number, snapshot: Snapshot) {
  const meter = context.estate.meter(snapshot.meterId)?.meter;
  if (meter === undefined) throw new AppError('not-found', `There is no meter ${snapshot.meterId}.`);
  const row = await insertEpoch(tx, {
    ...{ accountId, meterId: snapshot.meterId, fromAt: new Date(snapshot.atMs) },
    ...{ ctRatio: meter.ctRatio, ptRatio: meter.ptRatio },
    ...{ registers: snapshot.registers, quality: snapshot.quality },
    ...{ balanceMinor: snapshot.balanceMinor, count: snapshot.count },
  });
  return toMeter(row);
}

function demandParts(context: AccountsContext, actor: Actor, body: OpeningBody) {
  const { estate, book } = context;
  const { property_id: propertyId } = demandCustomer(context, actor, 'account.edit', body.customerId);
  const profiles = body.meterIds.map((meterId) => {
    const profile = estate.meter(meterId);
    const placeIds = profile === undefined ? [] : [profile.meter.placeId];
    const own = profile !== undefined && profile.meter.propertyId === propertyId;
    if (!own || !accountCovered(estate, actor, 'account.edit', { propertyId, placeIds }))
      throw new AppError('not-found', `There is no meter ${meterId} in the customer’s property.`);
    const holder = book.accountOfMeter(meterId);
    if (holder !== undefined) {
      throw new AppError(
        'account.meter-taken',
        `Meter ${profile.meter.meterNumber} belongs to account ${holder.id}: close that one first.`,
      );
    }
    return profile;
  });
  const placeIds = body.placeIds ?? [...new Set(profiles.map(({ meter }) => meter.placeId))];
  demandPlaces(context, actor, propertyId, placeIds);
  return { propertyId, placeIds };
}

/** Rooms that an account is for must stand in its property, within the actor's right. */
export function demandPlaces(
  { estate }: AccountsContext,
  actor: Actor,
  propertyId: number,
  placeIds: readonly number[],
): void {
  for (const placeId of placeIds) {
    const place = estate.place(placeId);
    if (place?.propertyId !== propertyId) throw invalidField('placeIds', `holds ${placeId}, no place of this property`);
    if (!accountCovered(estate, actor, 'account.edit', { propertyId, placeIds: [placeId] }))
      throw new AppError('not-found', `There is no place ${placeId}.`);
  }
}

function linesOf(body: OpeningBody): Lines {
  const { alarm1Minor = '0', alarm2Minor = '0', cutLineMinor = '0', hoardingLimitMinor } = body;
  return {
    alarm1Minor: BigInt(alarm1Minor),
    alarm2Minor: BigInt(alarm2Minor),
    cutLineMinor: BigInt(cutLineMinor),
    hoardingLimitMinor: hoardingLimitMinor === undefined ? undefined : BigInt(hoardingLimitMinor),
  };
}

const byRequest = ({ id, actor }: CaseRequest) => ({ id, user_id: actor.userId, user_name: actor.displayName });

/** Dr opening / Cr prepaidInMeter: what the customer finds in the meter is theirs. */
export async function postFound(
  context: AccountsContext,
  tx: Tx,
  by: { readonly id: string; readonly user_id: number; readonly user_name: string },
  propertyId: number,
  { meterId, balanceMinor = 0n, atMs }: Snapshot,
): Promise<void> {
  if (balanceMinor === 0n) return;
  const entries: PostingEntry[] = [
    { account: { kind: 'opening', subject: `meter:${meterId}` }, amountMinor: balanceMinor },
    { account: { kind: 'prepaidInMeter', subject: `meter:${meterId}` }, amountMinor: -balanceMinor },
  ];
  await context.ledger.post(tx, {
    ...{ propertyId, kind: 'account.found', key: `${by.id}/found/${meterId}`, entries },
    ...{ refKind: 'accountCase', refId: by.id, eventAtMs: atMs },
    actor: { userId: by.user_id, name: by.user_name },
  });
}

async function takeDeposit(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  propertyId: number,
  accountId: number,
  deposit: OpeningBody['deposit'],
): Promise<void> {
  const amountMinor = BigInt(deposit?.amountMinor ?? 0);
  if (deposit === undefined || amountMinor === 0n) return;
  await context.ledger.post(tx, {
    ...{ propertyId, kind: 'deposit.taken', key: `${request.id}/deposit` },
    ...{ refKind: 'accountCase', refId: request.id, eventAtMs: context.clock.nowMs(), actor: payerOf(request.actor) },
    entries: [
      { account: paymentAccount(deposit.method, request.actor), amountMinor },
      { account: { kind: 'deposit', subject: `account:${accountId}` }, amountMinor: -amountMinor },
    ],
  });
}
