import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createGateway, createPlace } from '#contract/index.ts';
import type { PlantGateway } from '#drivers/simulator/manifest.ts';
import type { Api } from '../../scenarios/support/api.ts';

/** Everything of it comes in one request of 48 registers: 126.6 ms on the wire. */
export const WIRE_MODEL_ID = 'acrel-dtsy1352';
/** The least delay of a meter before its first byte. */
export const WIRE_THINK_MS = 5;

/** The simulated plant on emulated 9600 8N1 lines of 32 meters, in a process of its own; all meters of one model. */
export interface WirePlant {
  readonly pid: number;
  readonly gateways: readonly PlantGateway[];
  stop(): Promise<void>;
}

/** Starts one on free loopback ports; rejects when its process ends before it listens. */
export function startWirePlant(meters: number): Promise<WirePlant> {
  const child = fork(fileURLToPath(new URL('./wirePlantProcess.ts', import.meta.url)), [String(meters)]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the plant ended with ${code}`)));
    child.once('message', (gateways) => {
      const stop = () => disconnected(child);
      resolve({ pid: child.pid ?? 0, gateways: gateways as readonly PlantGateway[], stop });
    });
  });
}

/** Enters all its gateways over the API as one property, polled every `livePollMs`; returns the property's id. */
export async function enterWirePlant(api: Api, plant: WirePlant, livePollMs: number): Promise<number> {
  const property = await api.call(createPlace, {
    body: { kind: 'property', names: { en: 'Wires' }, timeZone: 'Asia/Shanghai', polling: { livePollMs } },
  });
  for (const { code, lines } of plant.gateways) {
    await api.call(createGateway, {
      body: {
        propertyId: property.id,
        code,
        lines: lines.map(({ name, transport, serial, meters }) => ({
          name,
          transport,
          serial,
          meters: meters.map(({ unitAddress, modelId, meterNumber }) => ({
            placeId: property.id,
            unitAddress,
            modelId,
            meterNumber,
            role: 'tenant' as const,
          })),
        })),
      },
    });
  }
  return property.id;
}

async function disconnected(child: ChildProcess): Promise<void> {
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await end;
}
