import type { VendEvent, VendFacts, VendLimits } from './types.ts';

/** A condition of a rule: what is known of the vend, what happened, the bounds. */
export type Guard = (facts: VendFacts, event: VendEvent, limits: VendLimits) => boolean;

const evidence = (wanted: string): Guard => {
  return (_facts, event) => event.kind === 'read' && event.evidence === wanted;
};

/** Conditions by name, so that a table of rules is data and each can be switched off to see that it is needed. */
export const GUARDS = {
  notYet: evidence('notYet'),
  ours: evidence('ours'),
  fenced: evidence('fenced'),
  foreign: evidence('foreign'),
  /** Rule 8: a count that ever belonged to a vend is never given again; the read was stale. */
  seqUsed: (_facts, event) => event.kind === 'bind' && event.seqUsed,
  /** More would be taken out than is in it. */
  overdraws: (facts, event) =>
    event.kind === 'bind' && facts.amountMinor < 0n && event.balanceMinor + facts.amountMinor < 0n,
  /** A move that found nothing to move. */
  nothing: (facts, event) => event.kind === 'bind' && facts.amountMinor === 0n,
  cancelAsked: (facts) => facts.cancelAsked,
  resendAsked: (facts) => facts.resendAsked,
  /** No byte of it was ever handed to a transport: the step that does so is stored before. */
  neverSent: (facts) => facts.attempts === 0,
  checked: (facts) => facts.path === 'checked',
  wallet: (facts) => facts.path === 'wallet',
  absolute: (facts) => facts.path === 'absolute',
  quietFence: (facts) => facts.fence === 'quiet',
  attemptsLeft: (facts, _event, limits) => facts.attempts < limits.attemptsMax,
  /** It is so late that no frame sent before can still arrive. */
  quietOver: (facts, event, limits) =>
    (event.kind === 'read' || event.kind === 'decide') &&
    event.atMs - (facts.lastSentMs ?? Number.NEGATIVE_INFINITY) >= limits.quietMs,
  refused: (facts) => facts.lastHint === 'refused',
  /** One read may be stale; a second one is believed. */
  doubtedBefore: (facts) => facts.doubts > 0,
  /** Maker ≠ checker: nobody agrees to what they did or said themselves. */
  otherPerson: (_facts, event) => (event.kind === 'approve' || event.kind === 'decide') && !event.samePerson,
  saysConfirm: (_facts, event) => event.kind === 'decide' && event.outcome === 'confirm',
  absentAtLastRead: (facts) => facts.lastEvidence === 'notYet',
} satisfies Record<string, Guard>;

export type GuardName = keyof typeof GUARDS;
