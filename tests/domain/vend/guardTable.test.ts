import { describe, expect, test } from 'vitest';
import { GUARDS, type GuardName } from '#domain/vend/guards.ts';
import { type Machine, ruleFor, VEND_MACHINE } from '#domain/vend/machine.ts';
import type { Evidence, VendEvent, VendFacts } from '#domain/vend/types.ts';
import { FACTS } from './support/facts.ts';

const LIMITS = { attemptsMax: 10, quietMs: 1_000 };
const EARLY_MS = 10;
const LATE_MS = 2_000;
const read = (evidence: Evidence, atMs = EARLY_MS): VendEvent => ({ kind: 'read', evidence, atMs });
const bind = (balanceMinor: bigint, seqUsed = false): VendEvent => ({ kind: 'bind', seqUsed, balanceMinor });
const decide = (outcome: 'confirm' | 'cancel', atMs = LATE_MS, samePerson = false): VendEvent => ({
  kind: 'decide',
  outcome,
  atMs,
  samePerson,
});

/** In these circumstances, on this event, to this state with these acts. */
type Case = readonly [Partial<VendFacts>, VendEvent, string];
const QUEUED = { state: 'QUEUED', bound: undefined, attempts: 0 } as const;
const ONCE = { path: 'writeOnce', fence: 'quiet' } as const;
const ABSOLUTE = { path: 'absolute', fence: 'quiet', amountMinor: -10n } as const;

/** For each guard where it decides: once where it holds and once where it does not. */
const CASES: Readonly<Record<GuardName, readonly Case[]>> = {
  notYet: [
    [{}, read('notYet'), 'SENT send'],
    [{}, read('contradiction'), 'UNKNOWN doubt backOff'],
  ],
  ours: [
    [{}, read('ours'), 'CONFIRMED confirm'],
    [{}, read('notYet'), 'SENT send'],
  ],
  fenced: [
    [{ state: 'FENCING' }, read('fenced'), 'CANCELLED release'],
    [{ state: 'FENCING' }, read('notYet'), 'FENCING sendFence'],
  ],
  foreign: [
    [{}, read('foreign'), 'QUEUED rebind alarmForeign readNow'],
    [{}, read('notYet'), 'SENT send'],
  ],
  seqUsed: [
    [QUEUED, bind(20n, true), 'QUEUED backOff'],
    [QUEUED, bind(20n), 'RESERVED reserve'],
  ],
  overdraws: [
    [{ ...QUEUED, amountMinor: -30n }, bind(20n), 'CANCELLED release'],
    [{ ...QUEUED, amountMinor: -20n }, bind(20n), 'RESERVED reserve'],
  ],
  nothing: [
    [{ ...QUEUED, amountMinor: 0n }, bind(0n), 'CANCELLED release'],
    [QUEUED, bind(0n), 'RESERVED reserve'],
  ],
  cancelAsked: [
    [{ state: 'RESERVED', attempts: 0, cancelAsked: true }, { kind: 'send' }, 'UNKNOWN readNow'],
    [{ state: 'RESERVED', attempts: 0 }, { kind: 'send' }, 'SENT send'],
  ],
  resendAsked: [
    [{ ...ONCE, resendAsked: true }, read('notYet', LATE_MS), 'SENT send'],
    [ONCE, read('notYet', LATE_MS), 'UNKNOWN backOff'],
  ],
  neverSent: [
    [{ attempts: 0, cancelAsked: true }, read('notYet'), 'CANCELLED release releaseSeq'],
    [{ cancelAsked: true }, read('notYet'), 'FENCING sendFence'],
  ],
  checked: [
    [{}, read('notYet'), 'SENT send'],
    [ONCE, read('notYet'), 'UNKNOWN backOff'],
  ],
  wallet: [
    [{ state: 'PAID', path: 'wallet' }, { kind: 'accept' }, 'CONFIRMED confirm'],
    [{ state: 'PAID' }, { kind: 'accept' }, 'QUEUED readNow'],
  ],
  absolute: [
    [ABSOLUTE, read('ours'), 'UNKNOWN waitQuiet'],
    [{ ...ABSOLUTE, state: 'REJECTED' }, read('ours'), 'UNKNOWN waitQuiet'],
    [ONCE, read('ours'), 'CONFIRMED confirm'],
    [{ ...ABSOLUTE, attempts: 0 }, read('notYet'), 'QUEUED releaseSeq rebind readNow'],
    [{ ...ABSOLUTE, resendAsked: true }, read('notYet', LATE_MS), 'QUEUED releaseSeq rebind readNow'],
    [{ ...ABSOLUTE, resendAsked: true }, read('notYet'), 'UNKNOWN backOff'],
  ],
  quietFence: [
    [{ ...ONCE, cancelAsked: true }, read('notYet'), 'FENCING waitQuiet'],
    [{ cancelAsked: true }, read('notYet'), 'FENCING sendFence'],
    [{ state: 'REJECTED' }, decide('cancel'), 'nothing'],
  ],
  attemptsLeft: [
    [{ attempts: 9 }, read('notYet'), 'SENT send'],
    [{ attempts: 10 }, read('notYet'), 'UNKNOWN backOff'],
  ],
  quietOver: [
    [ABSOLUTE, read('ours', LATE_MS), 'CONFIRMED confirm'],
    [ABSOLUTE, read('ours'), 'UNKNOWN waitQuiet'],
    [{ ...ONCE, state: 'REJECTED' }, decide('cancel', EARLY_MS), 'nothing'],
    [{ ...ONCE, state: 'REJECTED' }, decide('cancel'), 'CANCELLED release releaseSeq weakFence'],
    [{ state: 'QUARANTINED' }, decide('cancel', EARLY_MS), 'nothing'],
    [{ state: 'QUARANTINED', lastEvidence: 'notYet' }, decide('cancel', EARLY_MS), 'nothing'],
  ],
  refused: [
    [{ lastHint: 'refused' }, read('notYet'), 'REJECTED backOff'],
    [{}, read('notYet'), 'SENT send'],
  ],
  doubtedBefore: [
    [{ doubts: 1 }, read('contradiction'), 'QUARANTINED backOff'],
    [{}, read('contradiction'), 'UNKNOWN doubt backOff'],
  ],
  otherPerson: [
    [{ state: 'DRAFT' }, { kind: 'approve', samePerson: false }, 'PAID'],
    [{ state: 'DRAFT' }, { kind: 'approve', samePerson: true }, 'nothing'],
    [{ state: 'QUARANTINED' }, decide('cancel', LATE_MS, true), 'nothing'],
    [{ ...ONCE, state: 'REJECTED' }, decide('cancel', LATE_MS, true), 'nothing'],
  ],
  saysConfirm: [
    [{ state: 'QUARANTINED' }, decide('confirm'), 'CONFIRMED confirm'],
    [{ state: 'QUARANTINED' }, decide('cancel'), 'CANCELLED release weakFence'],
  ],
  absentAtLastRead: [
    [{ state: 'QUARANTINED', lastEvidence: 'notYet' }, decide('cancel'), 'CANCELLED release releaseSeq weakFence'],
    [{ state: 'QUARANTINED', lastEvidence: 'ours' }, decide('cancel'), 'CANCELLED release weakFence'],
  ],
};
const NAMES = Object.keys(GUARDS) as GuardName[];

function whatHappens([changes, event]: Case, guards: Machine['guards']): string {
  const rule = ruleFor({ ...FACTS, ...changes }, event, LIMITS, { rules: VEND_MACHINE, guards });
  return rule === undefined ? 'nothing' : [rule.to, ...rule.act].join(' ');
}
const reds = (name: GuardName, guards: Machine['guards']): number =>
  CASES[name].filter((one) => whatHappens(one, guards) !== one[2]).length;

describe('each guard decides something', () => {
  test.for(NAMES)('"%s" as it is', (name) => {
    for (const one of CASES[name]) expect(whatHappens(one, GUARDS)).toBe(one[2]);
  });

  test.for(NAMES.flatMap((name) => [[name, true] as const, [name, false] as const]))(
    '"%s" always %s is seen red',
    ([name, held]) => {
      expect(reds(name, { ...GUARDS, [name]: () => held })).toBeGreaterThan(0);
    },
  );

  test('every guard is one of some rule', () => {
    expect(NAMES.filter((name) => !VEND_MACHINE.some(({ when }) => when.includes(name)))).toEqual([]);
  });
});
