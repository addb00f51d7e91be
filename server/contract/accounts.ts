import { type Static, Type } from 'typebox';
import {
  closed,
  Id,
  Instant,
  MinorUnits,
  Names,
  orNothing,
  PaymentMethod,
  page,
  pageQuery,
  RequestId,
  Version,
} from './common.ts';
import { Customer } from './customers.ts';
import { route } from './route.ts';

const tag = 'accounts';

export const Custody = Type.Union([Type.Literal('meter'), Type.Literal('platform')]);
export const Deduction = Type.Union([Type.Literal('realTime'), Type.Literal('monthEnd')]);
export const AccountState = Type.Union([
  Type.Literal('open'),
  Type.Literal('paused'),
  Type.Literal('closing'),
  Type.Literal('closed'),
]);
/** A register: Wh on the primary side, as decimal text. */
const EnergyWh = Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'Wh on the primary side' });
/** Every counter that the meter has, by its quantity. */
const Registers = Type.Record(Type.String(), EnergyWh);
const Reason = Type.String({ minLength: 3, maxLength: 300, pattern: '\\S' });
const NotNegative = Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'minor units, not negative' });
const Ratio = Type.Integer({ minimum: 1, maximum: 10_000 });
const PowerW = Type.Integer({ minimum: 1, maximum: 50_000_000 });

/** What two eyes read off a meter that does not answer. */
const StatedRegisters = {
  energyWh: EnergyWh,
  energySharpWh: Type.Optional(EnergyWh),
  energyPeakWh: Type.Optional(EnergyWh),
  energyFlatWh: Type.Optional(EnergyWh),
  energyValleyWh: Type.Optional(EnergyWh),
  energyDeepValleyWh: Type.Optional(EnergyWh),
};
/** Registers said by hand where the meter does not answer. `balanceMinor`: what its display shows, where it holds money. */
export const StatedReading = Type.Object(
  { meterId: Id, ...StatedRegisters, balanceMinor: Type.Optional(MinorUnits), reason: Reason },
  closed,
);
export type StatedReading = Static<typeof StatedReading>;
const stated = Type.Optional(Type.Array(StatedReading, { maxItems: 50 }));

/** A use case of several steps that runs, or the last one. It goes on by itself, also after a restart. */
export const AccountCase = Type.Object({
  caseId: Type.String(),
  accountId: Id,
  kind: Type.Union([
    Type.Literal('opening'),
    Type.Literal('change'),
    Type.Literal('pause'),
    Type.Literal('resume'),
    Type.Literal('transfer'),
    Type.Literal('closing'),
    Type.Literal('meterReplacement'),
    Type.Literal('ratioChange'),
    Type.Literal('custodyChange'),
    Type.Literal('settlement'),
  ]),
  /** `awaitingApproval`: a second person must agree. `refused`: that person did not. */
  state: Type.Union([
    Type.Literal('awaitingApproval'),
    Type.Literal('running'),
    Type.Literal('done'),
    Type.Literal('refused'),
  ]),
  /** What is done next: `emptyMeter`, `finalRead`, `settle`, `charge`, `payOut`, `swap`, `moveBalance`, `takeOver`, `settle`. */
  step: Type.Optional(Type.String()),
  /** Why it does not go on now, in words. */
  waiting: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  by: Type.String(),
  approvedBy: Type.Optional(Type.String()),
  at: Instant,
  doneAt: Type.Optional(Instant),
  /** Registers, balances and amounts that it rests on. `leftInMeter` at a meter: it goes on holding that balance itself. */
  facts: Type.Record(Type.String(), Type.Unknown()),
});
export type AccountCase = Static<typeof AccountCase>;

export const AccountMeterDto = Type.Object({
  meterId: Id,
  meterNumber: Type.String(),
  names: Type.Optional(Names),
  room: Type.Optional(Names),
  epoch: Type.Integer(),
  from: Instant,
  ctRatio: Type.Integer(),
  ptRatio: Type.Integer(),
  openingRegisters: Registers,
  /** What the meter last said that it holds; custody in the meter only. */
  balanceMinor: Type.Optional(MinorUnits),
  balanceAt: Type.Optional(Instant),
  /**
   * Custody in the meter only. False: what it holds cannot be taken out of it; closing, replacement and the way into the
   * platform pay out or carry over what it says it holds once a second person agrees, and the device goes on holding it.
   */
  givesBack: Type.Optional(Type.Boolean()),
  money: Type.Optional(Type.String({ description: 'notOpened, normal, alarm1, alarm2 or arrears' })),
  link: Type.Optional(Type.String({ description: 'online, late or lost' })),
  relay: Type.Optional(Type.String({ description: 'closed, open, unknown or disagrees' })),
});
export type AccountMeterDto = Static<typeof AccountMeterDto>;

/** An account as it stands: who pays, for which rooms and meters, and by which rules. */
export const Account = Type.Object({
  id: Id,
  propertyId: Id,
  customer: Customer,
  state: AccountState,
  custody: Custody,
  deduction: Deduction,
  tariffId: Id,
  tariffName: Type.Optional(Type.String()),
  alarm1Minor: MinorUnits,
  alarm2Minor: MinorUnits,
  /** At or below it supply is cut: 0, or negative where overdraft is allowed. */
  cutLineMinor: MinorUnits,
  hoardingLimitMinor: Type.Optional(MinorUnits),
  overloadLimitW: Type.Optional(Type.Integer()),
  /** The wallet; custody in the platform only. */
  balanceMinor: Type.Optional(MinorUnits),
  depositMinor: MinorUnits,
  meters: Type.Array(AccountMeterDto),
  rooms: Type.Array(Type.Object({ placeId: Id, names: Names })),
  openedAt: Instant,
  closedAt: Type.Optional(Instant),
  /** Closed accounts: what is still owed to the customer; negative: what they still owe. Left out where nothing is. */
  owedMinor: Type.Optional(MinorUnits),
  /** The use case that runs now. */
  running: Type.Optional(AccountCase),
  version: Type.Integer(),
});
export type Account = Static<typeof Account>;

/** Where nothing is said: no alarm, cut at 0, no limit. */
const Rules = {
  alarm1Minor: Type.Optional(NotNegative),
  alarm2Minor: Type.Optional(NotNegative),
  cutLineMinor: Type.Optional(Type.String({ pattern: '^(0|-[1-9][0-9]{0,14})$', description: '0 or negative' })),
};

export const searchAccounts = route({
  method: 'GET',
  path: '/api/accounts/search',
  access: 'account.view',
  tag,
  summary: 'At most 20 accounts that are not closed, by name, room, phone, meter number or pinyin initials; best first',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    text: Type.Optional(Type.String({ maxLength: 80 })),
  }),
  response: Type.Object({ items: Type.Array(Account) }),
});
export const listAccounts = route({
  method: 'GET',
  path: '/api/accounts',
  access: 'account.view',
  tag,
  summary: 'Accounts by property, state, customer and meter, by id',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    customerId: Type.Optional(Id),
    meterId: Type.Optional(Id),
    state: Type.Optional(AccountState),
    ...pageQuery,
  }),
  response: page(Account),
});
const params = Type.Object({ accountId: Id });
export const getAccount = route({
  method: 'GET',
  path: '/api/accounts/:accountId',
  access: 'account.view',
  tag,
  summary: 'One account',
  params,
  response: Account,
});
export const listAccountCases = route({
  method: 'GET',
  path: '/api/accounts/:accountId/cases',
  access: 'account.view',
  tag,
  summary: 'Everything that was done to an account, newest first: opening, changes, replacements, closing',
  params,
  query: Type.Object(pageQuery),
  response: page(AccountCase),
});
export const openAccount = route({
  method: 'POST',
  path: '/api/accounts',
  access: 'account.edit',
  tag,
  status: 201,
  summary: 'Open an account: its meters are read now, settings and prices are sent to those that hold the balance',
  body: Type.Object(
    {
      openingId: RequestId,
      customerId: Id,
      meterIds: Type.Array(Id, { minItems: 1, maxItems: 50, uniqueItems: true }),
      /** Left out: where the meters hang. */
      placeIds: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 50, uniqueItems: true })),
      tariffId: Id,
      custody: Custody,
      /** Platform custody only; real time when left out. */
      deduction: Type.Optional(Deduction),
      ...Rules,
      hoardingLimitMinor: Type.Optional(NotNegative),
      overloadLimitW: Type.Optional(PowerW),
      deposit: Type.Optional(Type.Object({ amountMinor: NotNegative, method: PaymentMethod }, closed)),
      stated,
      note: Type.Optional(Type.String({ maxLength: 300 })),
    },
    closed,
  ),
  response: Account,
});
export const changeAccount = route({
  method: 'PATCH',
  path: '/api/accounts/:accountId',
  access: 'account.edit',
  tag,
  summary: 'Change thresholds, limits, tariff, deduction or rooms; `version` must be the one that was read',
  params,
  body: Type.Object(
    {
      changeId: RequestId,
      version: Version,
      ...Rules,
      hoardingLimitMinor: orNothing(NotNegative),
      overloadLimitW: orNothing(PowerW),
      tariffId: Type.Optional(Id),
      /** Custody in the platform only; nothing is left out or charged twice. */
      deduction: Type.Optional(Deduction),
      placeIds: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 50, uniqueItems: true })),
      reason: Type.Optional(Reason),
    },
    closed,
  ),
  response: Account,
});
export const pauseAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/pause',
  access: 'account.edit',
  tag,
  summary:
    'Pause: until it is resumed nothing is sold, and the platform cuts nothing for money; what is used is still charged. A meter that holds the balance itself may still trip at its own line: the order `protect` keeps it on',
  params,
  body: Type.Object({ pauseId: RequestId, reason: Reason }, closed),
  response: Account,
});
export const resumeAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/resume',
  access: 'account.edit',
  tag,
  summary: 'End a pause',
  params,
  body: Type.Object({ resumeId: RequestId, reason: Type.Optional(Reason) }, closed),
  response: Account,
});
export const transferAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/transfer',
  access: 'account.edit',
  tag,
  status: 201,
  summary:
    'Hand the meters over to another customer at a read: the old account is settled and closed, a new one opened',
  params,
  body: Type.Object(
    {
      transferId: RequestId,
      toCustomerId: Id,
      /** What becomes of the wallet and the deposit; what a meter holds stays in it. */
      balance: Type.Union([Type.Literal('carry'), Type.Literal('refund')]),
      deposit: Type.Union([Type.Literal('carry'), Type.Literal('refund')]),
      refundMethod: Type.Optional(PaymentMethod),
      reason: Reason,
      stated,
    },
    closed,
  ),
  /** The new account. */
  response: Account,
});
export const closeAccount = route({
  method: 'POST',
  path: '/api/accounts/:accountId/close',
  access: 'account.edit',
  tag,
  status: 202,
  summary:
    'Close: empty the meters, read them for the last time, settle, pay out or collect; follow it at the account. A meter that gives nothing back needs two persons',
  params,
  body: Type.Object(
    {
      closingId: RequestId,
      /** How what is left is paid out. */
      refundMethod: PaymentMethod,
      /** How a debt is paid; `receivable`: it stays a claim on the customer. */
      collectMethod: Type.Union([PaymentMethod, Type.Literal('receivable')]),
      reason: Reason,
      stated,
    },
    closed,
  ),
  response: Account,
});
export const replaceMeter = route({
  method: 'POST',
  path: '/api/accounts/:accountId/replace-meter',
  access: 'account.edit',
  tag,
  status: 202,
  summary:
    'Replace a meter by another one of the estate; the balance in it is carried over. A meter that is dead, or gives nothing back, needs two persons',
  params,
  body: Type.Object(
    {
      replacementId: RequestId,
      oldMeterId: Id,
      newMeterId: Id,
      reason: Reason,
      /** Only for a meter that does not answer any more: what its display shows, read by eye. */
      dead: Type.Optional(
        Type.Object(
          {
            ...StatedRegisters,
            /** Left out: estimated from the last balance that was read and the energy since, at the tariff's price. */
            balanceMinor: Type.Optional(MinorUnits),
            evidence: Type.String({ minLength: 3, maxLength: 300 }),
          },
          closed,
        ),
      ),
      /** For a new meter that does not answer yet. */
      statedNew: Type.Optional(Type.Object({ ...StatedRegisters, reason: Reason }, closed)),
    },
    closed,
  ),
  response: Account,
});
export const changeRatio = route({
  method: 'POST',
  path: '/api/accounts/:accountId/change-ratio',
  access: 'account.edit',
  tag,
  summary: 'New transformer ratios from a read on; what was used before keeps the old ones',
  params,
  body: Type.Object(
    {
      changeId: RequestId,
      meterId: Id,
      ctRatio: Ratio,
      ptRatio: Ratio,
      reason: Reason,
      /** Registers before the change, with the old ratios. */
      stated: Type.Optional(Type.Object({ ...StatedRegisters, reason: Reason }, closed)),
    },
    closed,
  ),
  response: Account,
});
export const changeCustody = route({
  method: 'POST',
  path: '/api/accounts/:accountId/custody',
  access: 'account.edit',
  tag,
  status: 202,
  summary:
    'Keep the balance elsewhere: out of the meters into the wallet, or from an empty wallet back to the meters. A meter that gives nothing back needs two persons',
  params,
  body: Type.Object({ changeId: RequestId, custody: Custody, reason: Reason, stated }, closed),
  response: Account,
});
export const stateCaseRegisters = route({
  method: 'POST',
  path: '/api/accounts/:accountId/cases/:caseId/registers',
  access: 'account.edit',
  tag,
  summary:
    'A closing waits for the last read of a meter that is silent now: say what it shows; a second person decides',
  params: Type.Object({ accountId: Id, caseId: RequestId }),
  body: Type.Object(
    {
      statementId: RequestId,
      stated: Type.Array(Type.Object({ meterId: Id, ...StatedRegisters, reason: Reason }, closed), {
        minItems: 1,
        maxItems: 50,
      }),
    },
    closed,
  ),
  response: Account,
});
export const decideAccountCase = route({
  method: 'POST',
  path: '/api/accounts/:accountId/cases/:caseId/decision',
  access: 'vend.decide',
  tag,
  summary: 'The second person agrees or refuses',
  params: Type.Object({ accountId: Id, caseId: RequestId }),
  body: Type.Object({ agree: Type.Boolean(), reason: Reason }, closed),
  response: Account,
});
