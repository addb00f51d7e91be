import { afterEach } from 'vitest';
import { type CommError, type Line, type LineConfig, type Reading, systemClock } from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { type FakeMeter, type Far, type ReadAsked, startFakeMeter } from './fakeMeter.ts';
import { meters, registersWith } from './virtualLine.ts';

export type Kind = 'rtu-over-tcp' | 'modbus-tcp';

/** Everything that a line has told, in order. */
export interface Told {
  readonly readings: Reading[];
  readonly failures: [meterId: number, kind: CommError['kind'], consecutive: number][];
  readonly links: [up: boolean, reason: string][];
}

/** Gives a test file lines on the machine's clock and real sockets; they are ended after each test. */
export function useRealLines() {
  const ending: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ending.splice(0)) await end();
  });

  /** A line that is not started yet. */
  const listen = (change: Partial<LineConfig>): { readonly line: Line; readonly told: Told } => {
    const told: Told = { readings: [], failures: [], links: [] };
    const config: LineConfig = {
      lineId: 1,
      gatewayId: 1,
      name: 'line',
      transport: { kind: 'serial', path: '' },
      serial: { baud: 115_200, parity: 'none', stopBits: 1 },
      responseTimeoutMs: 150,
      turnaroundMs: 0,
      meters: meters(1),
      ...change,
    };
    const line: Line = createLine(config, {
      clock: systemClock,
      chance: () => 0.5,
      sink: {
        reading: (reading) => told.readings.push(reading),
        meterFailed: (meterId, { kind }, consecutive) => told.failures.push([meterId, kind, consecutive]),
        lineLink: (_lineId, up, reason) => told.links.push([up, reason]),
      },
    });
    ending.push(() => line.stop());
    return { line, told };
  };

  /** A far end and a line to it. */
  const system = async (kind: Kind, change: Partial<LineConfig> = {}, start = true) => {
    const far: FakeMeter = await startFakeMeter(kind);
    ending.push(() => far.down());
    const { line, told } = listen({ transport: { kind, host: '127.0.0.1', port: far.port }, ...change });
    if (start) line.start();
    return { far, line, told };
  };

  return { system, listen };
}

/** Answers with the request's ordinal as balance. */
export function good({ start, quantity, ordinal }: ReadAsked, { say, frame }: Far): void {
  say(frame(registersWith(start, quantity, ordinal)));
}

export async function untilTold(condition: () => boolean, withinMs = 8_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
