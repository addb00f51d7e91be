import type { VendFacts } from '#domain/vend/types.ts';

/** A sale that was sent once to a meter that checks the count, and nobody knows what became of it. */
export const FACTS: VendFacts = {
  state: 'UNKNOWN',
  path: 'checked',
  fence: 'zero',
  amountMinor: 97n,
  bound: { seq: 8, balanceMinor: 20n, cumulativeMinor: undefined, energyWh: undefined },
  attempts: 1,
  doubts: 0,
  cancelAsked: false,
  resendAsked: false,
  lastHint: 'none',
  lastEvidence: undefined,
  lastSentMs: 0,
};
