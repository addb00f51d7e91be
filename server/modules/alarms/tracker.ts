import type { AlarmKind } from '#contract/index.ts';
import {
  lostCauses,
  type Observation,
  observeMeterLost,
  observeMoney,
  observeOverload,
  observeRelay,
} from '#domain/alarm.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { LineView, Metering, MeterUpdate, MeterView } from '#server/modules/metering/index.ts';
import { Conditions } from './conditions.ts';
import { isInEstate, placeOfSource } from './places.ts';
import type { AlarmSource, AlarmTransition, CurrentAlarm, Measured } from './types.ts';

export interface TrackerDeps {
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'meter' | 'metersOfLine' | 'line'>;
  /** Takes what was decided, in order. */
  readonly decide: (transition: AlarmTransition) => void;
}

/** Looks at the conditions of every source: what meters say, and what time alone decides. */
export class AlarmTracker {
  readonly #deps: TrackerDeps;
  readonly #conditions: Conditions;
  #linesSweptMs = Number.NEGATIVE_INFINITY;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
    const placeOf = (source: AlarmSource) => placeOfSource(deps.estate, source);
    this.#conditions = new Conditions({ placeOf, decide: deps.decide });
  }

  /** Takes over the alarms that were open before the start. */
  restore(open: readonly Pick<CurrentAlarm, 'kind' | 'source' | 'raisedAtMs'>[]): void {
    this.#conditions.restore(open);
  }

  /** A meter answered or changed. Conditions of what it says are looked at only when it says something. */
  meterChanged({ meter, reading }: MeterUpdate, nowMs: number): void {
    const source: AlarmSource = { kind: 'meter', id: meter.profile.meter.id };
    const look = (kind: AlarmKind, observation: Observation, measured?: Measured) =>
      this.#conditions.look({ kind, source, observation, nowMs, measured });
    look('meterLost', observeMeterLost(meter.state));
    if (reading === undefined) return;
    const balance = balanceOf(meter);
    look('balanceLow1', observeMoney(meter.state, 'alarm1'), balance);
    look('balanceLow2', observeMoney(meter.state, 'alarm2'), balance);
    look('arrears', observeMoney(meter.state, 'arrears'), balance);
    look('relayDisagrees', observeRelay(meter.state));
    const loadW = reading.values.activePowerW;
    const limitW = meter.profile.meter.overloadLimitW;
    const load = loadW === undefined ? undefined : { value: loadW, limit: limitW, unit: 'W' };
    look('overload', observeOverload(loadW, limitW, reading.status.overLimit), load);
  }

  /** What time alone decides: lines and gateways, and meters whose contact is on its way out or back. */
  sweep(nowMs: number): void {
    this.#sweepLines(nowMs);
    for (const { kind, source } of this.#conditions.all()) {
      if (!isInEstate(this.#deps.estate, source)) this.#conditions.drop(kind, source, nowMs);
      else if (kind === 'meterLost') {
        const meter = this.#deps.metering.meter(source.id);
        if (meter === undefined) continue;
        this.#conditions.look({ kind, source, observation: observeMeterLost(meter.state), nowMs });
      }
    }
  }

  clockStepped(byMs: number): void {
    this.#linesSweptMs += byMs;
    this.#conditions.clockStepped(byMs);
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
    const childCount = () => this.#metersOf([line.lineId]).length;
    const raised = this.#conditions.look({ kind: 'lineLost', source, observation, nowMs, childCount });
    if (raised) this.#foldMeters([line.lineId], source, nowMs);
  }

  #lookAtGateway(gatewayId: number, lines: readonly LineView[], lost: ReadonlySet<number>, nowMs: number): void {
    const source: AlarmSource = { kind: 'gateway', id: gatewayId };
    const back = lines.some(({ path }) => path === 'up') || lines.every(({ path }) => path === 'stopped');
    const observation: Observation = lost.has(gatewayId) ? 'holds' : back ? 'gone' : 'between';
    const lineIds = lines.map(({ lineId }) => lineId);
    const childCount = () => this.#metersOf(lineIds).length;
    if (!this.#conditions.look({ kind: 'gatewayLost', source, observation, nowMs, childCount })) return;
    this.#foldLines(lineIds, source, nowMs);
  }

  /** What a greater loss explains is no alarm of its own any more. */
  #foldLines(lineIds: readonly number[], cause: AlarmSource, nowMs: number): void {
    for (const lineId of lineIds) this.#conditions.drop('lineLost', { kind: 'line', id: lineId }, nowMs, cause);
    this.#foldMeters(lineIds, cause, nowMs);
  }

  #foldMeters(lineIds: readonly number[], cause: AlarmSource, nowMs: number): void {
    for (const { profile } of this.#metersOf(lineIds)) {
      this.#conditions.drop('meterLost', { kind: 'meter', id: profile.meter.id }, nowMs, cause);
    }
  }

  #metersOf(lineIds: readonly number[]): readonly MeterView[] {
    return lineIds.flatMap((lineId) => this.#deps.metering.metersOfLine(lineId));
  }
}

function balanceOf({ last }: MeterView): Measured | undefined {
  const balance = last?.balanceMinor;
  return balance === undefined ? undefined : { value: Number(balance), limit: undefined, unit: 'minor' };
}
