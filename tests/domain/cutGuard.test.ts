import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inWallet } from '#domain/account/moneyState.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { type CutFacts, type CutRules, decideCut, HOLD_REASONS } from '#domain/cutGuard.ts';
import { type CutHours, mayCutAt, nextCutMs, noCutPeriod } from '#domain/cutHours.ts';

const shanghai = zonedCalendar('Asia/Shanghai');
const NOW_MS = Date.parse('2026-11-23T04:00:00Z');
const HOUR_MS = 3_600_000;
const ANY_HOUR: CutHours = { cutAllowed: [], holidays: [], extraWorkdays: [] };
const RULES: CutRules = {
  ...ANY_HOUR,
  noticeHours: 0,
  cutForPropertyFees: false,
  cutForPropertyFeesLegalBasis: undefined,
  calendar: shanghai,
};
const DEBTOR: CutFacts = {
  cause: 'arrears',
  openVend: false,
  unverifiedPayment: false,
  protection: undefined,
  account: { paused: false, position: inWallet(-5n), cutLineMinor: 0n, overdueMinor: 0n, overdueFeesMinor: 0n },
  noticedAtMs: undefined,
};
const account = (change: Partial<NonNullable<CutFacts['account']>>): CutFacts => ({
  ...DEBTOR,
  account: {
    paused: false,
    position: inWallet(100n),
    cutLineMinor: 0n,
    overdueMinor: 0n,
    overdueFeesMinor: 0n,
    ...change,
  },
});

describe('hours in which supply may be cut', () => {
  const hours: CutHours = {
    cutAllowed: [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 9 * 60, toMinute: 16 * 60 }],
    holidays: Array.from({ length: 8 }, (_, day) => `2025-10-0${day + 1}`),
    extraWorkdays: ['2025-09-28', '2025-10-11'],
  };
  const local = (text: string): number => Date.parse(`${text}:00+08:00`);

  // Worked by hand: the window is [09:00, 16:00), and 2025-09-28 is a Sunday made a working day.
  test.for([
    ['2025-09-26T17:10', '2025-09-28T09:00'],
    ['2025-09-30T16:00', '2025-10-09T09:00'],
    ['2025-09-29T10:00', '2025-09-29T10:00'],
    ['2025-10-10T15:59', '2025-10-10T15:59'],
  ] as const)('arrears at %s are cut at %s', ([at, cutAt]) => {
    expect(nextCutMs(hours, shanghai, local(at))).toBe(local(cutAt));
    const decision = decideCut(DEBTOR, { ...RULES, ...hours }, local(at));
    expect(decision).toEqual({ cut: true, atMs: local(cutAt) });
  });

  test('a property without a single hour cuts nobody', () => {
    const never: CutHours = { ...ANY_HOUR, cutAllowed: [{ weekdays: [1], fromMinute: 60, toMinute: 60 }] };
    expect(decideCut(DEBTOR, { ...RULES, ...never }, NOW_MS)).toEqual({ cut: false, why: ['neverAllowed'] });
  });

  test('a window that begins in the hour that is skipped begins after it', () => {
    // New York, 2026-03-08: 02:00 becomes 03:00.
    const newYork = zonedCalendar('America/New_York');
    const night: CutHours = { ...ANY_HOUR, cutAllowed: [{ weekdays: [7], fromMinute: 150, toMinute: 240 }] };
    const midnight = Date.parse('2026-03-08T05:00:00Z');
    expect(nextCutMs(night, newYork, midnight)).toBe(Date.parse('2026-03-08T07:00:00Z'));
  });

  test('an hour that is shown twice is a window twice', () => {
    // New York, 2026-11-01: 02:00 becomes 01:00.
    const newYork = zonedCalendar('America/New_York');
    const night: CutHours = { ...ANY_HOUR, cutAllowed: [{ weekdays: [7], fromMinute: 60, toMinute: 90 }] };
    const afterTheFirst = Date.parse('2026-11-01T05:30:00Z');
    expect(nextCutMs(night, newYork, afterTheFirst)).toBe(Date.parse('2026-11-01T06:00:00Z'));
  });

  test('in every zone the next cut is allowed, not before it was asked for, and nothing allowed lies between', () => {
    const zones = ['Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe', 'Europe/Dublin', 'America/Sao_Paulo'];
    const calendars = zones.map(zonedCalendar);
    const minute = fc.integer({ min: 0, max: 1_439 });
    const window = fc.record({
      weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
      fromMinute: minute,
      toMinute: minute.map((one) => one + 1),
    });
    const from = fc.integer({ min: Date.parse('2018-01-01Z'), max: Date.parse('2027-12-31Z') });
    fc.assert(
      fc.property(
        fc.constantFrom(...calendars),
        fc.array(window, { maxLength: 3 }),
        from,
        fc.float({ min: 0, max: 1, noNaN: true }),
        (calendar, cutAllowed, fromMs, share) => {
          const some: CutHours = { ...ANY_HOUR, cutAllowed };
          const atMs = nextCutMs(some, calendar, fromMs);
          if (atMs === undefined) {
            expect(cutAllowed.every(({ fromMinute, toMinute }) => fromMinute >= toMinute)).toBe(true);
            return;
          }
          expect(atMs).toBeGreaterThanOrEqual(fromMs);
          expect(mayCutAt(some, calendar, atMs)).toBe(true);
          if (atMs > fromMs) {
            expect(mayCutAt(some, calendar, Math.floor(fromMs + (atMs - fromMs - 1) * share))).toBe(false);
            expect(mayCutAt(some, calendar, atMs - 1)).toBe(false);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('times without cuts', () => {
  // Monday to Friday, 09:00 to 16:00.
  const hours: CutHours = {
    ...ANY_HOUR,
    cutAllowed: [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 960 }],
    holidays: ['2026-11-24'],
  };
  const local = (text: string) => Date.parse(`${text}+08:00`);
  const period = (text: string, some = hours) => noCutPeriod(some, shanghai, local(text), HOUR_MS);

  test('are told from an hour before until they end, over nights, weekends and holidays', () => {
    const overTheHoliday = { fromMs: local('2026-11-23T16:00'), untilMs: local('2026-11-25T09:00') };
    expect(period('2026-11-23T14:59:59')).toBeUndefined();
    expect(period('2026-11-23T15:00')).toEqual(overTheHoliday);
    expect(period('2026-11-23T15:59:30')).toEqual(overTheHoliday);
    expect(period('2026-11-24T12:00')).toEqual(overTheHoliday);
    expect(period('2026-11-25T08:59:59')).toEqual(overTheHoliday);
    expect(period('2026-11-25T09:00')).toBeUndefined();
    expect(period('2026-11-28T12:00')).toEqual({
      fromMs: local('2026-11-27T16:00'),
      untilMs: local('2026-11-30T09:00'),
    });
  });

  test('are none where supply may be cut at any hour, and where it never may', () => {
    expect(period('2026-11-24T12:00', ANY_HOUR)).toBeUndefined();
    const never = { ...ANY_HOUR, cutAllowed: [{ weekdays: [1], fromMinute: 60, toMinute: 60 }] };
    expect(period('2026-11-24T12:00', never)).toBeUndefined();
  });
});

describe('protection over a window without cuts', () => {
  const windowed = { untilMs: NOW_MS + HOUR_MS, forWindow: true };
  test("holds everybody but danger, which a person's own protection holds, too", () => {
    const cut = (cause: CutFacts['cause'], protection: CutFacts['protection']) =>
      decideCut({ ...DEBTOR, cause, protection }, RULES, NOW_MS);
    expect(cut('arrears', windowed)).toEqual({ cut: false, why: ['protected'] });
    expect(cut('operator', windowed)).toEqual({ cut: false, why: ['protected'] });
    expect(cut('safety', windowed)).toEqual({ cut: true, atMs: NOW_MS });
    expect(cut('safety', { ...windowed, forWindow: false })).toEqual({ cut: false, why: ['protected'] });
  });
});

describe('what holds a cut', () => {
  test.for([
    ['money on its way', { ...DEBTOR, openVend: true }, ['openVend']],
    ['a payment that nobody verified', { ...DEBTOR, unverifiedPayment: true }, ['unverifiedPayment']],
    ['protection without an end', { ...DEBTOR, protection: { untilMs: undefined } }, ['protected']],
    ['protection that holds', { ...DEBTOR, protection: { untilMs: NOW_MS + 1 } }, ['protected']],
    ['nobody who pays', { ...DEBTOR, account: undefined }, ['noAccount']],
    ['an account at rest', account({ paused: true, position: inWallet(-1n) }), ['accountPaused']],
    ['a balance that nobody knows', account({ position: undefined }), ['balanceUnknown']],
    ['money left', account({ position: inWallet(1n) }), ['notInArrears']],
    ['a wallet that was never used', account({ position: inWallet(undefined) }), ['notInArrears']],
    ['overdraft left', account({ position: inWallet(-99n), cutLineMinor: -100n }), ['notInArrears']],
    ['fees of the property', { ...account({ overdueFeesMinor: 5n }), cause: 'propertyFee' }, ['propertyFeeForbidden']],
  ] satisfies [string, CutFacts, string[]][])('%s', ([, facts, why]) => {
    expect(decideCut(facts, RULES, NOW_MS)).toEqual({ cut: false, why });
  });

  test.for([
    ['nothing left', account({ position: inWallet(0n) })],
    ['the overdraft used up', account({ position: inWallet(-100n), cutLineMinor: -100n })],
    ['an overdue bill beside money', account({ position: inWallet(100n), overdueMinor: 1n })],
    ['protection that ended', { ...DEBTOR, protection: { untilMs: NOW_MS } }],
    ['a person, whatever the balance', { ...account({ position: inWallet(100n) }), cause: 'operator' }],
    ['danger, without an account', { ...DEBTOR, account: undefined, cause: 'safety' }],
  ] satisfies [string, CutFacts][])('and what does not: %s', ([, facts]) => {
    expect(decideCut(facts, RULES, NOW_MS)).toEqual({ cut: true, atMs: NOW_MS });
  });

  test('every reason is told, not the first alone', () => {
    const facts = { ...account({ position: inWallet(1n) }), openVend: true, protection: { untilMs: undefined } };
    expect(decideCut(facts, { ...RULES, noticeHours: 1 }, NOW_MS)).toEqual({
      cut: false,
      why: ['openVend', 'protected', 'notInArrears', 'noticeMissing'],
    });
  });

  test('fees of the property are a cause only where a law is named that allows it', () => {
    const facts: CutFacts = { ...account({ overdueFeesMinor: 5n }), cause: 'propertyFee' };
    const allowed = { ...RULES, cutForPropertyFees: true };
    expect(decideCut(facts, allowed, NOW_MS)).toEqual({ cut: false, why: ['propertyFeeForbidden'] });
    const lawful = { ...allowed, cutForPropertyFeesLegalBasis: 'the law of another country' };
    expect(decideCut(facts, lawful, NOW_MS)).toEqual({ cut: true, atMs: NOW_MS });
  });

  test('notice is given its hours, danger waits for none', () => {
    const told = { ...DEBTOR, noticedAtMs: NOW_MS - HOUR_MS };
    const rules = { ...RULES, noticeHours: 3 };
    expect(decideCut(told, rules, NOW_MS)).toEqual({ cut: true, atMs: NOW_MS + 2 * HOUR_MS });
    const closed: CutRules = { ...rules, holidays: ['2026-11-23'] };
    expect(decideCut({ ...told, cause: 'safety' }, closed, NOW_MS)).toEqual({ cut: true, atMs: NOW_MS });
    expect(decideCut({ ...told, cause: 'operator' }, closed, NOW_MS)).toEqual({
      cut: true,
      atMs: Date.parse('2026-11-23T16:00:00Z'),
    });
  });
});

describe('laws of the guard', () => {
  const amount = fc.option(fc.bigInt({ min: -1_000n, max: 1_000n }), { nil: undefined });
  const facts: fc.Arbitrary<CutFacts> = fc.record({
    cause: fc.constantFrom('arrears', 'propertyFee', 'operator', 'safety'),
    openVend: fc.boolean(),
    unverifiedPayment: fc.boolean(),
    protection: fc.option(
      fc.record({ untilMs: fc.option(fc.integer({ min: NOW_MS - 10, max: NOW_MS + 10 }), { nil: undefined }) }),
      { nil: undefined },
    ),
    account: fc.option(
      fc.record({
        paused: fc.boolean(),
        position: fc.oneof(fc.constant(undefined), amount.map(inWallet)),
        cutLineMinor: fc.bigInt({ min: -500n, max: 0n }),
        overdueMinor: fc.bigInt({ min: 0n, max: 2n }),
        overdueFeesMinor: fc.bigInt({ min: 0n, max: 2n }),
      }),
      { nil: undefined },
    ),
    noticedAtMs: fc.option(fc.integer({ min: NOW_MS - 5 * HOUR_MS, max: NOW_MS }), { nil: undefined }),
  });
  const rules: fc.Arbitrary<CutRules> = fc.record({
    cutAllowed: fc.constantFrom([], [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 960 }]),
    holidays: fc.constantFrom([], ['2026-11-23']),
    extraWorkdays: fc.constant([]),
    noticeHours: fc.integer({ min: 0, max: 4 }),
    cutForPropertyFees: fc.boolean(),
    cutForPropertyFeesLegalBasis: fc.option(fc.constant('a law'), { nil: undefined }),
    calendar: fc.constant(shanghai),
  });

  test('an open vend, an unverified payment and protection always hold, whatever else is so', () => {
    fc.assert(
      fc.property(facts, rules, (one, policy) => {
        const decision = decideCut(one, policy, NOW_MS);
        const isProtected = one.protection !== undefined && (one.protection.untilMs ?? Infinity) > NOW_MS;
        if (one.openVend || one.unverifiedPayment || isProtected) expect(decision.cut).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test('nobody with money left is cut for arrears; no cut is in the past or in a forbidden hour', () => {
    fc.assert(
      fc.property(facts, rules, (one, policy) => {
        const decision = decideCut(one, policy, NOW_MS);
        if (!decision.cut) {
          expect(decision.why.length).toBeGreaterThan(0);
          expect(HOLD_REASONS.filter((reason) => decision.why.includes(reason))).toEqual(decision.why);
          return;
        }
        expect(decision.atMs).toBeGreaterThanOrEqual(NOW_MS);
        if (one.cause === 'safety') return;
        expect(mayCutAt(policy, shanghai, decision.atMs)).toBe(true);
        if (one.cause !== 'arrears') return;
        const { position, cutLineMinor = 0n, overdueMinor = 0n } = one.account ?? {};
        const owes = position !== undefined && !position.unused && position.balanceMinor <= cutLineMinor;
        expect(owes || overdueMinor > 0n).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('more money never makes a cut that less money did not', () => {
    fc.assert(
      fc.property(facts, rules, fc.bigInt({ min: 0n, max: 500n }), (one, policy, more) => {
        const position = one.account?.position;
        if (one.account === undefined || position === undefined || one.cause !== 'arrears') return;
        const richer = {
          ...one,
          account: { ...one.account, position: { ...position, balanceMinor: position.balanceMinor + more } },
        };
        if (decideCut(richer, policy, NOW_MS).cut) expect(decideCut(one, policy, NOW_MS).cut).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
