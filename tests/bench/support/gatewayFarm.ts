import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A block of acrel-dtsy1352: everything that a prepaid poll needs, in one request. */
export const FARM_REGISTERS = 48;
export const FARM_START = 0x0200;
export const FARM_ZONE = 'Asia/Shanghai';

/** Settings of the emulated wire: 9600 8N1, and the meter's own delay before its first byte. */
export const FARM_WIRE = { baud: 9_600, bitsPerCharacter: 10, thinkMs: 5 } as const;

export interface FarmOptions {
  readonly gateways: number;
  /** Unit addresses 1 to this on every gateway. */
  readonly metersEach: number;
  /** `off`: a reply comes at once. `9600`: when the wire has carried request and reply, one at a time. */
  readonly wire: 'off' | '9600';
  /** Unit addresses that never answer. */
  readonly dead?: readonly number[];
}

/** Gateways that speak RTU over TCP, in a process of their own, so that their work is not counted as the reader's. */
export interface Farm {
  readonly pid: number;
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Total energy that unit `unit` of the farm says, Wh. */
export function farmEnergyWh(unit: number): number {
  return 1_000_000 + unit * 10;
}

/** Starts a farm on free loopback ports. Rejects when its process ends before it listens. */
export function startFarm(options: FarmOptions): Promise<Farm> {
  const child = fork(fileURLToPath(new URL('./gatewayFarmProcess.ts', import.meta.url)), [JSON.stringify(options)]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the farm ended with ${code}`)));
    child.once('message', (ports) =>
      resolve({ pid: child.pid ?? 0, ports: ports as readonly number[], stop: () => ended(child) }),
    );
  });
}

async function ended(child: ChildProcess): Promise<void> {
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await end;
}
