/** What becomes of a command after each thing that happened to it. All commands here are absolute: said twice, they say the same. */

/** How often one command is sent: each time again only after a read showed that the last one did nothing. */
export const SENDS_MAX = 3;
/** After so many reads that failed it counts as in doubt, and people are told. */
export const READS_BEFORE_DOUBT = 3;
/** A gateway that is away is tried again after these pauses, the last one again and again. */
export const UNREACHED_PAUSES_MS = [2_000, 5_000, 15_000, 30_000] as const;
/** A meter that does not answer is asked again after these pauses, the last one again and again, for ever. */
export const UNREAD_PAUSES_MS = [1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 900_000] as const;
const SEND_AGAIN_MS = 1_000;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** For how long a command may be sent. A trip is short: what was true then may not be true later. */
export const SENDABLE_MS = {
  trip: 10 * MINUTE_MS,
  close: DAY_MS,
  protect: DAY_MS,
  restorePrepaid: DAY_MS,
  prices: 60 * MINUTE_MS,
  settings: 60 * MINUTE_MS,
  clock: 10 * MINUTE_MS,
  read: 2 * MINUTE_MS,
} as const;

/** A command as these rules know it. */
export interface CommandCourse {
  /** Times that bytes of it were handed to a transport. */
  readonly attempts: number;
  /** Reads in a row that failed. */
  readonly failedReads: number;
  readonly expiresAtMs: number;
  /** A newer command for the same relay has been given. */
  readonly superseded: boolean;
}

export type CommandHappening =
  /** No byte of it left the house. */
  | { readonly kind: 'unreached'; readonly lineStopped: boolean; readonly retryable: boolean; readonly tries: number }
  /** It was read what the meter holds now. `refusal`: how the meter answered before, where it refused. */
  | { readonly kind: 'read'; readonly matches: boolean; readonly refusal: 'none' | 'unsupported' | 'other' }
  | { readonly kind: 'unread' };

export type CommandVerdict =
  | { readonly state: 'verified'; readonly why: readonly [] }
  | { readonly state: 'rejected'; readonly why: readonly ['refusedByMeter' | 'holdsOther' | 'superseded'] }
  | { readonly state: 'failed'; readonly why: readonly ['notReached' | 'lineStopped'] }
  /** To be sent (again) at this instant. */
  | {
      readonly state: 'queued';
      readonly why: readonly ('notReached' | 'lineStopped' | 'holdsOther')[];
      readonly dueMs: number;
    }
  /** To be read back again at this instant. */
  | { readonly state: 'confirming' | 'inDoubt'; readonly why: readonly ['noAnswer']; readonly dueMs: number };

/** The next state of a command that is under way. Only a read that shows the effect ends it well. */
export function judgeCommand(course: CommandCourse, happening: CommandHappening, nowMs: number): CommandVerdict {
  switch (happening.kind) {
    case 'unreached':
      return judgeUnreached(course, happening, nowMs);
    case 'read':
      return judgeRead(course, happening, nowMs);
    case 'unread': {
      const failed = course.failedReads + 1;
      const state = failed >= READS_BEFORE_DOUBT ? 'inDoubt' : 'confirming';
      return { state, why: ['noAnswer'], dueMs: nowMs + pause(UNREAD_PAUSES_MS, failed) };
    }
  }
}

function judgeUnreached(
  course: CommandCourse,
  { lineStopped, retryable, tries }: Extract<CommandHappening, { kind: 'unreached' }>,
  nowMs: number,
): CommandVerdict {
  const why = lineStopped ? 'lineStopped' : 'notReached';
  const dueMs = nowMs + pause(UNREACHED_PAUSES_MS, tries);
  if (retryable && dueMs < course.expiresAtMs && !course.superseded) return { state: 'queued', why: [why], dueMs };
  if (course.superseded) return { state: 'rejected', why: ['superseded'] };
  // What was sent before was read back since, and did nothing.
  return course.attempts > 0 ? { state: 'rejected', why: ['holdsOther'] } : { state: 'failed', why: [why] };
}

function judgeRead(
  course: CommandCourse,
  { matches, refusal }: Extract<CommandHappening, { kind: 'read' }>,
  nowMs: number,
): CommandVerdict {
  if (matches) return { state: 'verified', why: [] };
  if (course.superseded) return { state: 'rejected', why: ['superseded'] };
  const dueMs = nowMs + SEND_AGAIN_MS;
  const again = course.attempts < SENDS_MAX && dueMs < course.expiresAtMs && refusal !== 'unsupported';
  if (again) return { state: 'queued', why: ['holdsOther'], dueMs };
  return { state: 'rejected', why: [refusal === 'none' ? 'holdsOther' : 'refusedByMeter'] };
}

/** `times`: which time it is, from 1. */
function pause(pauses: readonly number[], times: number): number {
  return pauses[Math.min(times, pauses.length) - 1] ?? 0;
}
