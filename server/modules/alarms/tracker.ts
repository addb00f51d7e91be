import type { AlarmKind } from '#contract/index.ts';
import {
  type AlarmRule,
  type Observation,
  observeMeterLost,
  observeMoney,
  observeOverload,
  observeRelay,
} from '#domain/alarm.ts';
import { type AlarmPolicy, HELD_WHILE_NOT_OPENED, ruleOf } from '#domain/alarmRules.ts';
import type { CommandTrouble } from '#server/modules/commands/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Metering, MeterUpdate, MeterView } from '#server/modules/metering/index.ts';
import { CommandWatch } from './commandWatch.ts';
import { Conditions, type OpenBefore } from './conditions.ts';
import { type MoneyAlarmKind, MoneyWatch } from './moneyWatch.ts';
import { PathWatch } from './pathWatch.ts';
import { isInEstate, placeOfSource, propertyOfSource } from './places.ts';
import { type PlatformState, PlatformWatch } from './platformWatch.ts';
import type { AlarmSource, AlarmTransition, Measured, Suppression } from './types.ts';

export interface TrackerDeps {
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'meter' | 'metersOfLine' | 'line'>;
  readonly platformState: () => PlatformState;
  /** Undefined while nobody tells meters anything. */
  readonly commandTroubles: () => readonly CommandTrouble[] | undefined;
  readonly policyOf: (propertyId: number | undefined) => AlarmPolicy;
  /** Takes what was decided, in order. */
  readonly decide: (transition: AlarmTransition) => void;
}

/** Looks at the conditions of every source: what meters say, and what time alone decides. */
export class AlarmTracker {
  readonly #deps: TrackerDeps;
  readonly #conditions: Conditions;
  readonly #paths: PathWatch;
  readonly #platform: PlatformWatch;
  readonly #commands: CommandWatch;
  readonly #money: MoneyWatch;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
    const placeOf = (source: AlarmSource) => placeOfSource(deps.estate, source);
    this.#conditions = new Conditions({
      ...{ placeOf, decide: deps.decide },
      ruleOf: (kind, source) => ruleOf(deps.policyOf(propertyOfSource(deps.estate, source)), kind),
      suppressionOf: (kind, source) => this.#suppressionOf(kind, source),
    });
    const pathRule = (kind: AlarmKind, propertyId: number): AlarmRule => ruleOf(deps.policyOf(propertyId), kind);
    this.#paths = new PathWatch({ ...deps, conditions: this.#conditions, ruleOf: pathRule });
    this.#platform = new PlatformWatch(this.#conditions);
    this.#commands = new CommandWatch(this.#conditions);
    this.#money = new MoneyWatch(this.#conditions);
  }

  /** Takes over the alarms that were open before the start. */
  restore(open: readonly OpenBefore[]): void {
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
    this.#platform.look(this.#deps.platformState(), nowMs);
    this.#paths.sweep(nowMs);
    const troubles = this.#deps.commandTroubles();
    if (troubles !== undefined) this.#commands.look(troubles, nowMs);
    this.#money.look(nowMs);
    for (const { kind, source } of this.#conditions.all()) {
      if (!isInEstate(this.#deps.estate, source)) this.#conditions.drop(kind, source, nowMs);
      else if (kind === 'meterLost') {
        const meter = this.#deps.metering.meter(source.id);
        if (meter === undefined) continue;
        this.#conditions.look({ kind, source, observation: observeMeterLost(meter.state), nowMs });
      }
      if (HELD_WHILE_NOT_OPENED.includes(kind)) this.#conditions.hold(kind, source, nowMs);
    }
  }

  /** A meter of a room without an account, in a property that has accounts. One that never answered says nothing yet. */
  #suppressionOf(kind: AlarmKind, source: AlarmSource): Suppression | undefined {
    if (source.kind !== 'meter' || !HELD_WHILE_NOT_OPENED.includes(kind)) return undefined;
    const meter = this.#deps.metering.meter(source.id);
    if (meter?.last === undefined || meter.state.facts.money !== 'notOpened') return undefined;
    return this.#deps.policyOf(meter.profile.meter.propertyId).suppressNotOpened ? 'notOpened' : undefined;
  }

  /** Meters of which this is so now; looked at with the next sweep. */
  setMoneyTrouble(kind: MoneyAlarmKind, meterIds: ReadonlySet<number>): void {
    this.#money.set(kind, meterIds);
  }

  clockStepped(byMs: number): void {
    this.#paths.clockStepped(byMs);
    this.#conditions.clockStepped(byMs);
  }
}

function balanceOf({ last }: MeterView): Measured | undefined {
  const balance = last?.balanceMinor;
  return balance === undefined ? undefined : { value: Number(balance), limit: undefined, unit: 'minor' };
}
