import type { LineConfig, Transport } from '#drivers/core/index.ts';
import { serialTransport } from './serial.ts';
import { tcpTransport } from './tcp.ts';

/** The transport that a line's settings ask for. */
export function transportFor({ transport, serial }: LineConfig): Transport {
  switch (transport.kind) {
    case 'modbus-tcp':
    case 'rtu-over-tcp':
      return tcpTransport(transport.host, transport.port);
    case 'serial':
      return serialTransport(transport.path, serial);
  }
}
