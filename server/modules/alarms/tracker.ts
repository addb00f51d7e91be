import { ALARM_KINDS, type AlarmKind } from '#contract/index.ts';
import {
  ALARM_RULES,
  type AlarmRule,
  lostCauses,
  type Observation,
  OPEN_TRACK,
  observeMeterLost,
  observeMoney,
  observeOverload,
  observeRelay,
  QUIET_TRACK,
  stepTrack,
  type Track,
} from '#domain/alarm.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { LineView, Metering, MeterUpdate, MeterView } from '#server/modules/metering/index.ts';
import { isInEstate, placeOfSource } from './places.ts';
import type { AlarmSource, AlarmTransition, Measured } from './types.ts';

const RULES: Readonly<Record<AlarmKind, AlarmRule>> = ALARM_RULES;

interface Followed {
  readonly kind: AlarmKind;
  readonly source: AlarmSource;
  track: Track;
}

export interface TrackerDeps {
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'meter' | 'metersOfLine' | 'line'>;
  /** Takes what was decided, in order. */
  readonly decide: (transition: AlarmTransition) => void;
}

/**
 * Follows the conditions of every source and decides when an alarm is raised or cleared. In memory there are only the
 * conditions that are open or on their way: an estate in good order costs nothing.
 */
export class AlarmTracker {
  readonly #deps: TrackerDeps;
  #linesSweptMs = Number.NEGATIVE_INFINITY;
  readonly #followed = new Map<string, Followed>();

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
  }

  /** Takes over the alarms that were open before the start. */
  restore(open: readonly { readonly kind: AlarmKind; readonly source: AlarmSource }[]): void {
    for (const { kind, source } of open) {
      this.#followed.set(keyOf(kind, source), { kind, source, track: OPEN_TRACK });
    }
  }

  /** A meter answered or changed. Conditions of what it says are looked at only when it says something. */
  meterChanged({ meter, reading }: MeterUpdate, nowMs: number): void {
    const source: AlarmSource = { kind: 'meter', id: meter.profile.meter.id };
    this.#look('meterLost', source, observeMeterLost(meter.state), nowMs);
    if (reading === undefined) return;
    const balance = balanceOf(meter);
    this.#look('balanceLow1', source, observeMoney(meter.state, 'alarm1'), nowMs, balance);
    this.#look('balanceLow2', source, observeMoney(meter.state, 'alarm2'), nowMs, balance);
    this.#look('arrears', source, observeMoney(meter.state, 'arrears'), nowMs, balance);
    this.#look('relayDisagrees', source, observeRelay(meter.state), nowMs);
    const loadW = reading.values.activePowerW;
    const limitW = meter.profile.meter.overloadLimitW;
    const over = observeOverload(loadW, limitW, reading.status.overLimit);
    const load = loadW === undefined ? undefined : { value: loadW, limit: limitW, unit: 'W' };
    this.#look('overload', source, over, nowMs, load);
  }

  /** What time alone decides: lines and gateways, and meters whose contact is on its way out or back. */
  sweep(nowMs: number): void {
    this.#sweepLines(nowMs);
    for (const { kind, source, track } of this.#followed.values()) {
      if (!isInEstate(this.#deps.estate, source)) this.#forget(kind, source, nowMs);
      else if (kind === 'meterLost' && (track.sinceMs !== undefined || track.open)) {
        const meter = this.#deps.metering.meter(source.id);
        if (meter !== undefined) this.#look(kind, source, observeMeterLost(meter.state), nowMs);
      }
    }
  }

  /** What is on its way keeps the time that it has been under way. */
  clockStepped(byMs: number): void {
    this.#linesSweptMs += byMs;
    for (const followed of this.#followed.values()) {
      const { sinceMs } = followed.track;
      if (sinceMs !== undefined) followed.track = { ...followed.track, sinceMs: sinceMs + byMs };
    }
  }

  #sweepLines(nowMs: number): void {
    const lines = this.#deps.estate.lineIds().flatMap((lineId) => this.#deps.metering.line(lineId) ?? []);
    const running = lines.filter(({ path }) => path !== 'stopped');
    const causes = lostCauses(running.map((line) => ({ ...line, down: line.path === 'down' })));
    const beforeMs = this.#linesSweptMs;
    this.#linesSweptMs = nowMs;
    // Whoever came or went since the last look is not known to have been down in between: a link that flaps is no loss.
    const steady = (line: LineView) => line.path !== 'down' || line.sinceMs < beforeMs;
    for (const line of lines) if (steady(line)) this.#lookAtLine(line, causes.lineIds, nowMs);
    const byGateway = Map.groupBy(lines, ({ gatewayId }) => gatewayId);
    for (const [gatewayId, own] of byGateway) {
      if (own.every(steady)) this.#lookAtGateway(gatewayId, own, causes.gatewayIds, nowMs);
    }
  }

  #lookAtLine(line: LineView, lost: ReadonlySet<number>, nowMs: number): void {
    const source: AlarmSource = { kind: 'line', id: line.lineId };
    // Down with its whole gateway: the gateway's alarm takes over, and until then nothing is known to be better.
    const observation: Observation = lost.has(line.lineId)
      ? 'holds'
      : line.path === 'up' || line.path === 'stopped'
        ? 'gone'
        : 'between';
    const raised = this.#look('lineLost', source, observation, nowMs, undefined, [line.lineId]);
    if (raised) this.#foldMeters([line.lineId], source, nowMs);
  }

  #lookAtGateway(gatewayId: number, lines: readonly LineView[], lost: ReadonlySet<number>, nowMs: number): void {
    const source: AlarmSource = { kind: 'gateway', id: gatewayId };
    const back = lines.some(({ path }) => path === 'up') || lines.every(({ path }) => path === 'stopped');
    const observation: Observation = lost.has(gatewayId) ? 'holds' : back ? 'gone' : 'between';
    const lineIds = lines.map(({ lineId }) => lineId);
    if (!this.#look('gatewayLost', source, observation, nowMs, undefined, lineIds)) return;
    for (const lineId of lineIds) this.#fold('lineLost', { kind: 'line', id: lineId }, source, nowMs);
    this.#foldMeters(lineIds, source, nowMs);
  }

  #foldMeters(lineIds: readonly number[], cause: AlarmSource, nowMs: number): void {
    for (const meter of lineIds.flatMap((lineId) => this.#deps.metering.metersOfLine(lineId))) {
      this.#fold('meterLost', { kind: 'meter', id: meter.profile.meter.id }, cause, nowMs);
    }
  }

  /** What a greater loss explains is no alarm of its own any more. */
  #fold(kind: AlarmKind, source: AlarmSource, cause: AlarmSource, nowMs: number): void {
    const followed = this.#followed.get(keyOf(kind, source));
    this.#followed.delete(keyOf(kind, source));
    if (followed?.track.open === true) this.#deps.decide({ action: 'clear', kind, source, atMs: nowMs, cause });
  }

  /** A source that left the estate takes its alarms along. */
  #forget(kind: AlarmKind, source: AlarmSource, nowMs: number): void {
    const followed = this.#followed.get(keyOf(kind, source));
    this.#followed.delete(keyOf(kind, source));
    if (followed?.track.open === true) {
      this.#deps.decide({ action: 'clear', kind, source, atMs: nowMs, cause: undefined });
    }
  }

  /** One look at one condition; true when it raised an alarm. */
  #look(
    kind: AlarmKind,
    source: AlarmSource,
    observation: Observation,
    nowMs: number,
    measured?: Measured,
    lineIds: readonly number[] = [],
  ): boolean {
    const key = keyOf(kind, source);
    const followed = this.#followed.get(key);
    if (followed === undefined && observation !== 'holds') return false;
    const { track, action } = stepTrack(followed?.track ?? QUIET_TRACK, observation, RULES[kind], nowMs);
    if (track.open || track.sinceMs !== undefined) this.#followed.set(key, { kind, source, track });
    else this.#followed.delete(key);
    if (action === 'none') return false;
    if (action === 'clear') {
      this.#deps.decide({ action, kind, source, atMs: nowMs, cause: undefined });
      return false;
    }
    const place = placeOfSource(this.#deps.estate, source);
    if (place === undefined) return false;
    const childCount = lineIds.reduce((sum, lineId) => sum + this.#deps.metering.metersOfLine(lineId).length, 0);
    this.#deps.decide({ action, kind, source, place, atMs: nowMs, measured, childCount });
    return true;
  }
}

/** Every kind belongs to one kind of source, so that kind and id name a condition. */
function keyOf(kind: AlarmKind, source: AlarmSource): string {
  return `${kind}:${ALARM_KINDS[kind].source}:${source.id}`;
}

function balanceOf({ last }: MeterView): Measured | undefined {
  const balance = last?.balanceMinor;
  return balance === undefined ? undefined : { value: Number(balance), limit: undefined, unit: 'minor' };
}
