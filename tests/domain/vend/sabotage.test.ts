import { expect, test } from 'vitest';
import { GUARDS, type GuardName } from '#domain/vend/guards.ts';
import { VEND_MACHINE } from '#domain/vend/machine.ts';
import { BENIGN, searchVends, type World } from './searchVends.ts';

const ONCE = { path: 'writeOnce', fence: 'quiet', meterChecks: false, framesDie: true } as const;

/** Each guard held open or shut; the search must see it. */
test.for<readonly [GuardName, boolean, Partial<World>, RegExp]>([
  ['ours', true, {}, /confirmed, not in the meter/],
  ['fenced', true, {}, /cancelled and applied/],
  ['foreign', true, {}, /applied twice|cancelled and applied|confirmed/],
  ['neverSent', true, {}, /cancelled and applied/],
  ['quietFence', true, {}, /no end can be reached/],
  ['quietFence', false, { ...ONCE, duplicates: 0 }, /applied|no end/],
  ['quietOver', true, { ...ONCE, cancels: 0 }, /applied/],
  ['checked', true, { ...ONCE, cancels: 0 }, /applied twice/],
  ['seqUsed', false, { amounts: [97n, 97n], snapshots: 2 }, /confirmed, not in the meter/],
])('the guard "%s" always %s', ([guard, held, changes, fault]) => {
  const machine = { rules: VEND_MACHINE, guards: { ...GUARDS, [guard]: () => held } };
  expect(searchVends({ ...BENIGN, crashes: 0, requestsMax: 2, ...changes, machine }).fault).toMatch(fault);
});
