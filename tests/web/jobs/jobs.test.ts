import { expect, test } from 'vitest';
import { COMMAND_STATES, type CommandBatch, type CommandState } from '#contract/commands.ts';
import { doneOf, paceOf, stepCounts } from '../../../web/features/jobs/batchFigures.ts';
import { type Job, mergeJobs } from '../../../web/features/jobs/mergeJobs.ts';
import ProgressMark from '../../../web/features/jobs/ProgressMark.vue';
import { mountInApp } from '../support/appHarness.ts';

test('every state is one step of the way: the counts add up', () => {
  const counts = Object.fromEntries(COMMAND_STATES.map((state, index) => [state, index + 1])) as Record<
    CommandState,
    number
  >;
  const steps = stepCounts(counts);
  expect(Object.values(steps).reduce((a, b) => a + b)).toBe(55);
  expect(doneOf(steps)).toBe(steps.verified + steps.failed + steps.notDone);
});

test('what its model cannot be told is said as not possible with the reason, and in no colour of a failure', async () => {
  const progress = { meterId: 1, state: 'held', why: ['notSupported'], detail: '' } as const;
  const { wrapper } = await mountInApp(ProgressMark, [], { progress });
  expect(wrapper.text()).toBe('–not possible: not supported by the model');
  expect(wrapper.classes()).toContain('notDone');
  wrapper.unmount();
});

test('a pace needs something that is through and something that is left', () => {
  expect(paceOf(stepCounts({ verified: 28, queued: 14 }), 120_000)).toEqual({ perMinute: 14, leftMs: 60_000 });
  expect(paceOf(stepCounts({ verified: 28 }), 120_000)).toBe(undefined);
  expect(paceOf(stepCounts({ queued: 9, held: 100 }), 120_000)).toBe(undefined);
});

test('two lists become one, newest first; a list that goes on hides what is older than its end', () => {
  const job = (id: string, givenAt: string): Job => ({ kind: 'commands', id, givenAt, batch: {} as CommandBatch });
  const a = [job('a1', '2026-11-22T09'), job('a2', '2026-11-22T05')];
  const b = [job('b1', '2026-11-22T07'), job('b2', '2026-11-22T03')];
  const ids = (more: boolean) =>
    mergeJobs([
      { jobs: a, more },
      { jobs: b, more: false },
    ]).map(({ id }) => id);
  expect(ids(true)).toEqual(['a1', 'b1', 'a2']);
  expect(ids(false)).toEqual(['a1', 'b1', 'a2', 'b2']);
});
