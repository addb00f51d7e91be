import { ALARM_KINDS, type AlarmKind } from '#contract/index.ts';
import {
  ALARM_RULES,
  type AlarmRule,
  type Observation,
  OPEN_TRACK,
  QUIET_TRACK,
  stepTrack,
  type Track,
} from '#domain/alarm.ts';
import type { AlarmSource, AlarmTransition, CurrentAlarm, Measured, SourcePlace } from './types.ts';

const RULES: Readonly<Record<AlarmKind, AlarmRule>> = ALARM_RULES;

interface Followed {
  readonly kind: AlarmKind;
  readonly source: AlarmSource;
  readonly track: Track;
  /** Of the alarm that is open. */
  readonly raisedAtMs: number | undefined;
}

export interface ConditionsDeps {
  readonly placeOf: (source: AlarmSource) => SourcePlace | undefined;
  /** Takes what was decided, in order. */
  readonly decide: (transition: AlarmTransition) => void;
}

/** One look at one condition. */
export interface Look {
  readonly kind: AlarmKind;
  readonly source: AlarmSource;
  readonly observation: Observation;
  readonly nowMs: number;
  /** Instead of the kind's own. */
  readonly rule?: AlarmRule;
  readonly measured?: Measured | undefined;
  /** Meters that go with it; asked when the alarm is raised. */
  readonly childCount?: () => number;
}

/**
 * The conditions that are open or on their way, and only these: an estate in good order costs nothing. Turns looks into
 * alarms raised and cleared.
 */
export class Conditions {
  readonly #deps: ConditionsDeps;
  readonly #followed = new Map<string, Followed>();

  constructor(deps: ConditionsDeps) {
    this.#deps = deps;
  }

  /** Takes over the alarms that were open before the start. */
  restore(open: readonly Pick<CurrentAlarm, 'kind' | 'source' | 'raisedAtMs'>[]): void {
    for (const { kind, source, raisedAtMs } of open) {
      this.#followed.set(keyOf(kind, source), { kind, source, track: OPEN_TRACK, raisedAtMs });
    }
  }

  all(): Iterable<Followed> {
    return this.#followed.values();
  }

  isOpen(kind: AlarmKind, source: AlarmSource): boolean {
    return this.#followed.get(keyOf(kind, source))?.track.open === true;
  }

  /** What is on its way keeps the time that it has been under way; when an alarm was raised stays what it was. */
  clockStepped(byMs: number): void {
    for (const [key, followed] of this.#followed) {
      const { sinceMs } = followed.track;
      if (sinceMs === undefined) continue;
      this.#followed.set(key, { ...followed, track: { ...followed.track, sinceMs: sinceMs + byMs } });
    }
  }

  /** True when the look raised an alarm. */
  look({ kind, source, observation, nowMs, rule = RULES[kind], measured, childCount }: Look): boolean {
    const key = keyOf(kind, source);
    const followed = this.#followed.get(key);
    if (followed === undefined && observation !== 'holds') return false;
    const { track, action } = stepTrack(followed?.track ?? QUIET_TRACK, observation, rule, nowMs);
    const raisedAtMs = action === 'raise' ? nowMs : followed?.raisedAtMs;
    if (track.open || track.sinceMs !== undefined) this.#followed.set(key, { kind, source, track, raisedAtMs });
    else this.#followed.delete(key);
    if (action === 'none') return false;
    if (action === 'clear') {
      this.#clear(followed, nowMs, undefined);
      return false;
    }
    const place = this.#deps.placeOf(source);
    if (place === undefined) return false;
    this.#deps.decide({ action, kind, source, place, atMs: nowMs, measured, childCount: childCount?.() ?? 0 });
    return true;
  }

  /** Follows a condition no longer: its source left the estate, or a greater loss (`cause`) explains it. */
  drop(kind: AlarmKind, source: AlarmSource, nowMs: number, cause?: AlarmSource): void {
    const key = keyOf(kind, source);
    const followed = this.#followed.get(key);
    this.#followed.delete(key);
    if (followed?.track.open === true) this.#clear(followed, nowMs, cause);
  }

  #clear(followed: Followed | undefined, nowMs: number, cause: AlarmSource | undefined): void {
    if (followed?.raisedAtMs === undefined) return;
    const { kind, source, raisedAtMs } = followed;
    this.#deps.decide({ action: 'clear', kind, source, raisedAtMs, atMs: nowMs, cause });
  }
}

/** Every kind belongs to one kind of source, so that kind and id name a condition. */
function keyOf(kind: AlarmKind, source: AlarmSource): string {
  return `${kind}:${ALARM_KINDS[kind].source}:${source.id}`;
}
