import { expect } from 'vitest';
import * as deadMeter from '#domain/account/deadMeter.ts';
import * as moneyState from '#domain/account/moneyState.ts';
import { inWallet } from '#domain/account/moneyState.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import * as commandRules from '#domain/commandRules.ts';
import * as cutGuard from '#domain/cutGuard.ts';
import * as correction from '#domain/settlement/correction.ts';
import * as register from '#domain/settlement/register.ts';
import * as rounding from '#domain/settlement/rounding.ts';
import * as segments from '#domain/settlement/segments.ts';
import * as validate from '#domain/tariff/validate.ts';
import * as delivery from '#domain/vend/delivery.ts';
import * as leftInMeter from '#server/modules/accounts/leftInMeter.ts';
import * as accountRules from '#server/modules/accounts/rules.ts';
import * as batches from '#server/modules/commands/batches.ts';
import * as conversation from '#server/modules/commands/conversation.ts';
import { guards } from './sourceGuard.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-11-23T04:00:00Z');
const ACCOUNT: cutGuard.CutAccount = {
  ...{ paused: false, position: inWallet(-5n), cutLineMinor: 0n, overdueMinor: 0n, overdueFeesMinor: 0n },
};
const DEBTOR: cutGuard.CutFacts = {
  ...{ cause: 'arrears', openVend: false, unverifiedPayment: false },
  ...{ protection: undefined, account: ACCOUNT, noticedAtMs: undefined },
};
const RULES: cutGuard.CutRules = {
  ...{ cutAllowed: [], holidays: [], extraWorkdays: [], noticeHours: 0 },
  ...{ cutForPropertyFees: false, cutForPropertyFeesLegalBasis: undefined, calendar: zonedCalendar('Asia/Shanghai') },
};
const OFFICE_HOURS = [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 60, toMinute: 120 }];
const notCut =
  (facts: Partial<cutGuard.CutFacts>, rules: Partial<cutGuard.CutRules> = {}) =>
  ({ decideCut }: typeof cutGuard): void => {
    expect(decideCut({ ...DEBTOR, ...facts }, { ...RULES, ...rules }, NOW_MS).cut).toBe(false);
  };
const cutNotBefore =
  (atMs: number, facts: Partial<cutGuard.CutFacts>, rules: Partial<cutGuard.CutRules>) =>
  ({ decideCut }: typeof cutGuard): void => {
    const decision = decideCut({ ...DEBTOR, ...facts }, { ...RULES, ...rules }, NOW_MS);
    expect(decision.cut ? decision.atMs : 0).toBeGreaterThanOrEqual(atMs);
  };

guards('server/domain/cutGuard.ts', cutGuard, {
  'openVend: nobody is cut while money is on its way': {
    guard: 'openVend: ({ openVend }) => openVend,',
    off: 'openVend: () => false,',
    law: notCut({ openVend: true }),
  },
  'unverifiedPayment: nor while a payment is not proven': {
    guard: 'unverifiedPayment: ({ unverifiedPayment }) => unverifiedPayment,',
    off: 'unverifiedPayment: () => false,',
    law: notCut({ unverifiedPayment: true }),
  },
  'protected: nor who is on the protective list': {
    guard: '(protection.untilMs === undefined || nowMs < protection.untilMs)',
    off: '(protection === undefined)',
    law: notCut({ cause: 'safety', protection: { untilMs: undefined } }),
  },
  'danger is stronger than hours without cuts': {
    ...{ guard: "!(cause === 'safety' && protection.forWindow === true)", off: 'true' },
    law({ decideCut }) {
      const protection = { untilMs: undefined, forWindow: true };
      expect(decideCut({ ...DEBTOR, cause: 'safety', protection }, RULES, NOW_MS).cut).toBe(true);
    },
  },
  'noAccount: nor where nobody pays': {
    guard: 'isForMoney(cause) && account === undefined',
    off: 'false',
    law: notCut({ account: undefined }),
  },
  'accountPaused: nor while the account rests': {
    guard: 'isForMoney(cause) && account?.paused === true',
    off: 'false',
    law: notCut({ account: { ...ACCOUNT, paused: true } }),
  },
  'balanceUnknown: nor by a balance that nobody knows': {
    guard:
      "cause === 'arrears' && account !== undefined && account.position === undefined && account.overdueMinor <= 0n",
    off: 'false',
    law: notCut({ account: { ...ACCOUNT, position: undefined } }),
  },
  'notInArrears: nor with money left': {
    guard: 'facts.account !== undefined && !owes(facts.cause, facts.account)',
    off: 'facts === undefined',
    law: notCut({ account: { ...ACCOUNT, position: inWallet(1n) } }),
  },
  'propertyFeeForbidden: nor for fees of the property without a law that allows it': {
    guard: "cause === 'propertyFee' && (!cutForPropertyFees || cutForPropertyFeesLegalBasis === undefined)",
    off: 'cause !== cause && cutForPropertyFees === cutForPropertyFeesLegalBasis',
    law: notCut({ cause: 'propertyFee', account: { ...ACCOUNT, overdueFeesMinor: 5n } }, { cutForPropertyFees: true }),
  },
  'noticeMissing: nor who was not told': {
    guard: 'isForMoney(cause) && noticeHours > 0 && noticedAtMs === undefined',
    off: 'noticeHours < 0 && noticedAtMs === 0 && isForMoney(cause)',
    law: notCut({}, { noticeHours: 3 }),
  },
  'neverAllowed: nor where no hour allows it': {
    guard: "if (atMs === undefined) return { cut: false, why: [...why, 'neverAllowed'] };",
    off: 'if (atMs === undefined) return { cut: true, atMs: nowMs };',
    law: notCut({}, { cutAllowed: [{ weekdays: [1], fromMinute: 60, toMinute: 60 }] }),
  },
  'hours of notice are given': {
    guard: 'noticedAtMs + rules.noticeHours * HOUR_MS',
    off: 'noticedAtMs',
    law: cutNotBefore(NOW_MS + 2 * HOUR_MS, { noticedAtMs: NOW_MS - HOUR_MS }, { noticeHours: 3 }),
  },
  'hours without cuts are kept': {
    guard: 'return nextCutMs(rules, rules.calendar, Math.max(nowMs, noticeMs));',
    off: 'return Math.max(nowMs, noticeMs);',
    law: cutNotBefore(NOW_MS + HOUR_MS, {}, { cutAllowed: OFFICE_HOURS }),
  },
});

const COURSE: commandRules.CommandCourse = {
  ...{ attempts: 1, failedReads: 0, expiresAtMs: NOW_MS + HOUR_MS, superseded: false },
};
const OTHER = { kind: 'read', matches: false, refusal: 'none' } as const;
const becomes =
  (course: Partial<commandRules.CommandCourse>, happening: commandRules.CommandHappening, ...states: string[]) =>
  ({ judgeCommand }: typeof commandRules): void => {
    expect(states).toContain(judgeCommand({ ...COURSE, ...course }, happening, NOW_MS).state);
  };

guards('server/domain/commandRules.ts', commandRules, {
  'a command that the meter does not show is not done': {
    guard: "if (matches) return { state: 'verified', why: [] };",
    off: "if (true) return { state: 'verified', why: [] };",
    law: becomes({}, OTHER, 'queued'),
  },
  'a command that nobody read back is not done': {
    guard: "const state = failed >= READS_BEFORE_DOUBT ? 'inDoubt' : 'confirming';",
    off: "const state = failed >= READS_BEFORE_DOUBT ? 'rejected' : 'verified';",
    law: becomes({}, { kind: 'unread' }, 'confirming'),
  },
  'it is sent three times at most': {
    guard: 'course.attempts < SENDS_MAX && dueMs < course.expiresAtMs && refusal',
    off: 'dueMs < course.expiresAtMs && refusal',
    law: becomes({ attempts: 3 }, OTHER, 'rejected'),
  },
  'nor after its time': {
    guard: 'course.attempts < SENDS_MAX && dueMs < course.expiresAtMs && refusal',
    off: 'course.attempts < SENDS_MAX && refusal',
    law: becomes({ expiresAtMs: NOW_MS }, OTHER, 'rejected'),
  },
  'nor after a newer one for the same relay': {
    guard: "if (course.superseded) return { state: 'rejected', why: ['superseded'] };\n  const dueMs",
    off: 'const dueMs',
    law: becomes({ superseded: true }, OTHER, 'rejected'),
  },
});

guards('server/modules/commands/conversation.ts', conversation, {
  'the read-back decides what the relay is': {
    guard: "return relay === (mode === 'forcedOpen' ? 'open' : 'closed');",
    off: 'return true;',
    law: ({ relayMatches }) => expect(relayMatches({ relay: 'closed', forced: 'open' }, 'forcedOpen')).toBe(false),
  },
  'and what it is forced to be': {
    guard: 'if (forced !== undefined && forced !== FORCED_OF_MODE[mode]) return false;',
    off: '',
    law: ({ relayMatches }) => expect(relayMatches({ relay: 'open', forced: 'none' }, 'forcedOpen')).toBe(false),
  },
});

guards('server/modules/commands/batches.ts', batches, {
  'a second person comes in time': {
    guard: 'approveBefore === null || approveBefore.getTime() <= nowMs',
    off: 'approveBefore === null',
    law: ({ demandWaiting }) => expect(() => demandWaiting(new Date(NOW_MS), NOW_MS)).toThrow(/time is over/),
  },
  'and only to what waits': {
    guard: 'approveBefore === null || approveBefore.getTime() <= nowMs',
    off: 'approveBefore !== null && approveBefore.getTime() <= nowMs',
    law: ({ demandWaiting }) => expect(() => demandWaiting(null, NOW_MS)).toThrow(/does not wait/),
  },
});

const LIMITS = { modulus: 1_000_000_000n, maxPower: 55_200n, marginPpt: 1_200n };
const point = (atMs: number, value: bigint, estimated = false) => ({ atMs, value, estimated });

guards('server/domain/settlement/register.ts', register, {
  'a register goes on by no more than can have flowed': {
    guard: 'to - from <= cap ?',
    off: 'to - from >= 0n ?',
    law: ({ registerDelta }) => expect(registerDelta(0n, 900_000n, LIMITS, HOUR_MS).kind).toBe('implausible'),
  },
  'and never backwards, but for a roll-over': {
    guard: 'delta >= 0n && delta <= cap ?',
    off: 'delta >= 0n ?',
    law: ({ registerDelta }) => expect(registerDelta(500_000n, 400_000n, LIMITS, HOUR_MS).kind).toBe('backward'),
  },
});

guards('server/domain/settlement/segments.ts', segments, {
  'nothing is charged over a read that cannot be': {
    guard: 'refused.push({ cause: found.kind, read, after: last.point, cap: found.cap });\n      continue;',
    off: 'last = { point: read, flowed: last.flowed + read.value - last.point.value, rolledOver: false }; steps.push(last);\n      continue;',
    law({ cutSegments }) {
      const reads = [point(HOUR_MS, 900_000n)];
      const cut = cutSegments({ from: point(0, 0n), reads, cutsMs: [], limits: LIMITS, slackMs: 0 });
      expect(cut.segments).toEqual([]);
    },
  },
  'what was shared by time between two reads says so': {
    guard: "quality: prorated ? 'prorated' : rolledOver ? 'rolledOver' : 'measured',",
    off: "quality: rolledOver ? 'rolledOver' : 'measured',",
    law({ cutSegments }) {
      const reads = [point(HOUR_MS, 100n)];
      const cut = cutSegments({ from: point(0, 0n), reads, cutsMs: [HOUR_MS / 2], limits: LIMITS, slackMs: 0 });
      expect(cut.segments.map(({ quality }) => quality)).toEqual(['prorated', 'prorated']);
    },
  },
});

/** Two kWh in two hours, charged as one price until the first of them is over and another after. */
const LATE: correction.Correcting = {
  ...{ from: point(0, 0n), to: point(2 * HOUR_MS, 2_000n), toValueBefore: 2_000n, reads: [], saidAtMs: undefined },
  ...{ cutsMs: [HOUR_MS], limits: LIMITS, slackMs: 0, dayLists: new Map(), calendar: zonedCalendar('UTC') },
  tiers: { used: () => 0n, add: () => undefined },
  spans: [1, 2].map((versionId) => ({
    ...{ fromMs: (versionId - 1) * HOUR_MS, toMs: versionId * HOUR_MS, tariffId: 1, versionId },
    body: { kind: 'single', price: BigInt(versionId) },
  })),
  before: [1, 2].map((versionId) => ({
    ...{ fromMs: (versionId - 1) * HOUR_MS, delta: 1_000n, versionId, monthMs: 0 },
    lines: [
      { label: 'energy', component: '', price: BigInt(versionId), quantity: 1_000n, parts: BigInt(versionId) * 1_000n },
    ],
  })),
};
guards('server/domain/settlement/correction.ts', correction, {
  'a late read that cannot lie between its neighbours is passed over': {
    guard: 'return whole !== undefined && first !== undefined && second !== undefined && first + second === whole;',
    off: 'return whole !== undefined && first !== undefined;',
    law: ({ correctSegments }) =>
      expect(correctSegments({ ...LATE, reads: [point(HOUR_MS, 2_500n)] }).kind).toBe('unchanged'),
  },
  'what a person says of it is taken or refused': {
    guard: "if (said.some((read) => !reads.includes(read))) return { kind: 'unbelievable' };",
    off: '',
    law: ({ correctSegments }) =>
      expect(correctSegments({ ...LATE, saidAtMs: HOUR_MS, reads: [point(HOUR_MS, 2_500n)] }).kind).toBe(
        'unbelievable',
      ),
  },
  'nothing is charged anew over a new beginning of the register': {
    guard: "if (held !== expected) return { kind: 'unbelievable' };",
    off: '',
    law: ({ correctSegments }) =>
      expect(correctSegments({ ...LATE, toValueBefore: 1_500n, reads: [point(HOUR_MS, 1_500n)] }).kind).toBe(
        'unbelievable',
      ),
  },
});

guards('server/domain/settlement/rounding.ts', rounding, {
  'what was charged before is not charged again': {
    guard: 'amountMinor: chargedMinor - line.chargedMinor,',
    off: 'amountMinor: chargedMinor,',
    law({ addToLine, EMPTY_LINE }) {
      const half = { quantity: 1n, parts: 500_000_000n };
      const first = addToLine(EMPTY_LINE, half);
      expect(first.amountMinor + addToLine(first.line, half).amountMinor).toBe(1n);
    },
  },
});

guards('server/domain/account/deadMeter.ts', deadMeter, {
  'a dead meter did not run backwards': {
    guard: 'usedWh < 0n ? undefined : last.balanceMinor',
    off: 'last.balanceMinor',
    law: ({ estimateBalance }) =>
      expect(estimateBalance({ balanceMinor: 0n, energyWh: 5_000n }, 4_000n, 100_000_000n)).toBeUndefined(),
  },
});

guards('server/domain/account/moneyState.ts', moneyState, {
  'an empty new wallet is no debt': {
    guard: 'return !unused && balanceMinor <= cutLineMinor;',
    off: 'return balanceMinor <= cutLineMinor;',
    law: ({ isInArrears }) => expect(isInArrears(inWallet(undefined), { cutLineMinor: 0n })).toBe(false),
  },
});

const NOTHING_KNOWN = undefined;
guards('server/domain/vend/delivery.ts', delivery, {
  'nothing is sold to a meter that was never tried, unless the property says so': {
    guard: "if (!allowWriteOnce) return { ok: false, why: 'unproven' };",
    off: '',
    law: ({ planDelivery }) => expect(planDelivery(100n, NOTHING_KNOWN, false).ok).toBe(false),
  },
  'and nothing is asked back from one': {
    guard:
      "return amountMinor < 0n ? { ok: false, why: 'noRefund' } : { ok: true, path: 'writeOnce', fence: 'quiet' };",
    off: "return { ok: true, path: 'writeOnce', fence: 'quiet' };",
    law: ({ planDelivery }) => expect(planDelivery(-100n, NOTHING_KNOWN, true).ok).toBe(false),
  },
});

const LINES = { alarm1Minor: 300n, alarm2Minor: 200n, cutLineMinor: 0n, hoardingLimitMinor: undefined };
guards('server/modules/accounts/rules.ts', accountRules, {
  'the second warning does not come before the first': {
    guard: "if (alarm2Minor > alarm1Minor) throw invalidField('alarm2Minor', 'must not be above alarm1Minor');",
    off: '',
    law: ({ checkLines }) => expect(() => checkLines({ ...LINES, alarm2Minor: 400n })).toThrow(/alarm2Minor/),
  },
  'supply goes off at nothing left, not before': {
    guard: 'cutLineMinor > 0n || cutLineMinor > alarm2Minor',
    off: 'cutLineMinor > alarm2Minor',
    law: ({ checkLines }) => expect(() => checkLines({ ...LINES, cutLineMinor: 100n })).toThrow(/cutLineMinor/),
  },
  'a meter can be filled above its first warning': {
    guard: 'hoardingLimitMinor !== undefined && hoardingLimitMinor <= alarm1Minor',
    off: 'hoardingLimitMinor === 0n',
    law: ({ checkLines }) => expect(() => checkLines({ ...LINES, hoardingLimitMinor: 300n })).toThrow(/hoardingLimit/),
  },
  'a balance in the meter is deducted as it is used': {
    guard: "custody === 'meter' && deduction === 'monthEnd'",
    off: 'custody === deduction',
    law: ({ demandDeduction }) => expect(() => demandDeduction('meter', 'monthEnd')).toThrow(/monthEnd/),
  },
});

const LEFT = { meterId: 1, atMs: 0, registers: {}, count: 1, balanceMinor: 9_000n } as const;
guards('server/modules/accounts/leftInMeter.ts', leftInMeter, {
  'what stays in a meter is let go by two persons': {
    guard: 'leftInMeter === true && balanceMinor > 0n',
    off: 'leftInMeter === true && balanceMinor < 0n',
    law: ({ needsTwoPersons }) =>
      expect(needsTwoPersons({ ...LEFT, quality: 'measured', leftInMeter: true })).toBe(true),
  },
  'and so is what nobody could read': {
    guard: "quality !== 'measured' || (",
    off: "(quality === 'measured' && ",
    law: ({ needsTwoPersons }) => expect(needsTwoPersons({ ...LEFT, quality: 'stated' })).toBe(true),
  },
});

const step = (upTo?: bigint) => ({ upTo, price: 1n });
guards('server/domain/tariff/validate.ts', validate, {
  'steps of a tariff do not overlap': {
    guard: 'return upTo > before ? [] :',
    off: 'return upTo >= 0n ? [] :',
    law({ faultsOf }) {
      const steps = { period: 'month', steps: [step(600n), step(260n), step()] } as const;
      expect(faultsOf({ kind: 'stepped', steps }, new Set())).toHaveLength(1);
    },
  },
});
