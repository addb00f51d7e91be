import { onTestFinished } from 'vitest';
import {
  type CommandOutcome,
  type MeterCommand,
  type PurseCapabilities,
  type PurseOutcome,
  type Reading,
  systemClock,
} from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { modelById } from '#drivers/models/index.ts';
import type { PlantMeter } from '#drivers/simulator/manifest.ts';
import type { MeterInspection, Plant } from '#drivers/simulator/plant.ts';
import { runningPlant } from './simulatorSupport.ts';

/** A line of a plant, without wire times, with one prepaid meter in good order on it. */
export interface MoneyLine {
  readonly plant: Plant;
  readonly meter: PlantMeter;
  /** Everything that the line has told. */
  readonly readings: readonly Reading[];
  execute(command: MeterCommand): Promise<CommandOutcome>;
  readPurse(): Promise<PurseOutcome>;
  /** What the meter itself knows. */
  truth(): MeterInspection;
  /** Waits until something has come to pass in the plant; throws after eight seconds. */
  until(condition: () => boolean): Promise<void>;
}

export interface MoneyLineOptions {
  readonly framing?: 'rtu-over-tcp' | 'modbus-tcp';
  readonly capabilities?: PurseCapabilities;
  readonly responseTimeoutMs?: number;
}

export async function moneyLine(options: MoneyLineOptions = {}): Promise<MoneyLine> {
  const { framing = 'rtu-over-tcp', capabilities, responseTimeoutMs = 1_000 } = options;
  const plant = await runningPlant({ kind: 'count', meters: 64 }, capabilities === undefined ? {} : { capabilities });
  const plantLine = plant.manifest.gateways.flatMap(({ lines }) => lines).find((one) => one.transport.kind === framing);
  const isInOrder = ({ meterNumber }: PlantMeter): boolean => {
    const { image } = plant.meter(meterNumber) ?? {};
    return image?.status.money === 'normal' && image.status.forced === 'none' && image.status.relay === 'closed';
  };
  const meter = plantLine?.meters.find(isInOrder);
  const model = modelById(meter?.modelId ?? '');
  if (plantLine === undefined || meter === undefined || model === undefined) throw new Error('no such meter');
  const readings: Reading[] = [];
  const line = createLine(
    {
      lineId: 1,
      gatewayId: 1,
      name: plantLine.name,
      transport: plantLine.transport,
      serial: plantLine.serial,
      responseTimeoutMs,
      turnaroundMs: 0,
      timeZone: 'Asia/Shanghai',
      meters: [
        {
          meterId: 1,
          unitAddress: meter.unitAddress,
          model,
          ctRatio: meter.ctRatio,
          ptRatio: meter.ptRatio,
          livePollMs: 3_600_000,
          registerPollMs: 3_600_000,
        },
      ],
    },
    {
      clock: systemClock,
      chance: () => 0,
      sink: { reading: (reading) => readings.push(reading), meterFailed: () => undefined, lineLink: () => undefined },
    },
  );
  line.start();
  onTestFinished(() => line.stop());
  const truth = (): MeterInspection => {
    const inspection = plant.meter(meter.meterNumber);
    if (inspection === undefined) throw new Error('the meter is gone');
    return inspection;
  };
  return {
    plant,
    meter,
    readings,
    execute: (command) => line.execute(1, command),
    readPurse: () => line.readPurse(1),
    truth,
    async until(condition) {
      const endMs = performance.now() + 8_000;
      while (!condition()) {
        if (performance.now() > endMs) throw new Error('it did not come to pass');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}
