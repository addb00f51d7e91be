import { type Static, Type } from 'typebox';
import { params, Reason, Registers, stated, tag } from './accountParts.ts';
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

export { StatedReading } from './accountParts.ts';

export const Custody = Type.Union([Type.Literal('meter'), Type.Literal('platform')]);
export const Deduction = Type.Union([Type.Literal('realTime'), Type.Literal('monthEnd')]);
export const AccountState = Type.Union([
  Type.Literal('open'),
  Type.Literal('paused'),
  Type.Literal('closing'),
  Type.Literal('closed'),
]);
const NotNegative = Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'minor units, not negative' });
const PowerW = Type.Integer({ minimum: 1, maximum: 50_000_000 });

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
