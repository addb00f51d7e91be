import type { Alarm, AlarmOutcome } from '#contract/index.ts';
import { ALARM_IDS_MAX } from '#contract/index.ts';
import { ApiError } from '../../api/client.ts';
import type { Deed, Wish } from './deeds.ts';
import type { Outbox } from './outbox.ts';

/** What became of one alarm; `kept`: no signal, it waits here; `unsent`: no good answer came, so nothing is claimed. */
export interface RowOutcome {
  readonly outcome: AlarmOutcome['outcome'] | 'kept' | 'unsent';
  readonly why?: AlarmOutcome['why'];
}

export interface ActingDeps {
  readonly send: (deed: Deed) => Promise<readonly AlarmOutcome[]>;
  readonly outbox: () => Outbox;
  readonly onAlarm: (alarm: Alarm) => void;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly errorText: (error: unknown) => string;
}

export interface ActingResult {
  readonly outcomes: ReadonlyMap<number, RowOutcome>;
  /** The failure of the last request that failed, if any did. */
  readonly error: unknown;
}

/** No answer, or a gateway that speaks for a server which is away: the action waits; anything else is an answer. */
const hasNoSignal = (error: unknown): boolean => error instanceof ApiError && error.code === 'network.unreachable';
/** The session ended or the server is in trouble: what waits goes on waiting. */
const canWait = (error: unknown): boolean =>
  hasNoSignal(error) ||
  (error instanceof ApiError && (error.status === 401 || error.status === 429 || error.status >= 500));

/**
 * Sends what a person does so that an alarm is never under way twice; nothing is shown as done before the server said so.
 * What finds no signal is kept and sent later with the same id and time, in the order in which it was done.
 */
export function createActing(deps: ActingDeps) {
  const inFlight = new Set<number>();
  let flushing = false;

  async function attempt(deed: Deed, place: string, outcomes: Map<number, RowOutcome>): Promise<unknown> {
    const keep = () => deps.outbox().keep(deed, place);
    // What was done later may not overtake what waits.
    if (
      deps
        .outbox()
        .all()
        .some(({ state }) => state === 'waiting') &&
      keep()
    )
      return all(deed, 'kept', outcomes);
    try {
      take(await deps.send(deed), outcomes);
      return undefined;
    } catch (error) {
      if (hasNoSignal(error) && keep()) return all(deed, 'kept', outcomes);
      all(deed, 'unsent', outcomes);
      return error;
    }
  }
  function all(deed: Deed, outcome: 'kept' | 'unsent', outcomes: Map<number, RowOutcome>): undefined {
    for (const id of deed.ids) outcomes.set(id, { outcome });
  }
  function take(items: readonly AlarmOutcome[], outcomes: Map<number, RowOutcome>): void {
    for (const { id, outcome, why, alarm } of items) {
      outcomes.set(id, { outcome, ...(why !== undefined && { why }) });
      if (alarm) deps.onAlarm(alarm);
    }
  }

  async function perform(wish: Wish, ids: readonly number[], place: string): Promise<ActingResult> {
    const fresh = [...new Set(ids)].filter((id) => !inFlight.has(id));
    for (const id of fresh) inFlight.add(id);
    const doneAt = new Date(deps.nowMs()).toISOString();
    const outcomes = new Map<number, RowOutcome>();
    let error: unknown;
    for (let start = 0; start < fresh.length; start += ALARM_IDS_MAX) {
      const batch = fresh.slice(start, start + ALARM_IDS_MAX);
      error = (await attempt({ ...wish, ids: batch, requestId: deps.newId(), doneAt }, place, outcomes)) ?? error;
      for (const id of batch) inFlight.delete(id);
    }
    return { outcomes, error };
  }

  /** Sends what waits, oldest first, until there is no signal again. Resolves with what became of its alarms. */
  async function flush(): Promise<ReadonlyMap<number, RowOutcome>> {
    const outcomes = new Map<number, RowOutcome>();
    if (flushing) return outcomes;
    flushing = true;
    try {
      for (const { deed, state } of deps.outbox().all()) {
        if (state === 'waiting' && !(await settle(deed, outcomes))) break;
      }
    } finally {
      flushing = false;
    }
    return outcomes;
  }
  async function settle(deed: Deed, outcomes: Map<number, RowOutcome>): Promise<boolean> {
    const settled = (end: Parameters<Outbox['settle']>[1]) => {
      deps.outbox().settle(deed.requestId, { ...end, atMs: deps.nowMs() });
      return true;
    };
    try {
      const items = await deps.send(deed);
      take(items, outcomes);
      const bad = items.filter(({ outcome }) => outcome === 'refused' || outcome === 'not-found');
      const first = bad[0];
      if (first === undefined) return settled({ state: 'sent' });
      const why = first.why === undefined ? 'alarms.outcome.not-found' : `alarms.why.${first.why}`;
      return settled({ state: 'refused', why, refused: bad.length });
    } catch (error) {
      if (canWait(error)) return false;
      return settled({ state: 'refused', why: deps.errorText(error), refused: deed.ids.length });
    }
  }

  return { perform, flush, isInFlight: (id: number) => inFlight.has(id) };
}
