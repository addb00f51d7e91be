import { ALARM_KINDS, type AlarmKind } from '#contract/index.ts';
import { type AlarmRule, type Observation, OPEN_TRACK, QUIET_TRACK, stepTrack, type Track } from '#domain/alarm.ts';
import type { AlarmSource, AlarmTransition, CurrentAlarm, Measured, SourcePlace, Suppression } from './types.ts';

interface Followed {
  readonly kind: AlarmKind;
  readonly source: AlarmSource;
  readonly track: Track;
  /** Of the alarm that is open. */
  readonly raisedAtMs: number | undefined;
  /** A rule holds the open alarm back. */
  readonly suppressed: boolean;
  /** Meters that went with the open alarm. */
  readonly children: number;
}

/** An alarm that was open before the start. */
export type OpenBefore = Pick<CurrentAlarm, 'kind' | 'source' | 'raisedAtMs' | 'suppressed'>;

export interface ConditionsDeps {
  readonly placeOf: (source: AlarmSource) => SourcePlace | undefined;
  readonly ruleOf: (kind: AlarmKind, source: AlarmSource) => AlarmRule;
  /** The rule that holds back an alarm that is raised now. */
  readonly suppressionOf: (kind: AlarmKind, source: AlarmSource) => Suppression | undefined;
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
  /** Meters that go with it; asked while the alarm is open. */
  readonly childCount?: (() => number) | undefined;
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
  restore(open: readonly OpenBefore[]): void {
    for (const { kind, source, raisedAtMs, suppressed } of open) {
      // How many meters went with it is counted anew at the first look.
      const followed = { kind, source, track: OPEN_TRACK, raisedAtMs, suppressed, children: -1 };
      this.#followed.set(keyOf(kind, source), followed);
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
  look({ kind, source, observation, nowMs, rule, measured, childCount }: Look): boolean {
    const key = keyOf(kind, source);
    const followed = this.#followed.get(key);
    if (followed === undefined && observation !== 'holds') return false;
    const before = followed?.track ?? QUIET_TRACK;
    const { track, action } = stepTrack(before, observation, rule ?? this.#deps.ruleOf(kind, source), nowMs);
    if (action === 'raise') return this.#raise({ kind, source, observation, nowMs, measured, childCount }, track);
    const { raisedAtMs, suppressed = false, children = 0 } = followed ?? {};
    if (track.open || track.sinceMs !== undefined) {
      this.#followed.set(key, { kind, source, track, raisedAtMs, suppressed, children });
    } else this.#followed.delete(key);
    if (action === 'clear') this.#clear(followed, nowMs, undefined);
    // After a start the count is as it was until the loss is seen again.
    else if (track.open && childCount !== undefined && (children >= 0 || observation === 'holds')) {
      this.#count(key, childCount());
    }
    return false;
  }

  #raise({ kind, source, nowMs, measured, childCount }: Look, track: Track): boolean {
    const key = keyOf(kind, source);
    const place = this.#deps.placeOf(source);
    const children = childCount?.() ?? 0;
    const suppressed = this.#deps.suppressionOf(kind, source);
    this.#followed.set(key, { kind, source, track, raisedAtMs: nowMs, suppressed: suppressed !== undefined, children });
    if (place === undefined) return false;
    this.#deps.decide({
      ...{ action: 'raise', kind, source, place, atMs: nowMs, measured, childCount: children },
      ...(suppressed === undefined ? {} : { suppressed }),
    });
    return true;
  }

  /** While an alarm is open, the number of meters that are gone with it follows what is so. */
  #count(key: string, childCount: number): void {
    const followed = this.#followed.get(key);
    if (followed?.raisedAtMs === undefined || followed.children === childCount) return;
    this.#followed.set(key, { ...followed, children: childCount });
    const { kind, source, raisedAtMs } = followed;
    this.#deps.decide({ action: 'children', kind, source, raisedAtMs, childCount });
  }

  /** Looks whether the rule that holds an open alarm back still does, or one does now. */
  hold(kind: AlarmKind, source: AlarmSource, nowMs: number): void {
    const key = keyOf(kind, source);
    const followed = this.#followed.get(key);
    if (followed?.raisedAtMs === undefined || !followed.track.open) return;
    const suppressed = this.#deps.suppressionOf(kind, source) !== undefined;
    if (suppressed === followed.suppressed) return;
    this.#followed.set(key, { ...followed, suppressed });
    const action = suppressed ? 'suppress' : 'unsuppress';
    this.#deps.decide({ action, kind, source, raisedAtMs: followed.raisedAtMs, atMs: nowMs });
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
