import type { CutDecision, CutFacts, CutRules } from '#domain/cutGuard.ts';

/**
 * What the guard of cuts was asked about a command last, and what it answered: enough to ask it again later. Amounts are
 * minor units as text, instants ISO 8601. Holidays and extra workdays stand in the audit log of the property's policy.
 */
export interface CutRecord {
  readonly at: string;
  readonly cause: CutFacts['cause'];
  readonly openVend: boolean;
  readonly unverifiedPayment: boolean;
  /** Absent: not on the protective list; without `until`: until somebody ends it; `forWindow`: only over hours without cuts. */
  readonly protection?: { readonly until?: string; readonly forWindow?: true };
  /** Absent: nobody pays for the meter. */
  readonly account?: {
    readonly paused: boolean;
    /** Absent: not known. */
    readonly balanceMinor?: string;
    /** Nothing was ever paid in or charged. */
    readonly unused?: boolean;
    readonly cutLineMinor: string;
    readonly overdueMinor: string;
    readonly overdueFeesMinor: string;
  };
  /** When the customer was told. */
  readonly noticedAt?: string;
  readonly rules: Pick<CutRules, 'noticeHours' | 'cutAllowed' | 'cutForPropertyFees' | 'cutForPropertyFeesLegalBasis'>;
  /** The answer: cut at this instant, or hold for these reasons. */
  readonly cutAt?: string;
  readonly holds?: readonly string[];
}

interface Asked {
  readonly facts: CutFacts;
  readonly rules: CutRules;
  readonly decision: CutDecision;
}

/** The record of a question that was asked at `nowMs`. */
export function recordOf({ facts, rules, decision }: Asked, nowMs: number): CutRecord {
  const { cause, openVend, unverifiedPayment, protection, account, noticedAtMs } = facts;
  const { noticeHours, cutAllowed, cutForPropertyFees, cutForPropertyFeesLegalBasis } = rules;
  return {
    ...{ at: instant(nowMs), cause, openVend, unverifiedPayment },
    ...(protection && {
      protection: {
        ...(protection.untilMs === undefined ? {} : { until: instant(protection.untilMs) }),
        ...(protection.forWindow === true ? { forWindow: true } : {}),
      },
    }),
    ...(account && {
      account: {
        paused: account.paused,
        ...(account.position && {
          balanceMinor: String(account.position.balanceMinor),
          unused: account.position.unused,
        }),
        cutLineMinor: String(account.cutLineMinor),
        overdueMinor: String(account.overdueMinor),
        overdueFeesMinor: String(account.overdueFeesMinor),
      },
    }),
    ...(noticedAtMs === undefined ? {} : { noticedAt: instant(noticedAtMs) }),
    rules: { noticeHours, cutAllowed, cutForPropertyFees, cutForPropertyFeesLegalBasis },
    ...(decision.cut ? { cutAt: instant(decision.atMs) } : { holds: decision.why }),
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
