import {
  type Chance,
  type Line,
  type LineHealth,
  type LineMeter,
  type LineSink,
  systemClock,
} from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import { FARM_ZONE } from './gatewayFarm.ts';

/** The server's own default. */
export const RESPONSE_TIMEOUT_MS = 1_000;

export interface DriverReads {
  healths(): readonly LineHealth[];
  stop(): Promise<void>;
}

/** Reads the farm's meters as the server does: a line each, polls as often as the line can. */
export function startDriverReads(
  ports: readonly number[],
  metersEach: number,
  sink: LineSink,
  chance: Chance,
): DriverReads {
  const lines = ports.map((port, index) => lineTo(port, index, metersEach, sink, chance));
  for (const line of lines) line.start();
  return {
    healths: () => lines.map((line) => line.health()),
    async stop() {
      for (const line of lines) await line.stop();
    },
  };
}

function lineTo(port: number, index: number, metersEach: number, sink: LineSink, chance: Chance): Line {
  const meters = Array.from(
    { length: metersEach },
    (_, meter): LineMeter => ({
      meterId: index * metersEach + meter + 1,
      unitAddress: meter + 1,
      model: acrelDtsy1352,
      ctRatio: 1,
      ptRatio: 1,
      livePollMs: 1,
      registerPollMs: 1_800_000,
    }),
  );
  return createLine(
    {
      lineId: index + 1,
      gatewayId: index + 1,
      name: '1',
      transport: { kind: 'rtu-over-tcp', host: '127.0.0.1', port },
      serial: { baud: 9_600, parity: 'none', stopBits: 1 },
      responseTimeoutMs: RESPONSE_TIMEOUT_MS,
      turnaroundMs: 0,
      timeZone: FARM_ZONE,
      meters,
    },
    { clock: systemClock, chance, sink },
  );
}
