import type { Transport } from '#contract/index.ts';

/** How a line is reached, as an engineer writes it: "modbus-tcp 10.0.0.5:502", "serial /dev/ttyUSB0". */
export function transportText(transport: Transport): string {
  switch (transport.kind) {
    case 'modbus-tcp':
    case 'rtu-over-tcp':
      return `${transport.kind} ${transport.host}:${transport.port}`;
    case 'serial':
      return `serial ${transport.path}`;
  }
}
