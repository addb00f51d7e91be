import { GUARDS, type Guard, type GuardName } from './guards.ts';
import type { VendAction, VendEvent, VendEventKind, VendFacts, VendLimits, VendState } from './types.ts';

/** One line of the machine: in one of these states, on this event, where all of `when` hold. The first that fits counts. */
export interface Rule {
  readonly from: readonly VendState[];
  readonly on: VendEventKind;
  readonly when: readonly GuardName[];
  readonly to: VendState;
  readonly act: readonly VendAction[];
}

const rule = (
  from: readonly VendState[],
  on: VendEventKind,
  when: readonly GuardName[],
  to: VendState,
  act: readonly VendAction[] = [],
): Rule => ({ from, on, when, to, act });

/**
 * The vend machine. Only a read-back confirms; a bound count is given back only by proof; nothing ends by age.
 * The server executes this table and the model check searches it.
 */
export const VEND_MACHINE: readonly Rule[] = [
  // Before anything is asked of a meter.
  rule(['DRAFT'], 'approve', ['otherPerson'], 'PAID'),
  rule(['DRAFT'], 'decline', [], 'CANCELLED', ['release']),
  rule(['PAID'], 'accept', ['wallet'], 'CONFIRMED', ['confirm']),
  rule(['PAID'], 'accept', [], 'QUEUED', ['readNow']),
  rule(['DRAFT', 'PAID', 'QUEUED'], 'cancel', [], 'CANCELLED', ['release']),

  // The count that the meter expects next becomes ours, before a byte is sent.
  rule(['QUEUED'], 'readFailed', [], 'QUEUED', ['backOff']),
  rule(['QUEUED'], 'bind', ['seqUsed'], 'QUEUED', ['backOff']),
  rule(['QUEUED'], 'bind', ['nothing'], 'CANCELLED', ['release']),
  rule(['QUEUED'], 'bind', ['overdraws'], 'CANCELLED', ['release']),
  rule(['QUEUED'], 'bind', [], 'RESERVED', ['reserve']),
  rule(['RESERVED'], 'send', ['cancelAsked'], 'UNKNOWN', ['readNow']),
  rule(['RESERVED'], 'send', [], 'SENT', ['send']),
  rule(['RESERVED', 'SENT'], 'cancel', [], 'UNKNOWN', ['askCancel', 'readNow']),
  rule(['RESERVED', 'SENT'], 'restart', [], 'UNKNOWN', ['readNow']),
  rule(['SENT'], 'reply', [], 'UNKNOWN', ['readNow']),

  // Under way: only what the meter holds can tell.
  rule(['UNKNOWN'], 'readFailed', [], 'UNKNOWN', ['backOff']),
  rule(['UNKNOWN'], 'cancel', [], 'UNKNOWN', ['askCancel', 'readNow']),
  rule(['UNKNOWN', 'REJECTED', 'FENCING'], 'read', ['ours', 'absolute', 'quietOver'], 'CONFIRMED', ['confirm']),
  rule(['UNKNOWN', 'FENCING', 'REJECTED'], 'read', ['ours', 'absolute'], 'UNKNOWN', ['waitQuiet']),
  rule(['UNKNOWN', 'REJECTED', 'FENCING'], 'read', ['ours'], 'CONFIRMED', ['confirm']),
  rule(['UNKNOWN'], 'read', ['foreign', 'checked', 'cancelAsked'], 'CANCELLED', ['release', 'alarmForeign']),
  rule(['UNKNOWN'], 'read', ['fenced', 'checked', 'cancelAsked'], 'CANCELLED', ['release', 'alarmForeign']),
  rule(['UNKNOWN', 'REJECTED'], 'read', ['foreign', 'checked'], 'QUEUED', ['rebind', 'alarmForeign', 'readNow']),
  rule(['UNKNOWN', 'REJECTED'], 'read', ['fenced', 'checked'], 'QUEUED', ['rebind', 'alarmForeign', 'readNow']),
  rule(['UNKNOWN'], 'read', ['notYet', 'cancelAsked', 'neverSent'], 'CANCELLED', ['release', 'releaseSeq']),
  rule(['UNKNOWN'], 'read', ['notYet', 'cancelAsked', 'quietFence'], 'FENCING', ['waitQuiet']),
  rule(['UNKNOWN'], 'read', ['notYet', 'cancelAsked'], 'FENCING', ['sendFence']),
  // What is set is computed from what the meter held at the binding: sent later, it would give back what was used since.
  rule(['UNKNOWN'], 'read', ['notYet', 'neverSent', 'absolute'], 'QUEUED', ['releaseSeq', 'rebind', 'readNow']),
  rule(['UNKNOWN'], 'read', ['notYet', 'resendAsked', 'quietOver', 'absolute'], 'QUEUED', [
    'releaseSeq',
    'rebind',
    'readNow',
  ]),
  rule(['UNKNOWN'], 'read', ['notYet', 'neverSent'], 'SENT', ['send']),
  rule(['UNKNOWN'], 'read', ['notYet', 'refused'], 'REJECTED', ['backOff']),
  rule(['UNKNOWN'], 'read', ['notYet', 'checked', 'attemptsLeft'], 'SENT', ['send']),
  rule(['UNKNOWN'], 'read', ['notYet', 'resendAsked', 'quietOver'], 'SENT', ['send']),
  rule(['UNKNOWN'], 'read', ['notYet'], 'UNKNOWN', ['backOff']),
  rule(['UNKNOWN'], 'retry', [], 'UNKNOWN', ['clearRefusal', 'readNow']),

  // The meter refuses it and does not have it. A frame of it may still come, once the cause is gone.
  rule(['REJECTED'], 'cancel', [], 'UNKNOWN', ['askCancel', 'readNow']),
  rule(['REJECTED'], 'retry', [], 'UNKNOWN', ['clearRefusal', 'readNow']),
  rule(['REJECTED'], 'readFailed', [], 'REJECTED', ['backOff']),
  rule(['REJECTED'], 'read', ['notYet'], 'REJECTED', ['backOff']),

  // Being cancelled: whoever used the count has won.
  rule(['FENCING'], 'read', ['fenced'], 'CANCELLED', ['release']),
  rule(['FENCING'], 'read', ['foreign', 'checked'], 'CANCELLED', ['release', 'alarmForeign']),
  rule(['FENCING'], 'read', ['notYet', 'quietFence', 'quietOver'], 'CANCELLED', ['release', 'releaseSeq', 'weakFence']),
  rule(['FENCING'], 'read', ['notYet', 'quietFence'], 'FENCING', ['waitQuiet']),
  // Who refuses the fence is asked again later, not at once.
  rule(['FENCING'], 'read', ['notYet', 'refused'], 'FENCING', ['clearRefusal', 'backOff']),
  rule(['FENCING'], 'read', ['notYet'], 'FENCING', ['sendFence']),
  rule(['FENCING'], 'reply', [], 'FENCING', ['readNow']),
  rule(['FENCING'], 'restart', [], 'FENCING', ['readNow']),
  rule(['FENCING'], 'readFailed', [], 'FENCING', ['backOff']),
  rule(['FENCING'], 'cancel', [], 'FENCING', ['readNow']),

  // What cannot be: once may be a stale read, twice is for people.
  rule(['UNKNOWN', 'FENCING', 'REJECTED'], 'read', ['doubtedBefore'], 'QUARANTINED', ['backOff']),
  rule(['UNKNOWN'], 'read', [], 'UNKNOWN', ['doubt', 'backOff']),
  rule(['FENCING'], 'read', [], 'FENCING', ['doubt', 'backOff']),
  rule(['REJECTED'], 'read', [], 'REJECTED', ['doubt', 'backOff']),
  rule(['QUARANTINED'], 'read', [], 'QUARANTINED', ['backOff']),
  rule(['QUARANTINED'], 'readFailed', [], 'QUARANTINED', ['backOff']),
  rule(['QUARANTINED'], 'decide', ['otherPerson', 'saysConfirm'], 'CONFIRMED', ['confirm']),
  // While a frame of it may still arrive nobody can say that it is not there.
  rule(['QUARANTINED'], 'decide', ['otherPerson', 'quietOver', 'absentAtLastRead'], 'CANCELLED', [
    'release',
    'releaseSeq',
    'weakFence',
  ]),
  rule(['QUARANTINED'], 'decide', ['otherPerson', 'quietOver'], 'CANCELLED', ['release', 'weakFence']),
  // A meter with a fence answers for itself: persons would be overtaken by a late frame. Without one the quiet period has to do.
  rule(['UNKNOWN', 'REJECTED'], 'decide', ['otherPerson', 'quietFence', 'quietOver', 'saysConfirm'], 'CONFIRMED', [
    'confirm',
  ]),
  rule(['UNKNOWN', 'REJECTED'], 'decide', ['otherPerson', 'quietFence', 'quietOver'], 'CANCELLED', [
    'release',
    'releaseSeq',
    'weakFence',
  ]),
];

/** The machine with its guards; tests take others to see what each rule is good for. */
export interface Machine {
  readonly rules: readonly Rule[];
  readonly guards: Readonly<Record<GuardName, Guard>>;
}

export const THE_MACHINE: Machine = { rules: VEND_MACHINE, guards: GUARDS };

/** The rule that an event meets; undefined where it means nothing in this state and nothing is to be changed. */
export function ruleFor(
  facts: VendFacts,
  event: VendEvent,
  limits: VendLimits,
  machine: Machine = THE_MACHINE,
): Rule | undefined {
  return machine.rules.find(
    ({ from, on, when }) =>
      on === event.kind &&
      from.includes(facts.state) &&
      when.every((name) => machine.guards[name](facts, event, limits)),
  );
}

/** The facts after a step, as far as they follow from the rule and the event; amounts read are the caller's to add. */
export function factsAfter(facts: VendFacts, event: VendEvent, { to, act }: Rule, nowMs: number): VendFacts {
  const sends = act.includes('send') || act.includes('sendFence');
  const read = event.kind === 'read' ? event : undefined;
  const contradicted = act.includes('doubt');
  return {
    ...facts,
    state: to,
    bound: act.includes('rebind') ? undefined : facts.bound,
    attempts: act.includes('rebind') ? 0 : facts.attempts + (sends ? 1 : 0),
    lastSentMs: sends ? nowMs : facts.lastSentMs,
    doubts: contradicted ? facts.doubts + 1 : read === undefined || to === 'QUARANTINED' ? facts.doubts : 0,
    cancelAsked: facts.cancelAsked || act.includes('askCancel'),
    resendAsked: act.includes('clearRefusal') || (facts.resendAsked && !sends),
    lastHint: act.includes('clearRefusal') || sends ? undefined : event.kind === 'reply' ? event.hint : facts.lastHint,
    lastEvidence: read?.evidence ?? facts.lastEvidence,
  };
}
