import type { BodyOf, MeterCapability, putCapability } from '#contract/index.ts';
import type { PurseCapabilities } from '#drivers/core/index.ts';
import type { PlantManifest } from '#drivers/simulator/manifest.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Estate } from '#server/modules/estate/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type CapabilityRow, putCapabilityRow, selectCapabilities } from './capabilityStore.ts';
import { invalid } from './orders.ts';

const NAMES = [
  'seqChecked',
  'dupReported',
  'readRecord',
  'readCumulative',
  'readBalance',
  'zeroPurchase',
  'refundCommand',
  'setAbsolute',
  'secondTariffSet',
] as const satisfies readonly (keyof PurseCapabilities)[];

/** Unknown is false: nothing is sold on a hope. */
export const NO_CAPABILITIES: PurseCapabilities = {
  seqChecked: false,
  dupReported: false,
  readRecord: false,
  readCumulative: false,
  readBalance: false,
  zeroPurchase: false,
  refundCommand: false,
  setAbsolute: false,
  secondTariffSet: false,
};

export interface CapabilitiesDeps {
  readonly db: Db;
  readonly estate: Pick<Estate, 'meter' | 'gateway' | 'plant'>;
  readonly knowsModel: (modelId: string) => boolean;
  readonly nowMs: () => number;
}

type Plant = Pick<PlantManifest, 'gateways'>;
export type CapabilityBook = ReturnType<typeof createCapabilities>;

/**
 * What meters are known to do with money. A simulated meter says it of itself, by its plant. Of a real one the model is known
 * and the firmware is not: it is trusted with what every firmware of its model was found to do.
 */
export function createCapabilities({ db, estate, knowsModel, nowMs }: CapabilitiesDeps) {
  let rows: readonly CapabilityRow[] = [];
  let byModel = new Map<string, PurseCapabilities>();
  /** Of simulated meters, by gateway code and meter number; made anew with each manifest. */
  let ofPlant = new Map<string, PurseCapabilities>();
  let madeOf: Plant | undefined;

  function keep(next: readonly CapabilityRow[]): void {
    rows = next;
    const groups = Map.groupBy(next, ({ model_id, simulated }) => keyOf(model_id, simulated));
    byModel = new Map([...groups].map(([key, found]) => [key, common(found)]));
  }

  function plantCapabilities(code: string, meterNumber: string): PurseCapabilities | undefined {
    const plant = estate.plant();
    if (plant !== madeOf) {
      madeOf = plant;
      ofPlant = capabilitiesOfPlant(plant);
    }
    return ofPlant.get(`${code} ${meterNumber}`);
  }

  return {
    async load() {
      keep(await selectCapabilities(db));
    },

    of(meterId: number): PurseCapabilities {
      const meter = estate.meter(meterId)?.meter;
      const gateway = meter === undefined ? undefined : estate.gateway(meter.gatewayId);
      if (meter === undefined || gateway === undefined) return NO_CAPABILITIES;
      const own = gateway.simulated ? plantCapabilities(gateway.code, meter.meterNumber) : undefined;
      return own ?? byModel.get(keyOf(meter.modelId, gateway.simulated)) ?? NO_CAPABILITIES;
    },

    list: () => ({ items: rows.map(toCapability) }),

    async put(actor: Actor, body: BodyOf<typeof putCapability>): Promise<MeterCapability> {
      if (!actor.scope('money.settings').all) {
        throw new AppError(
          'permission.missing',
          'Models belong to nobody: this needs money.settings for the whole group.',
        );
      }
      if (!knowsModel(body.modelId)) throw invalid('modelId', 'is no model that the drivers know');
      const at = new Date(nowMs());
      const stored = await db.tx(async (tx) => {
        const before = rows.find(
          (row) => row.model_id === body.modelId && row.firmware === body.firmware && row.simulated === body.simulated,
        );
        const found = { ...body, note: body.note, at, by: actor.userId, name: actor.displayName };
        const [row] = await putCapabilityRow(tx, found);
        if (row === undefined) throw new Error('the row that was put is not there');
        await audit(tx, {
          ...{ actor, action: 'meter-capability.put', subjectKind: 'meterModel', subjectId: body.modelId },
          ...{ before: before && toCapability(before), after: toCapability(row) },
        });
        return row;
      });
      keep(await selectCapabilities(db));
      return toCapability(stored);
    },
  };
}

function capabilitiesOfPlant(plant: Plant | undefined): Map<string, PurseCapabilities> {
  const found = new Map<string, PurseCapabilities>();
  for (const { code, lines } of plant?.gateways ?? []) {
    for (const { meterNumber, capabilities } of lines.flatMap(({ meters }) => meters)) {
      if (capabilities !== undefined) found.set(`${code} ${meterNumber}`, capabilities);
    }
  }
  return found;
}

function keyOf(modelId: string, simulated: boolean): string {
  return `${modelId} ${simulated ? 'simulated' : 'real'}`;
}

function common(found: readonly CapabilityRow[]): PurseCapabilities {
  const all = NAMES.map((name) => [name, found.every(({ capabilities }) => capabilities[name])] as const);
  return { ...NO_CAPABILITIES, ...Object.fromEntries(all) };
}

function toCapability(row: CapabilityRow): MeterCapability {
  const { model_id: modelId, firmware, simulated, capabilities, note, found_at, found_name } = row;
  return {
    ...{ modelId, firmware, simulated, capabilities: { ...capabilities } },
    ...{ foundAt: found_at.toISOString(), foundBy: found_name },
    ...(note === null ? {} : { note }),
  };
}
