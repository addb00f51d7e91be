import type { LineTransport, PurseCapabilities, SerialSettings } from '#drivers/core/index.ts';

/** Names in the two languages of the screens. */
export interface PlantNames {
  readonly zh?: string;
  readonly en?: string;
}
export interface PlantRoom {
  readonly key: string;
  readonly names: PlantNames;
  readonly position: number;
}
export interface PlantFloor extends PlantRoom {
  readonly rooms: readonly PlantRoom[];
}
export interface PlantBuilding extends PlantRoom {
  readonly shape: 'tower' | 'row' | 'block';
  readonly floors: readonly PlantFloor[];
}
export interface PlantProperty {
  readonly key: string;
  readonly names: PlantNames;
  readonly timeZone: string;
  readonly currency: string;
  readonly buildings: readonly PlantBuilding[];
}
export interface PlantMeter {
  readonly unitAddress: number;
  readonly modelId: string;
  readonly meterNumber: string;
  /** Key of a room, floor, building or property. Keys are unique within the manifest. */
  readonly placeKey: string;
  readonly role: 'tenant' | 'public' | 'substation';
  readonly names: PlantNames | undefined;
  readonly ctRatio: number;
  readonly ptRatio: number;
  readonly circuit: string | undefined;
  readonly overloadLimitW: number | undefined;
  readonly energyCategory: string | undefined;
  /** What it knows to do with money; absent where it keeps none. */
  readonly capabilities?: PurseCapabilities;
}
export interface PlantLine {
  readonly name: string;
  readonly transport: LineTransport;
  readonly serial: SerialSettings;
  readonly meters: readonly PlantMeter[];
}
export interface PlantGateway {
  readonly code: string;
  readonly names: PlantNames | undefined;
  readonly propertyKey: string;
  readonly placeKey: string | undefined;
  readonly lines: readonly PlantLine[];
}

/**
 * What a simulated plant offers: its estate and where its gateways listen now. Keys, codes and meter numbers are the
 * same for the same seed; ports change with every start. The server imports it by (propertyKey, code, meterNumber).
 */
export interface PlantManifest {
  readonly seed: number;
  readonly properties: readonly PlantProperty[];
  readonly gateways: readonly PlantGateway[];
  /** Loopback HTTP address where faults are switched. */
  readonly controlUrl: string;
}

/** Messages from the plant process to its parent, over the IPC channel. */
export type PlantMessage =
  | { readonly kind: 'ready'; readonly manifest: PlantManifest }
  | { readonly kind: 'history'; readonly rows: readonly PlantHistoryRow[] }
  | { readonly kind: 'historyEnd' };

/** One past half hour of one meter, for the demo's trends: everything as the meter would have said. */
export interface PlantHistoryRow {
  readonly meterNumber: string;
  readonly atMs: number;
  readonly values: Readonly<Record<string, number>>;
  readonly balanceMinor: string | undefined;
}

/** Messages from the parent to the plant. The plant also ends when the channel closes. */
export type PlantRequest =
  | { readonly kind: 'history'; readonly fromMs: number; readonly toMs: number; readonly stepMs: number }
  | { readonly kind: 'stop' };
