import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';

const SEED = 20_261_122;

/**
 * A simulated plant inside the test's own process: real sockets towards the server, its faults in the test's hand.
 * 32 meters a gateway, one line each; gateways speak RTU over TCP and Modbus TCP in turn. Seed apart, meter numbers differ.
 */
export function startTestPlant(meters: number, seed: number = SEED): Promise<Plant> {
  return startPlant({
    estate: makeEstate({ kind: 'count', meters }, seed),
    clock: systemClock,
    speed: 1,
    wire: 'off',
    thinkMs: [1, 5],
    stateFolder: undefined,
    listenHost: '127.0.0.1',
  });
}
