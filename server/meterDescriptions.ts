import { modelById } from '#drivers/models/index.ts';
import type { EstateReader } from './modules/estate/index.ts';
import type { MeterDescription } from './platform/telemetry/index.ts';

/** What meters are called where telemetry keeps names: Grafana filters and groups by them. */
export interface MeterDescriptions {
  /** Undefined for a meter that is gone. */
  describe(meterId: number): MeterDescription | undefined;
  /** Grows with each change of the estate. */
  descriptionsVersion(): number;
}

/** Follows the estate from now on. */
export function createMeterDescriptions(estate: EstateReader): MeterDescriptions {
  let version = 0;
  estate.onChange(() => {
    version += 1;
  });
  return {
    describe: (meterId) => describe(estate, meterId),
    descriptionsVersion: () => version,
  };
}

function describe(estate: EstateReader, meterId: number): MeterDescription | undefined {
  const profile = estate.meter(meterId);
  if (profile === undefined) return undefined;
  const { meter, path } = profile;
  const placed = (kind: 'property' | 'building' | 'room'): string | undefined => {
    const names = path.find((place) => place.kind === kind)?.names;
    return names?.en ?? names?.zh;
  };
  return {
    medium: modelById(meter.modelId)?.medium ?? 'electric',
    tags: {
      meter_number: meter.meterNumber,
      property_id: String(meter.propertyId),
      property: placed('property'),
      building: placed('building'),
      room: placed('room'),
      gateway: estate.gateway(meter.gatewayId)?.code,
      line: String(meter.lineId),
      model: meter.modelId,
      role: meter.role,
    },
  };
}
