import { expect, test } from 'vitest';
import { asKnownNow, wayOf } from '#domain/vend/delivery.ts';
import type { VendFacts } from '#domain/vend/types.ts';
import { capabilitiesOfWords, PURSE_WORDS } from '#drivers/simulator/purseWords.ts';
import { FACTS } from './support/facts.ts';

const ONCE = { path: 'writeOnce', fence: 'quiet' } as const;
const CHECKED = { path: 'checked', fence: 'zero' } as const;
const ABSOLUTE = { path: 'absolute', fence: 'quiet' } as const;

test.for([
  ['full', 1n, CHECKED],
  ['noZero', 1n, { path: 'checked', fence: 'cent' }],
  ['noSeq', 1n, ONCE],
  ['noRefund', -1n, ABSOLUTE],
  ['noRefund,noSet', -1n, ONCE],
  [PURSE_WORDS.join(), 1n, undefined],
] as const)('a meter known as %s takes %d so', ([words, amount, way]) => {
  expect(wayOf(amount, capabilitiesOfWords(words), false)).toEqual(way);
});

test.for([
  ['unbound goes by what is known now', { state: 'QUEUED' }, ONCE, ONCE],
  ['unbound goes by what is known now', { state: 'QUEUED', ...ONCE }, CHECKED, CHECKED],
  ['nothing known: as it was asked for', { state: 'QUEUED' }, undefined, CHECKED],
  ['bound, and the meter does not check after all: not again by itself', {}, ONCE, ONCE],
  ['bound, and the meter checks after all: only its next vend', ONCE, CHECKED, ONCE],
  ['what is set is not bought', ABSOLUTE, ONCE, ABSOLUTE],
  ['a fence under way stays one', { state: 'FENCING' }, ONCE, CHECKED],
  ['a wallet is no meter', { state: 'PAID', path: 'wallet' }, ONCE, { path: 'wallet', fence: 'zero' }],
] as const)('%s', ([, changes, now, way]) => {
  const facts: VendFacts = { ...FACTS, ...changes };
  expect(asKnownNow(facts, now)).toEqual({ ...facts, ...way });
});
