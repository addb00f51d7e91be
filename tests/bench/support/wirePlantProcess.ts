import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { startPlant } from '#drivers/simulator/plant.ts';
import { WIRE_MODEL_ID, WIRE_THINK_MS } from './wirePlant.ts';

/** The plant's process: sends its gateways once they listen, ends with its parent. */

const SEED = 20_261_122;

const made = makeEstate({ kind: 'count', meters: Number(process.argv[2]) }, SEED);
const gateways = made.gateways.map((gateway) => ({
  ...gateway,
  lines: gateway.lines.map((line) => ({
    ...line,
    meters: line.meters.map((one) => ({ ...one, meter: { ...one.meter, modelId: WIRE_MODEL_ID } })),
  })),
}));
const plant = await startPlant({
  estate: { ...made, gateways },
  clock: systemClock,
  speed: 1,
  wire: 'serial',
  thinkMs: [WIRE_THINK_MS, WIRE_THINK_MS],
  stateFolder: undefined,
  listenHost: '127.0.0.1',
});
process.on('disconnect', () => process.exit(0));
process.send?.(plant.manifest.gateways);
