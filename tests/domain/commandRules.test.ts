import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CommandCourse,
  type CommandHappening,
  judgeCommand,
  READS_BEFORE_DOUBT,
  SENDS_MAX,
} from '#domain/commandRules.ts';

const NOW_MS = 1_000_000;
const LATER_MS = NOW_MS + 600_000;
const course: CommandCourse = { attempts: 1, failedReads: 0, expiresAtMs: LATER_MS, superseded: false };
const seen = (matches: boolean, refusal: 'none' | 'unsupported' | 'other' = 'none') =>
  ({ kind: 'read', matches, refusal }) as const;

describe('what becomes of a command', () => {
  test('a read that shows the effect verifies it, whatever was answered before', () => {
    for (const refusal of ['none', 'unsupported', 'other'] as const) {
      expect(judgeCommand(course, seen(true, refusal), NOW_MS)).toEqual({ state: 'verified', why: [] });
    }
  });

  test('a read that shows something else lets it be sent again, a bounded number of times', () => {
    expect(judgeCommand(course, seen(false), NOW_MS)).toMatchObject({ state: 'queued', why: ['holdsOther'] });
    const often = { ...course, attempts: SENDS_MAX };
    expect(judgeCommand(often, seen(false), NOW_MS)).toEqual({ state: 'rejected', why: ['holdsOther'] });
    expect(judgeCommand(often, seen(false, 'other'), NOW_MS)).toEqual({ state: 'rejected', why: ['refusedByMeter'] });
  });

  test('what the meter does not know is not said twice', () => {
    expect(judgeCommand(course, seen(false, 'unsupported'), NOW_MS)).toEqual({
      state: 'rejected',
      why: ['refusedByMeter'],
    });
  });

  test('what is too old, or replaced by something newer, is not sent again', () => {
    expect(judgeCommand({ ...course, expiresAtMs: NOW_MS }, seen(false), NOW_MS).state).toBe('rejected');
    expect(judgeCommand({ ...course, superseded: true }, seen(false), NOW_MS)).toEqual({
      state: 'rejected',
      why: ['superseded'],
    });
  });

  test('silence is read again and again, and told as doubt after a few times', () => {
    expect(judgeCommand(course, { kind: 'unread' }, NOW_MS)).toMatchObject({ state: 'confirming' });
    const silent = { ...course, failedReads: READS_BEFORE_DOUBT - 1 };
    expect(judgeCommand(silent, { kind: 'unread' }, NOW_MS)).toMatchObject({ state: 'inDoubt', why: ['noAnswer'] });
  });
});

describe('laws', () => {
  const anyCourse = fc.record({
    attempts: fc.integer({ min: 0, max: 5 }),
    failedReads: fc.integer({ min: 0, max: 20 }),
    expiresAtMs: fc.integer({ min: NOW_MS - 10_000, max: NOW_MS + 10_000 }),
    superseded: fc.boolean(),
  });
  const anyHappening: fc.Arbitrary<CommandHappening> = fc.oneof(
    fc.record({
      kind: fc.constant('unreached' as const),
      lineStopped: fc.boolean(),
      retryable: fc.boolean(),
      tries: fc.integer({ min: 1, max: 50 }),
    }),
    fc.record({
      kind: fc.constant('read' as const),
      matches: fc.boolean(),
      refusal: fc.constantFrom('none' as const, 'unsupported' as const, 'other' as const),
    }),
    fc.constant({ kind: 'unread' as const }),
  );

  test('nothing is verified without a read that shows it, and nothing unread is ever sent again or ended', () => {
    fc.assert(
      fc.property(anyCourse, anyHappening, (one, happening) => {
        const verdict = judgeCommand(one, happening, NOW_MS);
        expect(verdict.state === 'verified').toBe(happening.kind === 'read' && happening.matches);
        if (happening.kind === 'unread') expect(['confirming', 'inDoubt']).toContain(verdict.state);
        if (verdict.state === 'failed') expect(one.attempts).toBe(0);
        if ('dueMs' in verdict) expect(verdict.dueMs).toBeGreaterThan(NOW_MS);
        if (verdict.state === 'queued') {
          expect(verdict.dueMs).toBeLessThan(one.expiresAtMs);
          expect(one.superseded).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
