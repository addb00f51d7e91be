import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const FARM_MODEL_ID = 'acrel-dtsy1352';
/** Balances that carry a time of sending count so far, ms: eleven days, so that an age is never ambiguous. */
export const STAMP_MODULO_MS = 1_000_000_000;

/** Meters whose values a bench decides, on real sockets (RTU over TCP, no wire emulation), in a process of their own. */
export interface FarmOptions {
  readonly meters: number;
  readonly metersEach: number;
  /**
   * `stamps`: the balance in every reply is the time at which it was given to the socket, modulo STAMP_MODULO_MS.
   * `loads`: every reply carries another load than the one before. A number: so many meters a second, drawn by lot, take
   * another load; everything else stands still.
   */
  readonly change: 'stamps' | 'loads' | number;
}

export interface FarmGateway {
  readonly port: number;
  /** Unit addresses are 1 to this. */
  readonly meters: number;
}

export interface Farm {
  readonly gateways: readonly FarmGateway[];
  stop(): Promise<void>;
}

/** Starts a farm on free loopback ports. Rejects when its process ends before it listens. */
export function startSystemFarm(options: FarmOptions): Promise<Farm> {
  const child = fork(fileURLToPath(new URL('./systemFarmProcess.ts', import.meta.url)), [JSON.stringify(options)]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the farm ended with ${code}`)));
    child.once('message', (gateways) =>
      resolve({ gateways: gateways as readonly FarmGateway[], stop: () => disconnected(child) }),
    );
  });
}

/** Ends a process that ends with its channel. */
export async function disconnected(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await end;
}
