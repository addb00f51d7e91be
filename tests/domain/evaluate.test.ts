import { describe, expect, test } from 'vitest';
import { inWallet } from '#domain/account/moneyState.ts';
import { evaluate, type MeterInput, type MeterPolicy } from '#domain/evaluate.ts';
import { MARKS } from '#domain/meterState.ts';
import type { MeterStatus } from '#drivers/core/index.ts';

const T0 = Date.parse('2026-11-22T08:00:00Z');
const S = 1_000;

const policy: MeterPolicy = { pollMs: 10 * S, prepaid: true, overloadLimitW: undefined };
const heard: MeterInput = {
  heardMs: T0,
  listeningSinceMs: T0 - 3_600 * S,
  failures: 0,
  path: 'up',
  pathSinceMs: T0 - 3_600 * S,
  status: { relay: 'closed', forced: 'none', money: 'normal' },
  account: undefined,
  balanceMinor: undefined,
  commandedRelay: undefined,
  commandInFlight: false,
  protectedFor: undefined,
  loadW: 2_400,
  alarmUnacknowledged: false,
  stale: false,
};

const at = (afterMs: number, change: Partial<MeterInput> = {}, rules: Partial<MeterPolicy> = {}) =>
  evaluate(undefined, { ...heard, ...change }, { ...policy, ...rules }, T0 + afterMs).state;

describe('link: by the time since the last answer against the poll period', () => {
  test.each([
    [0, 'online', undefined],
    [21.9, 'online', undefined],
    [22, 'late', undefined],
    [59.9, 'late', undefined],
    [60, 'lost', 'meter'],
  ])('10 s polls, %d s of silence: %s', (silenceS, link, cause) => {
    expect(at(silenceS * S)).toMatchObject({ facts: { link }, lostCause: cause });
  });

  test.each([
    [3_601, 'online'],
    [3_602, 'late'],
    [5_401, 'late'],
    [5_402, 'lost'],
  ])('half-hourly polls, %d s of silence: %s', (silenceS, link) => {
    expect(at(silenceS * S, {}, { pollMs: 1_800 * S }).facts.link).toBe(link);
  });

  test('three failures in a row make a slowly polled meter lost after a minute', () => {
    expect(at(59 * S, { failures: 3 }, { pollMs: 1_800 * S }).facts.link).toBe('online');
    expect(at(60 * S, { failures: 3 }, { pollMs: 1_800 * S }).facts.link).toBe('lost');
    expect(at(60 * S, { failures: 2 }, { pollMs: 1_800 * S }).facts.link).toBe('online');
  });

  test('a path that is down makes its meters late at once and lost after five seconds, with the path as cause', () => {
    const down = { path: 'down', pathSinceMs: T0 } as const;
    expect(at(0, down)).toMatchObject({ facts: { link: 'late' }, dueMs: T0 + 5 * S });
    expect(at(5 * S, down)).toMatchObject({ facts: { link: 'lost' }, lostCause: 'path' });
  });

  test('after the path came back a meter gets its full time again', () => {
    const back = { listeningSinceMs: T0 + 600 * S, pathSinceMs: T0 + 600 * S };
    expect(at(601 * S, back).facts.link).toBe('late');
    expect(at(659 * S, back).facts.link).toBe('late');
    expect(at(660 * S, back).facts.link).toBe('lost');
  });

  test('a meter known from before the start is late, never online', () => {
    expect(at(1 * S, { stale: true, listeningSinceMs: T0 }).facts.link).toBe('late');
  });

  test('a meter that never answered is late whatever the clock says, never online', () => {
    const never = { heardMs: undefined, status: undefined, listeningSinceMs: T0 };
    // News of its line may be a little older than our knowledge of the meter.
    expect(at(-1 * S, never)).toMatchObject({ facts: { link: 'late' }, dueMs: T0 + 60 * S });
    expect(at(0, never).facts.link).toBe('late');
  });

  test('a meter that nobody listens to by decision is lost for that reason', () => {
    expect(at(0, { path: 'stopped' })).toMatchObject({ facts: { link: 'lost' }, lostCause: 'stopped' });
  });

  test('the due instant is when the link changes without news, not before', () => {
    for (const silenceS of [0, 22]) {
      const state = at(silenceS * S);
      expect(at(state.dueMs - T0 - 1).facts.link).toBe(state.facts.link);
      expect(at(state.dueMs - T0).facts.link).not.toBe(state.facts.link);
    }
  });
});

describe('money: the word of the meter itself', () => {
  test.each(['notOpened', 'normal', 'alarm1', 'alarm2', 'arrears'] as const)('%s', (money) => {
    expect(at(0, { status: { money } }).facts.money).toBe(money);
  });
  test('a plain meter is normal', () => expect(at(0, { status: {} }, { prepaid: false }).facts.money).toBe('normal'));
  test('a prepaid meter that never answered is not shown as in good order', () => {
    expect(at(0, { heardMs: undefined, status: undefined }).facts.money).toBe('notOpened');
  });
});

describe('relay: what was read against what was commanded', () => {
  const cases: readonly [MeterStatus, 'closed' | 'open' | undefined, string][] = [
    [{ relay: 'closed' }, undefined, 'closed'],
    [{ relay: 'open' }, undefined, 'open'],
    [{}, undefined, 'unknown'],
    [{}, 'open', 'unknown'],
    [{ relay: 'closed' }, 'closed', 'closed'],
    [{ relay: 'closed' }, 'open', 'disagrees'],
    [{ relay: 'open' }, 'closed', 'disagrees'],
    [{ relay: 'partial' }, undefined, 'disagrees'],
    [{ relay: 'open', forced: 'closed' }, undefined, 'disagrees'],
    [{ relay: 'closed', forced: 'open' }, undefined, 'disagrees'],
    [{ relay: 'open', forced: 'open' }, undefined, 'open'],
    [{ relay: 'open', forced: 'none' }, undefined, 'open'],
    // A newer command of ours outranks the mode that the meter still reports.
    [{ relay: 'open', forced: 'closed' }, 'open', 'open'],
  ];
  test.each(cases)('%o commanded %s: %s', (status, commandedRelay, relay) => {
    expect(at(0, { status, commandedRelay }).facts.relay).toBe(relay);
  });
});

test.each([
  ['closed', 'forcedClosed'],
  ['open', 'forcedOpen'],
  ['none', 'none'],
] as const)('forced %s shows as protection %s', (forced, protection) => {
  expect(at(0, { status: { forced } }).facts.protection).toBe(protection);
});

describe('marks', () => {
  test('overload goes on above the limit and off only below 95 % of it', () => {
    const rules = { ...policy, overloadLimitW: 1_000 };
    const step = (loadW: number, previous?: ReturnType<typeof at>) =>
      evaluate(previous, { ...heard, loadW }, rules, T0).state;
    const marked = (state: ReturnType<typeof at>): boolean => (state.marks & MARKS.overload) !== 0;
    expect(marked(step(1_000))).toBe(false);
    const over = step(1_001);
    expect(marked(over)).toBe(true);
    expect(marked(step(951, over))).toBe(true);
    expect(marked(step(950, over))).toBe(false);
    expect(marked(step(951))).toBe(false);
  });
  test('the bit of the meter counts without a limit of ours', () => {
    expect(at(0, { status: { overLimit: true } }).marks).toBe(MARKS.overload);
  });
  test('alarm and stale', () => {
    expect(at(0, { alarmUnacknowledged: true, stale: true }).marks).toBe(MARKS.unacknowledgedAlarm | MARKS.stale);
  });
});

describe('since and events', () => {
  test('a fact that holds keeps its time, a fact that changed says when and from what', () => {
    const first = at(0);
    const { state, events } = evaluate(
      first,
      { ...heard, heardMs: T0 + 10 * S, status: { relay: 'open', forced: 'none', money: 'arrears' } },
      policy,
      T0 + 10 * S,
    );
    expect(state.since).toEqual({ money: T0 + 10 * S, link: T0, relay: T0 + 10 * S, protection: T0 });
    expect(events).toEqual([
      { fact: 'money', from: 'normal', to: 'arrears', atMs: T0 + 10 * S },
      { fact: 'relay', from: 'closed', to: 'open', atMs: T0 + 10 * S },
    ]);
  });

  test('lost contact counts from the last answer', () => {
    const { state } = evaluate(at(0), heard, policy, T0 + 70 * S);
    expect(state).toMatchObject({ facts: { link: 'lost' }, since: { link: T0 } });
  });

  test('the same input again changes nothing', () => {
    const once = evaluate(at(0), heard, policy, T0 + 30 * S);
    expect(evaluate(once.state, heard, policy, T0 + 30 * S)).toEqual({ state: once.state, events: [] });
  });
});

describe('money: by the account where there are accounts', () => {
  const lines = { opened: true, alarm1Minor: 50_00n, alarm2Minor: 20_00n, cutLineMinor: 0n } as const;
  const inMeter = { ...lines, custody: 'meter', platform: undefined } as const;
  const moneyOf = (change: Partial<MeterInput>, rules: Partial<MeterPolicy> = {}) => at(0, change, rules).facts.money;

  test('the balance in the meter is held against the lines of the account, whatever the meter says of itself', () => {
    expect(moneyOf({ account: inMeter, balanceMinor: 49_99n })).toBe('alarm1');
    expect(moneyOf({ account: inMeter, balanceMinor: 50_00n, status: { money: 'arrears' } })).toBe('normal');
  });

  test('in platform custody the wallet decides, also for a plain meter', () => {
    const wallet = (balance: bigint | undefined) =>
      ({ ...lines, custody: 'platform', platform: inWallet(balance) }) as const;
    expect(moneyOf({ account: wallet(0n), balanceMinor: 99_00n })).toBe('arrears');
    expect(moneyOf({ account: wallet(undefined) })).toBe('normal');
    expect(moneyOf({ account: wallet(19_99n), balanceMinor: undefined }, { prepaid: false })).toBe('alarm2');
  });

  test('a prepaid meter that nobody pays for is not opened, a plain one in order', () => {
    const account = { opened: false } as const;
    expect(moneyOf({ account, balanceMinor: 99_00n })).toBe('notOpened');
    expect(moneyOf({ account }, { prepaid: false })).toBe('normal');
  });

  test('without any account on the property the meter speaks for itself', () => {
    expect(moneyOf({ status: { money: 'alarm2' }, balanceMinor: 0n })).toBe('alarm2');
  });

  test('a balance that is not known yet leaves the word to the meter', () => {
    expect(moneyOf({ account: inMeter, status: { money: 'alarm1' } })).toBe('alarm1');
    expect(moneyOf({ account: inMeter, status: undefined })).toBe('notOpened');
  });
});

test('a command under way shows as a mark', () => {
  expect(at(0, { commandInFlight: true }).marks & MARKS.commandInFlight).not.toBe(0);
  expect(at(0).marks & MARKS.commandInFlight).toBe(0);
});

const NO_LINES = { alarm1Minor: 0n, alarm2Minor: 0n, cutLineMinor: 0n };

test('in custody of the platform a forced relay is its daily work; only what people protect shows as protection', () => {
  const account = { opened: true, custody: 'platform', platform: inWallet(1n), ...NO_LINES } as const;
  const protectionOf = (change: Partial<MeterInput>) => at(0, change).facts.protection;
  expect(protectionOf({ account, status: { forced: 'closed' } })).toBe('none');
  expect(protectionOf({ account, status: { forced: 'open' } })).toBe('none');
  expect(protectionOf({ account, status: { forced: 'closed' }, protectedFor: 'person' })).toBe('forcedClosed');
  expect(protectionOf({ account, status: { forced: 'closed' }, protectedFor: 'window' })).toBe('noCutWindow');
  const own = { ...account, custody: 'meter' as const };
  expect(protectionOf({ account: own, status: { forced: 'closed' }, protectedFor: 'window' })).toBe('noCutWindow');
  expect(protectionOf({ account: own, status: { forced: 'none' }, protectedFor: 'window' })).toBe('none');
});
