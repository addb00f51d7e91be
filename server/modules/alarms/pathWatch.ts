import type { AlarmKind } from '#contract/index.ts';
import {
  type AlarmRule,
  type GatewayPath,
  goingTogether,
  lostCauses,
  networkRule,
  type Observation,
  observeNetwork,
} from '#domain/alarm.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { LineView, Metering, MeterView } from '#server/modules/metering/index.ts';
import type { Conditions } from './conditions.ts';
import type { AlarmSource } from './types.ts';

export interface PathWatchDeps {
  readonly estate: Pick<EstateReader, 'lineIds' | 'properties'>;
  readonly metering: Pick<Metering, 'metersOfLine' | 'line'>;
  readonly conditions: Conditions;
  readonly ruleOf: (kind: AlarmKind, propertyId: number) => AlarmRule;
}

/** Lost lines, gateways and networks: one alarm at the highest of them that explains the silence. */
export class PathWatch {
  readonly #deps: PathWatchDeps;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(deps: PathWatchDeps) {
    this.#deps = deps;
  }

  clockStepped(byMs: number): void {
    this.#sweptMs += byMs;
  }

  sweep(nowMs: number): void {
    const lines = this.#deps.estate.lineIds().flatMap((lineId) => this.#deps.metering.line(lineId) ?? []);
    const running = lines.filter(({ path }) => path !== 'stopped');
    const beforeMs = this.#sweptMs;
    this.#sweptMs = nowMs;
    // Whoever came or went since the last look is not known to have been down in between: a link that flaps is no loss.
    const isSteady = (line: LineView) => line.path !== 'down' || line.sinceMs < beforeMs;
    const causes = lostCauses(running.map((line) => ({ ...line, down: line.path === 'down' })));
    const explained = this.#sweepNetworks(running, isSteady, nowMs);
    for (const line of lines) if (isSteady(line)) this.#lookAtLine(line, causes.lineIds, nowMs);
    for (const [gatewayId, own] of Map.groupBy(lines, (line) => line.gatewayId)) {
      const isCause = causes.gatewayIds.has(gatewayId) && !explained.has(gatewayId);
      if (own.every(isSteady)) this.#lookAtGateway(gatewayId, own, isCause, nowMs);
    }
  }

  /** Gives the lost gateways that are no causes: their network is lost, or others go with them and more may follow. */
  #sweepNetworks(
    running: readonly LineView[],
    isSteady: (line: LineView) => boolean,
    nowMs: number,
  ): ReadonlySet<number> {
    const explained = new Set<number>();
    const byProperty = Map.groupBy(running, ({ propertyId }) => propertyId);
    for (const { id } of this.#deps.estate.properties()) {
      const byGateway = Map.groupBy(byProperty.get(id) ?? [], ({ gatewayId }) => gatewayId);
      const gateways = [...byGateway.values()].map((lines) => gatewayPath(lines, isSteady));
      const isLost = this.#lookAtNetwork(id, gateways, byGateway, nowMs);
      const ids = isLost ? byGateway.keys() : goingTogether(gateways, nowMs);
      for (const gatewayId of ids) explained.add(gatewayId);
    }
    return explained;
  }

  /** True while the loss of the network explains that of a gateway. */
  #lookAtNetwork(
    propertyId: number,
    gateways: readonly GatewayPath[],
    lines: ReadonlyMap<number, readonly LineView[]>,
    nowMs: number,
  ): boolean {
    const { conditions } = this.#deps;
    const source: AlarmSource = { kind: 'property', id: propertyId };
    const observation = observeNetwork(gateways);
    const downIds = gateways.filter(({ down }) => down).map(({ gatewayId }) => gatewayId);
    const lineIds = downIds.flatMap((id) => lines.get(id) ?? []).map(({ lineId }) => lineId);
    const rules = {
      networkLost: this.#deps.ruleOf('networkLost', propertyId),
      gatewayLost: this.#deps.ruleOf('gatewayLost', propertyId),
    };
    const raised = conditions.look({
      ...{ kind: 'networkLost', source, observation, nowMs, rule: networkRule(gateways, rules) },
      measured: { value: downIds.length, limit: gateways.length, unit: 'gateways' },
      childCount: () => this.#metersOf(lineIds).length,
    });
    if (raised) {
      for (const id of downIds) conditions.drop('gatewayLost', { kind: 'gateway', id }, nowMs, source);
      this.#foldLines(lineIds, source, nowMs);
    }
    return observation === 'holds' || conditions.isOpen('networkLost', source);
  }

  #lookAtGateway(gatewayId: number, lines: readonly LineView[], isCause: boolean, nowMs: number): void {
    const source: AlarmSource = { kind: 'gateway', id: gatewayId };
    const back = lines.some(({ path }) => path === 'up') || lines.every(({ path }) => path === 'stopped');
    const observation: Observation = isCause ? 'holds' : back ? 'gone' : 'between';
    const lineIds = lines.map(({ lineId }) => lineId);
    const childCount = () => this.#metersOf(lineIds).length;
    const raised = this.#deps.conditions.look({ kind: 'gatewayLost', source, observation, nowMs, childCount });
    if (raised) this.#foldLines(lineIds, source, nowMs);
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
    const raised = this.#deps.conditions.look({ kind: 'lineLost', source, observation, nowMs, childCount });
    if (raised) this.#foldMeters([line.lineId], source, nowMs);
  }

  /** What a greater loss explains is no alarm of its own any more. */
  #foldLines(lineIds: readonly number[], cause: AlarmSource, nowMs: number): void {
    for (const id of lineIds) this.#deps.conditions.drop('lineLost', { kind: 'line', id }, nowMs, cause);
    this.#foldMeters(lineIds, cause, nowMs);
  }

  #foldMeters(lineIds: readonly number[], cause: AlarmSource, nowMs: number): void {
    for (const { profile } of this.#metersOf(lineIds)) {
      this.#deps.conditions.drop('meterLost', { kind: 'meter', id: profile.meter.id }, nowMs, cause);
    }
  }

  #metersOf(lineIds: readonly number[]): readonly MeterView[] {
    return lineIds.flatMap((lineId) => this.#deps.metering.metersOfLine(lineId));
  }
}

/** A gateway is down when all its lines are, since the last one went. `lines`: at least one, all of one gateway. */
function gatewayPath(lines: readonly LineView[], isSteady: (line: LineView) => boolean): GatewayPath {
  const [{ gatewayId, propertyId } = { gatewayId: 0, propertyId: 0 }] = lines;
  return {
    gatewayId,
    propertyId,
    down: lines.every((line) => line.path === 'down' && isSteady(line)),
    sinceMs: Math.max(...lines.map(({ sinceMs }) => sinceMs)),
  };
}
