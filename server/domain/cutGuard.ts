import { isInArrears, type Position } from './account/moneyState.ts';
import type { ZonedCalendar } from './calendar.ts';
import { type CutHours, nextCutMs } from './cutHours.ts';

/**
 * Why supply is to be cut.
 *
 * arrears      the energy balance is used up, or bills are overdue
 * propertyFee  fees of the property are overdue: forbidden unless a law is named that allows it (Civil Code Art. 944 ¶3)
 * operator     a person says so, in the hours in which supply may be cut
 * safety       a person says so because of danger or works: at any hour, without notice
 */
export const CUT_CAUSES = ['arrears', 'propertyFee', 'operator', 'safety'] as const;
export type CutCause = (typeof CUT_CAUSES)[number];

/**
 * Why supply stays on.
 *
 * openVend              money is on its way into the meter
 * unverifiedPayment     a payment was announced and is not yet proven or refused
 * protected             on the protective list (保电): medical, fire pumps, lifts, cold chain
 * noAccount             nobody is charged for this meter, so that nobody can be in arrears
 * accountPaused         its account rests
 * balanceUnknown        nobody knows what is left
 * notInArrears          there is money left and no bill is overdue
 * propertyFeeForbidden  the property does not cut for fees, or names no law that allows it
 * noticeMissing         the customer was not told
 * neverAllowed          the property has no hour in which supply may be cut
 */
export const HOLD_REASONS = [
  'openVend',
  'unverifiedPayment',
  'protected',
  'noAccount',
  'accountPaused',
  'balanceUnknown',
  'notInArrears',
  'propertyFeeForbidden',
  'noticeMissing',
  'neverAllowed',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** What is known of one meter when its cut is weighed. Amounts in minor units. */
export interface CutFacts {
  readonly cause: CutCause;
  readonly openVend: boolean;
  readonly unverifiedPayment: boolean;
  /** Undefined: not on the protective list. */
  readonly protection: CutProtection | undefined;
  /** The account that pays for it; undefined: there is none. */
  readonly account: CutAccount | undefined;
  /** When the customer was told of the coming cut; undefined: never. */
  readonly noticedAtMs: number | undefined;
}

export interface CutProtection {
  /** Undefined: until somebody ends it. */
  readonly untilMs: number | undefined;
  /** No person wanted it: it carries the meter over hours without cuts, and danger is stronger than those. */
  readonly forWindow?: boolean;
}

export interface CutAccount {
  readonly paused: boolean;
  /** What is left, below zero a debt; undefined: not known. */
  readonly position: Position | undefined;
  /** At or below it supply is cut: 0, or negative where overdraft is allowed. */
  readonly cutLineMinor: bigint;
  /** Bills that are due and not paid. */
  readonly overdueMinor: bigint;
  /** Overdue property fees. */
  readonly overdueFeesMinor: bigint;
}

/** The property's rules, and its clock. */
export interface CutRules extends CutHours {
  readonly noticeHours: number;
  readonly cutForPropertyFees: boolean;
  readonly cutForPropertyFeesLegalBasis: string | undefined;
  readonly calendar: ZonedCalendar;
}

export type CutDecision =
  /** Cut at this instant, which is `nowMs` or later: never before. */
  | { readonly cut: true; readonly atMs: number }
  /** Every reason that holds, in the order of `HOLD_REASONS`. */
  | { readonly cut: false; readonly why: readonly HoldReason[] };

const HOUR_MS = 3_600_000;

/**
 * Whether supply may be cut, and when. The only rule by which anybody cuts: a person, a batch, the arrears rule. Pure: the
 * same facts and the same instant give the same decision; it is asked when a cut is ordered and again right before it is sent.
 */
export function decideCut(facts: CutFacts, rules: CutRules, nowMs: number): CutDecision {
  const why = HOLD_REASONS.filter((reason) => HOLDS[reason](facts, rules, nowMs));
  const atMs = earliestMs(facts, rules, nowMs);
  if (atMs === undefined) return { cut: false, why: [...why, 'neverAllowed'] };
  return why.length === 0 ? { cut: true, atMs } : { cut: false, why };
}

const HOLDS: Readonly<Record<HoldReason, (facts: CutFacts, rules: CutRules, nowMs: number) => boolean>> = {
  openVend: ({ openVend }) => openVend,
  unverifiedPayment: ({ unverifiedPayment }) => unverifiedPayment,
  protected: ({ cause, protection }, _rules, nowMs) =>
    protection !== undefined &&
    (protection.untilMs === undefined || nowMs < protection.untilMs) &&
    !(cause === 'safety' && protection.forWindow === true),
  noAccount: ({ cause, account }) => isForMoney(cause) && account === undefined,
  accountPaused: ({ cause, account }) => isForMoney(cause) && account?.paused === true,
  balanceUnknown: ({ cause, account }) =>
    cause === 'arrears' && account !== undefined && account.position === undefined && account.overdueMinor <= 0n,
  notInArrears: (facts) => facts.account !== undefined && !owes(facts.cause, facts.account),
  propertyFeeForbidden: ({ cause }, { cutForPropertyFees, cutForPropertyFeesLegalBasis }) =>
    cause === 'propertyFee' && (!cutForPropertyFees || cutForPropertyFeesLegalBasis === undefined),
  noticeMissing: ({ cause, noticedAtMs }, { noticeHours }) =>
    isForMoney(cause) && noticeHours > 0 && noticedAtMs === undefined,
  // Told by the search for the hour itself.
  neverAllowed: () => false,
};

function isForMoney(cause: CutCause): boolean {
  return cause === 'arrears' || cause === 'propertyFee';
}

/** Is there a debt of the kind that this cut is for? Where what is left is unknown, another reason says so. */
function owes(cause: CutCause, account: CutAccount): boolean {
  switch (cause) {
    case 'arrears':
      return account.overdueMinor > 0n || account.position === undefined || isInArrears(account.position, account);
    case 'propertyFee':
      return account.overdueFeesMinor > 0n;
    case 'operator':
    case 'safety':
      return true;
  }
}

/** The first instant from now on that notice and hours allow; undefined when no hour ever does. */
function earliestMs({ cause, noticedAtMs }: CutFacts, rules: CutRules, nowMs: number): number | undefined {
  if (cause === 'safety') return nowMs;
  const noticeMs = isForMoney(cause) && noticedAtMs !== undefined ? noticedAtMs + rules.noticeHours * HOUR_MS : nowMs;
  return nextCutMs(rules, rules.calendar, Math.max(nowMs, noticeMs));
}
