import { describe, expect, test } from 'vitest';
import { GUARDS } from '#domain/vend/guards.ts';
import { type Machine, type Rule, THE_MACHINE, VEND_MACHINE } from '#domain/vend/machine.ts';
import { BENIGN, searchVends, type World } from './searchVends.ts';

/** A search takes seconds of a processor, which a busy machine gives over a minute. */
const SEARCH = { timeout: 180_000 };
const safe = expect.objectContaining({ fault: undefined });
const world = (changes: Partial<World>): World => ({ ...BENIGN, ...changes });
/** A meter without a refund of its own: what is taken out is set, and a frame that comes late undoes whatever was after it. */
const SETTING: Partial<World> = { amounts: [-10n], refunds: 'set', framesDie: true };

describe('the machine is safe and can always come to an end', SEARCH, () => {
  test.for<readonly [string, Partial<World>]>([
    ['frames lost and late, a crash, a cancel', {}],
    [
      'two sales of the same amount, two stale reads',
      { amounts: [97n, 97n], snapshots: 2, crashes: 0, requestsMax: 2 },
    ],
    ['refusals that come and go', { amounts: [97n, 97n], hoarding: true, requestsMax: 2, crashes: 0 }],
    ['a card of another amount', { amounts: [97n, 97n], cards: [50n], requestsMax: 2, snapshots: 1, crashes: 0 }],
    ['two duplicated frames', { amounts: [97n, 97n], duplicates: 2, crashes: 0 }],
    ['two cancels', { amounts: [97n, 97n], cancels: 2, requestsMax: 2 }],
    ['three sales of the same amount', { amounts: [97n, 97n, 97n], requestsMax: 2, crashes: 0 }],
    ['a meter that shows its sum only', { amounts: [97n, 97n], shows: 'cumulative', requestsMax: 2 }],
    ['a meter that shows its balance only', { amounts: [97n, 97n], shows: 'balance', requestsMax: 2 }],
    ['a fence of 0.01', { amounts: [97n, 97n], fence: 'cent', requestsMax: 2 }],
    ['a fence of 0.01 for a sale of 0.01', { amounts: [1n, 1n], fence: 'cent', requestsMax: 2 }],
    [
      'written once into a meter that does not check, where no frame outlives the quiet period',
      { amounts: [97n, 97n], path: 'writeOnce', fence: 'quiet', meterChecks: false, framesDie: true, requestsMax: 2 },
    ],
    [
      'persons end what two stale reads contradict, where no frame outlives the quiet period',
      { amounts: [97n, 97n], snapshots: 2, framesDie: true, crashes: 0, requestsMax: 2 },
    ],
    [
      'the same with a card, at a meter that shows its balance only',
      { amounts: [97n, 97n], cards: [50n], shows: 'balance', framesDie: true, crashes: 0, requestsMax: 2 },
    ],
    ['a refund, frames lost and late, a crash, a cancel', { amounts: [-10n] }],
    ['a refund between two stale reads and a sale', { amounts: [-10n, 97n], snapshots: 2, crashes: 0, requestsMax: 2 }],
    ['refunds of more than is there, together', { amounts: [-15n, -15n], snapshots: 1, crashes: 0, requestsMax: 2 }],
    ['a refund by setting the balance, where no frame outlives the quiet period', SETTING],
    [
      'the same before a sale that checks the count, with two duplicated frames',
      { ...SETTING, amounts: [-10n, 97n], duplicates: 2, crashes: 0, requestsMax: 2 },
    ],
    [
      'the same after a sale, with a stale read',
      { ...SETTING, amounts: [97n, -10n], snapshots: 1, duplicates: 1, crashes: 0, requestsMax: 2 },
    ],
  ])('%s', ([, changes]) => {
    const verdict = searchVends(world(changes));
    expect(verdict).toEqual(safe);
    expect(verdict.states).toBeGreaterThan(50);
  });
});

const without = (machine: Partial<Machine['guards']>): Machine => ({
  rules: THE_MACHINE.rules,
  guards: { ...GUARDS, ...machine },
});
const withRules = (...rules: readonly Rule[]): Machine => ({ rules: [...rules, ...VEND_MACHINE], guards: GUARDS });
/** Cancels as soon as a read says that it is not in the meter yet. */
const UNFENCED = withRules({
  from: ['UNKNOWN'],
  on: 'read',
  when: ['notYet', 'cancelAsked'],
  to: 'CANCELLED',
  act: ['release'],
});

describe('each broken variant is found out', SEARCH, () => {
  test.for<readonly [string, Partial<World>, string]>([
    [
      'a count is given a second time (no rule 8)',
      { amounts: [97n, 97n], snapshots: 2, machine: without({ seqUsed: () => false }) },
      'confirmed, not in the meter',
    ],
    [
      'cancelled without a fence',
      {
        machine: UNFENCED,
      },
      'cancelled and applied',
    ],
    [
      'the OK reply is believed',
      {
        machine: without({
          ours: (facts, event, limits) => facts.lastHint === 'accepted' || GUARDS.ours(facts, event, limits),
        }),
      },
      'confirmed, not in the meter',
    ],
    [
      'the reply "duplicate" is believed',
      {
        machine: without({
          ours: (facts, event, limits) => facts.lastHint === 'duplicate' || GUARDS.ours(facts, event, limits),
        }),
      },
      'confirmed, not in the meter',
    ],
    [
      'a refusal is believed',
      {
        machine: withRules({
          from: ['UNKNOWN'],
          on: 'read',
          when: ['notYet', 'refused'],
          to: 'CANCELLED',
          act: ['release'],
        }),
      },
      'cancelled and applied',
    ],
    [
      'tried again with a fresh count',
      {
        cancels: 0,
        machine: withRules({ from: ['SENT'], on: 'reply', when: [], to: 'QUEUED', act: ['rebind', 'readNow'] }),
      },
      'applied twice',
    ],
    [
      'a meter that ignores the count behind a gateway that duplicates',
      { meterChecks: false, duplicates: 1 },
      'applied twice',
    ],
    [
      'a meter that ignores the count is sent to again before the quiet period is over',
      {
        path: 'writeOnce',
        fence: 'quiet',
        meterChecks: false,
        framesDie: true,
        cancels: 0,
        machine: without({
          quietOver: (facts, event, limits) => event.kind === 'read' || GUARDS.quietOver(facts, event, limits),
        }),
      },
      'applied twice',
    ],
    [
      'persons end a refused sale while a frame of it may come (a meter with a fence)',
      {
        hoarding: true,
        crashes: 0,
        cancels: 0,
        machine: withRules({ from: ['REJECTED'], on: 'decide', when: [], to: 'CANCELLED', act: ['release'] }),
      },
      'cancelled and applied',
    ],
    [
      'persons do not wait for the quiet period where there is no fence',
      {
        ...{ path: 'writeOnce', fence: 'quiet', meterChecks: false, framesDie: true, cancels: 0, crashes: 0 },
        machine: withRules({ from: ['UNKNOWN'], on: 'decide', when: [], to: 'CANCELLED', act: ['release'] }),
      },
      'cancelled and applied',
    ],
    [
      'persons end what is contradicted while a frame of it may come',
      {
        ...{ amounts: [97n, 97n], snapshots: 2, framesDie: true, crashes: 0, requestsMax: 2 },
        machine: withRules({
          from: ['QUARANTINED'],
          on: 'decide',
          when: ['absentAtLastRead'],
          to: 'CANCELLED',
          act: ['release', 'releaseSeq'],
        }),
      },
      'cancelled and applied',
    ],
    [
      'a refund is cancelled without a fence',
      {
        amounts: [-10n],
        machine: UNFENCED,
      },
      'cancelled and applied',
    ],
    [
      'a refund takes out what a refund before it left nothing of',
      { amounts: [-15n, -15n], machine: without({ overdraws: () => false }) },
      'more was taken out than was there',
    ],
    [
      'what was set is confirmed while a frame of it may come',
      { ...SETTING, amounts: [-10n, 97n], duplicates: 1, crashes: 0, machine: without({ absolute: () => false }) },
      'confirmed, not in the meter',
    ],
    [
      'what was set and refused is confirmed while a frame of it may come',
      {
        ...{ ...SETTING, amounts: [-10n, 97n], duplicates: 1, crashes: 0, cancels: 0 },
        machine: withRules({ from: ['REJECTED'], on: 'read', when: ['ours'], to: 'CONFIRMED', act: ['confirm'] }),
      },
      'confirmed, not in the meter',
    ],
    [
      'what is set is cancelled while a frame of it may come',
      {
        ...SETTING,
        machine: without({
          quietOver: (facts, event, limits) => facts.cancelAsked || GUARDS.quietOver(facts, event, limits),
        }),
      },
      'cancelled and applied',
    ],
    [
      'what is set rests on a count that was given before (no rule 8)',
      {
        ...SETTING,
        amounts: [97n, -10n],
        snapshots: 1,
        cancels: 0,
        crashes: 0,
        machine: without({ seqUsed: () => false }),
      },
      'confirmed, not in the meter',
    ],
    [
      'a card writes the same amount with a count that nobody gave it (rule 6)',
      { cards: [97n] },
      'confirmed, not in the meter',
    ],
  ])('%s', ([, changes, fault]) => {
    expect(searchVends(world(changes)).fault).toBe(fault);
  });

  test('without a way out of FENCING the search says that no end can be reached', () => {
    const rules = VEND_MACHINE.filter(({ from, to }) => !(from.includes('FENCING') && to !== 'FENCING'));
    expect(searchVends(world({ machine: { rules, guards: GUARDS } })).fault).toMatch(/^no end can be reached/);
  });
});
