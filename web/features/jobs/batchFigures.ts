import type { CommandState } from '#contract/commands.ts';

/** The way of a command as people follow it; every state belongs to exactly one step, so that the counts add up. */
export const STEPS = ['waiting', 'queued', 'sent', 'confirming', 'verified', 'failed', 'notDone'] as const;
export type Step = (typeof STEPS)[number];

/** The sign of each step, beside its word: the same in rows, tiles and figures. */
export const STEP_SIGNS: Readonly<Record<Step, string>> = {
  waiting: '…',
  queued: '□',
  sent: '▸',
  confirming: '◎',
  verified: '✓',
  failed: '×',
  notDone: '–',
};

export const STEP_OF: Readonly<Record<CommandState, Step>> = {
  awaitingApproval: 'waiting',
  queued: 'queued',
  sent: 'sent',
  confirming: 'confirming',
  inDoubt: 'confirming',
  verified: 'verified',
  rejected: 'failed',
  failed: 'failed',
  held: 'notDone',
  stopped: 'notDone',
};

/** Steps at which something still happens by itself. */
export const MOVING: readonly Step[] = ['queued', 'sent', 'confirming'];
/** States that "again" gives once more. */
export const RETRIABLE: readonly CommandState[] = ['failed', 'rejected', 'held'];

export type StepCounts = Readonly<Record<Step, number>>;

/** Counts by step; their sum is the sum of the counts by state. */
export function stepCounts(counts: Partial<Record<CommandState, number>>): StepCounts {
  const steps: Record<Step, number> = {
    waiting: 0,
    queued: 0,
    sent: 0,
    confirming: 0,
    verified: 0,
    failed: 0,
    notDone: 0,
  };
  for (const state of Object.keys(STEP_OF) as CommandState[]) steps[STEP_OF[state]] += counts[state] ?? 0;
  return steps;
}

/** How many are through, whatever their end. */
export function doneOf(steps: StepCounts): number {
  return steps.verified + steps.failed + steps.notDone;
}

export interface Pace {
  readonly perMinute: number;
  readonly leftMs: number;
}

/** Least that must be through before a pace says anything. */
const PACE_LEAST = 3;

/** Pace of a batch by what is through since it began, and what is left at that pace; undefined while too little is known. */
export function paceOf(steps: StepCounts, runningMs: number): Pace | undefined {
  // What was skipped or stopped took no time.
  const through = steps.verified + steps.failed;
  const left = MOVING.reduce((sum, step) => sum + steps[step], 0);
  if (through < PACE_LEAST || runningMs <= 0 || left === 0) return undefined;
  return { perMinute: (through * 60_000) / runningMs, leftMs: (left * runningMs) / through };
}
