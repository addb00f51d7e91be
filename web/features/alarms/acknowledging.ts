import type { Alarm, AlarmOutcome } from '#contract/index.ts';

/** What became of one alarm of a bulk acknowledgement; `unsent`: no answer came, so nothing is claimed. */
export type RowOutcome = AlarmOutcome['outcome'] | 'unsent';

interface Answered {
  readonly items: readonly {
    readonly id: number;
    readonly outcome: Exclude<RowOutcome, 'unsent'>;
    readonly alarm?: Alarm;
  }[];
}

export interface AcknowledgeDeps {
  /** Sends one request for at most `ACKNOWLEDGE_IDS_MAX` ids; rejects when no good answer came. */
  readonly send: (ids: readonly number[], note: string | undefined) => Promise<Answered>;
  readonly onAlarm: (alarm: Alarm) => void;
}

/** Most ids of one request (the contract's bound). */
export const ACKNOWLEDGE_IDS_MAX = 500;

export interface AcknowledgeResult {
  readonly outcomes: ReadonlyMap<number, RowOutcome>;
  /** The failure of the last request that failed, if any did. */
  readonly error: unknown;
}

/**
 * Sends acknowledgements so that an id is never under way twice: a second click, key or row finds it in flight and
 * is dropped. Nothing is shown as acknowledged before the server said so.
 */
export function createAcknowledger(deps: AcknowledgeDeps) {
  const inFlight = new Set<number>();

  async function acknowledge(ids: readonly number[], note: string | undefined): Promise<AcknowledgeResult> {
    const fresh = [...new Set(ids)].filter((id) => !inFlight.has(id));
    for (const id of fresh) inFlight.add(id);
    const outcomes = new Map<number, RowOutcome>();
    let error: unknown;
    for (let start = 0; start < fresh.length; start += ACKNOWLEDGE_IDS_MAX) {
      const batch = fresh.slice(start, start + ACKNOWLEDGE_IDS_MAX);
      try {
        const answer = await deps.send(batch, note);
        for (const { id, outcome, alarm } of answer.items) {
          outcomes.set(id, outcome);
          if (alarm) deps.onAlarm(alarm);
        }
      } catch (cause) {
        error = cause;
        for (const id of batch) outcomes.set(id, 'unsent');
      } finally {
        for (const id of batch) inFlight.delete(id);
      }
    }
    return { outcomes, error };
  }

  return { acknowledge, isInFlight: (id: number) => inFlight.has(id) };
}
