import type { Meter } from '#contract/index.ts';
import type { MeterModel } from '#drivers/core/index.ts';
import type { PlantManifest } from '#drivers/simulator/manifest.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { createEstateCache, type LinkSource } from './cache.ts';
import { NO_PLANT, storePlant } from './importPlant.ts';
import type { MeterGuard } from './meterGuard.ts';
import { createInTurn, createMutate } from './mutation.ts';
import { changeRatios, type NewRatios } from './ratios.ts';
import { addEstateRoutes } from './routes.ts';
import { toGatewayFacts, toLineFacts, toMeter, toPlace } from './rows.ts';
import { lockMeterRows, selectGateways, selectLines, selectMeters, selectPlaces } from './store.ts';
import type { EstateReader } from './types.ts';

export type { LinkSource } from './cache.ts';
export type { MeterGuard } from './meterGuard.ts';
export type { EstateEvent, EstateReader, MeterProfile } from './types.ts';

export interface EstateDeps {
  readonly db: Db;
  /** Every model that the drivers know. */
  readonly models: readonly MeterModel[];
}

export interface Estate extends EstateReader {
  /** Loads the estate from the database; once, before the routes answer. */
  start(): Promise<void>;
  addRoutes(routes: RouteServer): void;
  /**
   * Makes the simulated part of the estate that of the manifest and starts polling its gateways; simulated gateways are
   * not run before, since their addresses are those of an earlier start. Idempotent.
   */
  importPlant(manifest: Pick<PlantManifest, 'properties' | 'gateways'>): Promise<void>;
  /** What the simulated plant said of itself last; undefined while none runs. */
  plant(): Pick<PlantManifest, 'gateways'> | undefined;
  /** Removes what a simulated plant left; what people built on top of it stays. */
  retirePlant(): Promise<void>;
  /** Tells the estate who knows what the lines do; `stopped` until then. */
  setLinkSource(source: LinkSource): void;
  /** Tells the estate who pays for what: such meters keep their ratios, model and property, and are not removed. */
  setMeterGuard(guard: MeterGuard): void;
  /** Keeps these meters from being changed or removed until the transaction ends; those that are there. */
  lockMeters(tx: Tx, meterIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** New transformer ratios together with `alongside`, in one transaction. The right to it was checked by the caller. */
  changeRatios<T>(ratios: NewRatios, alongside: (tx: Tx, before: Meter) => Promise<T>): Promise<T>;
}

/** What stands where and how it is reached. Kept in Postgres, read from memory. */
export function createEstate({ db, models }: EstateDeps): Estate {
  const byId = new Map(models.map((model) => [model.id, model]));
  const cache = createEstateCache((id) => byId.get(id));
  const inTurn = createInTurn();
  const mutate = createMutate(db, cache, inTurn);
  let guard: MeterGuard = async () => [];
  let plant: Pick<PlantManifest, 'gateways'> | undefined;
  const load = async () => {
    const [places, gateways, lines, meters] = await Promise.all([
      selectPlaces(db),
      selectGateways(db),
      selectLines(db),
      selectMeters(db),
    ]);
    cache.replace({
      places: places.map(toPlace),
      gateways: gateways.map(toGatewayFacts),
      lines: lines.map(toLineFacts),
      meters: meters.map(toMeter),
    });
  };
  const importPlant: Estate['importPlant'] = (manifest) =>
    inTurn(async () => {
      const gatewayIds = await db.tx((tx) => storePlant(tx, manifest));
      cache.setPlantGateways(new Set(gatewayIds));
      await load();
      plant = manifest;
    });
  const routeDeps = {
    cache,
    mutate,
    knowsModel: (id: string) => byId.has(id),
    guard: (tx: Tx, meterIds: readonly number[]) => guard(tx, meterIds),
  };
  return {
    ...cache,
    start: load,
    addRoutes: (routes) => addEstateRoutes(routes, routeDeps, models),
    importPlant,
    plant: () => plant,
    async retirePlant() {
      const simulated = cache.gatewayIds().some((id) => cache.gateway(id)?.simulated === true);
      if (simulated) await importPlant(NO_PLANT);
    },
    setLinkSource: (source) => cache.setLinkSource(source),
    setMeterGuard(source) {
      guard = source;
    },
    lockMeters: async (tx, meterIds) => new Set(await lockMeterRows(tx, meterIds)),
    changeRatios: (ratios, alongside) => changeRatios({ cache, mutate }, ratios, alongside),
  };
}
