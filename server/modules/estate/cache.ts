import type { Static } from 'typebox';
import type { Gateway, Line, LineLink, Meter, Place } from '#contract/index.ts';
import type { LineConfig, MeterModel } from '#drivers/core/index.ts';
import { buildIndex, type EstateIndex } from './estateIndex.ts';
import type { GatewayFacts, LineFacts } from './rows.ts';
import type { EstateEvent, EstateReader } from './types.ts';

/** What a line is doing, by those who run it. */
export type LinkSource = (lineId: number) => Static<typeof LineLink>;

export interface EstateRows {
  readonly places: readonly Place[];
  readonly gateways: readonly GatewayFacts[];
  readonly lines: readonly LineFacts[];
  readonly meters: readonly Meter[];
}

/** One committed change of one row. */
export type EstateChange =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'placeGone'; readonly place: Place }
  | { readonly kind: 'gateway'; readonly gateway: GatewayFacts }
  | { readonly kind: 'gatewayGone'; readonly gateway: GatewayFacts }
  | { readonly kind: 'line'; readonly line: LineFacts }
  | { readonly kind: 'lineGone'; readonly line: LineFacts }
  | { readonly kind: 'meter'; readonly meter: Meter }
  | { readonly kind: 'meterGone'; readonly meter: Meter };

export interface EstateCache extends EstateReader {
  gatewaysOfProperty(propertyId: number): readonly Gateway[];
  gatewayIds(): readonly number[];
  childrenOf(placeId: number): readonly Place[];
  buildingOf(placeId: number): number | undefined;
  /** Replaces everything; every line that is or was there is reported as changed. */
  replace(rows: EstateRows): void;
  /** Applies committed changes in order, then reports what they mean. */
  apply(changes: readonly EstateChange[]): void;
  /** The simulated gateways that the running plant has; others of its kind are not polled: their ports are old. */
  setPlantGateways(ids: ReadonlySet<number>): void;
  setLinkSource(source: LinkSource): void;
}

interface State {
  readonly places: Map<number, Place>;
  readonly gateways: Map<number, GatewayFacts>;
  readonly lines: Map<number, LineFacts>;
  readonly meters: Map<number, Meter>;
}

/** The whole estate in memory: some ten thousand small rows, read by everybody all the time, changed by hand. */
export function createEstateCache(modelById: (id: string) => MeterModel | undefined): EstateCache {
  const state: State = { places: new Map(), gateways: new Map(), lines: new Map(), meters: new Map() };
  const listeners = new Set<(event: EstateEvent) => void>();
  let plantGateways: ReadonlySet<number> = new Set();
  let linkOf: LinkSource = () => 'stopped';
  let built: EstateIndex | undefined;
  const index = () => {
    built ??= buildIndex(state.places, state.lines, state.meters, state.gateways);
    return built;
  };
  const emit = (events: Iterable<EstateEvent>) => {
    for (const event of events) for (const listener of listeners) listener(event);
  };
  const runs = (gateway: GatewayFacts) => gateway.enabled && (!gateway.simulated || plantGateways.has(gateway.id));
  const toLine = (line: LineFacts): Line => {
    const gateway = state.gateways.get(line.gatewayId);
    const link = gateway !== undefined && runs(gateway) ? linkOf(line.id) : 'stopped';
    return { ...line, meterCount: index().metersByLine.get(line.id)?.length ?? 0, link };
  };
  const toGateway = (facts: GatewayFacts): Gateway => ({
    ...facts,
    lines: (index().linesByGateway.get(facts.id) ?? []).map(toLine),
  });
  const touched = createTouched(state);

  return {
    lineConfig(lineId) {
      const line = state.lines.get(lineId);
      const gateway = line === undefined ? undefined : state.gateways.get(line.gatewayId);
      if (line === undefined || gateway === undefined || !runs(gateway)) return undefined;
      return toLineConfig(line, gateway, state.places.get(gateway.propertyId)?.timeZone, index(), modelById);
    },
    lineIds: () => [...state.lines.keys()],
    line: (lineId) => optional(state.lines.get(lineId), toLine),
    gateway: (gatewayId) => optional(state.gateways.get(gatewayId), toGateway),
    gatewayIds: () => [...state.gateways.keys()].sort((a, b) => a - b),
    gatewaysOfProperty: (propertyId) =>
      [...state.gateways.values()].filter((gateway) => gateway.propertyId === propertyId).map(toGateway),
    meter: (meterId) => index().profiles.get(meterId),
    meterIds: () => [...state.meters.keys()],
    metersOfProperty: (propertyId) => index().metersByProperty.get(propertyId) ?? [],
    metersOfLine: (lineId) => index().metersByLine.get(lineId) ?? [],
    place: (placeId) => state.places.get(placeId),
    properties: () => index().properties,
    placesOfProperty: (propertyId) => index().placesByProperty.get(propertyId) ?? [],
    childrenOf: (placeId) => index().childrenOf.get(placeId) ?? [],
    buildingOf: (placeId) => index().buildingOf(placeId),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    replace(rows) {
      for (const line of state.lines.values()) touched.line(line);
      for (const { propertyId } of state.places.values()) touched.property(propertyId);
      fill(state.places, rows.places);
      fill(state.gateways, rows.gateways);
      fill(state.lines, rows.lines);
      fill(state.meters, rows.meters);
      built = undefined;
      for (const line of state.lines.values()) touched.line(line);
      for (const { propertyId } of state.places.values()) touched.property(propertyId);
      emit(touched.take());
    },
    apply(changes) {
      for (const change of changes) applyOne(state, touched, change);
      built = undefined;
      emit(touched.take());
    },
    setPlantGateways(ids) {
      plantGateways = ids;
    },
    setLinkSource(source) {
      linkOf = source;
    },
  };
}

function applyOne(state: State, touched: Touched, change: EstateChange): void {
  switch (change.kind) {
    case 'place':
      state.places.set(change.place.id, change.place);
      touched.property(change.place.propertyId);
      // Polling periods and the time zone are inherited from the property.
      if (change.place.kind === 'property') touched.linesOfProperty(change.place.id);
      return;
    case 'placeGone':
      state.places.delete(change.place.id);
      touched.property(change.place.propertyId);
      return;
    case 'gateway':
      state.gateways.set(change.gateway.id, change.gateway);
      touched.property(change.gateway.propertyId);
      touched.linesOfGateway(change.gateway.id);
      return;
    case 'gatewayGone':
      touched.linesOfGateway(change.gateway.id);
      touched.property(change.gateway.propertyId);
      state.gateways.delete(change.gateway.id);
      return;
    case 'line':
      state.lines.set(change.line.id, change.line);
      touched.line(change.line);
      return;
    case 'lineGone':
      touched.line(change.line);
      state.lines.delete(change.line.id);
      return;
    case 'meter': {
      const before = state.meters.get(change.meter.id);
      if (before !== undefined) touched.lineOfMeter(before);
      state.meters.set(change.meter.id, change.meter);
      touched.lineOfMeter(change.meter);
      return;
    }
    case 'meterGone':
      touched.lineOfMeter(change.meter);
      state.meters.delete(change.meter.id);
      return;
  }
}

interface Touched {
  line(line: LineFacts): void;
  lineOfMeter(meter: Meter): void;
  linesOfGateway(gatewayId: number): void;
  linesOfProperty(propertyId: number): void;
  property(propertyId: number): void;
  /** One event per line and per property that was touched since the last call. */
  take(): EstateEvent[];
}

function createTouched(state: State): Touched {
  const lines = new Map<number, number>();
  const properties = new Set<number>();
  const line = (facts: LineFacts) => {
    const propertyId = state.gateways.get(facts.gatewayId)?.propertyId ?? lines.get(facts.id);
    if (propertyId === undefined) return;
    lines.set(facts.id, propertyId);
    properties.add(propertyId);
  };
  const linesWhere = (matches: (gateway: GatewayFacts | undefined) => boolean) => {
    for (const facts of state.lines.values()) if (matches(state.gateways.get(facts.gatewayId))) line(facts);
  };
  return {
    line,
    lineOfMeter(meter) {
      lines.set(meter.lineId, meter.propertyId);
      properties.add(meter.propertyId);
    },
    linesOfGateway: (gatewayId) => linesWhere((gateway) => gateway?.id === gatewayId),
    linesOfProperty: (propertyId) => linesWhere((gateway) => gateway?.propertyId === propertyId),
    property: (propertyId) => void properties.add(propertyId),
    take() {
      const events: EstateEvent[] = [...lines].map(([lineId, propertyId]) => {
        return { kind: 'line', lineId, propertyId, gone: !state.lines.has(lineId) };
      });
      for (const propertyId of properties) events.push({ kind: 'layout', propertyId });
      lines.clear();
      properties.clear();
      return events;
    },
  };
}

function toLineConfig(
  line: LineFacts,
  gateway: GatewayFacts,
  timeZone: string | undefined,
  index: EstateIndex,
  modelById: (id: string) => MeterModel | undefined,
): LineConfig {
  return {
    lineId: line.id,
    gatewayId: gateway.id,
    name: `${gateway.code}/${line.name}`,
    transport: line.transport,
    serial: line.serial,
    responseTimeoutMs: line.responseTimeoutMs,
    turnaroundMs: line.turnaroundMs,
    // Meters keep the property's time: with it their clocks can be judged.
    ...(timeZone === undefined ? {} : { timeZone }),
    meters: (index.metersByLine.get(line.id) ?? []).flatMap(({ meter, livePollMs, registerPollMs }) => {
      const model = modelById(meter.modelId);
      // A model that an older release knew: the meter stays on the screens and is not asked.
      if (model === undefined) return [];
      const { unitAddress, ctRatio, ptRatio } = meter;
      return [{ meterId: meter.id, unitAddress, model, ctRatio, ptRatio, livePollMs, registerPollMs }];
    }),
  };
}

function fill<T extends { readonly id: number }>(map: Map<number, T>, rows: readonly T[]): void {
  map.clear();
  for (const row of rows) map.set(row.id, row);
}

function optional<T, R>(value: T | undefined, map: (value: T) => R): R | undefined {
  return value === undefined ? undefined : map(value);
}
