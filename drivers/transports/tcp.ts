import { connect, type Socket } from 'node:net';
import type { Transport } from '#drivers/core/index.ts';

/** A gateway that does not accept within this time is down. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Idle time before the kernel asks whether the gateway still lives. */
export const KEEP_ALIVE_MS = 15_000;

/**
 * One buffer receives for all sockets: what comes is worked on before the next read, so nothing is allocated for it.
 * Large enough for any burst of answers; a stream that fills it is read in pieces.
 */
const received = new Uint8Array(16_384);

/** TCP to a Modbus gateway or a transparent serial server. */
export function tcpTransport(host: string, port: number): Transport {
  return {
    connect(events) {
      const onread = {
        buffer: received,
        callback(bytes: number): boolean {
          events.received(received.subarray(0, bytes));
          return true;
        },
      };
      const keepAliveInitialDelay = KEEP_ALIVE_MS;
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay, onread });
      let reason = 'closed by the gateway';
      let isOpen = false;
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
        reason = `no connection within ${CONNECT_TIMEOUT_MS} ms`;
        socket.destroy();
      });
      socket.once('connect', () => {
        socket.setTimeout(0);
        isOpen = true;
        events.opened();
      });
      socket.on('error', (error) => {
        reason = error.message;
      });
      // What is written after the gateway's farewell would be an error of ours, and its reason lost.
      socket.once('end', () => {
        isOpen = false;
      });
      socket.once('close', () => {
        isOpen = false;
        events.closed(reason);
      });
      return {
        write(bytes) {
          // Into Node's own pool: a small array of its own would be given memory outside of the heap just to be sent.
          if (isOpen) socket.write(Buffer.from(bytes));
        },
        destroy() {
          isOpen = false;
          silence(socket);
        },
      };
    },
  };
}

function silence(socket: Socket): void {
  socket.removeAllListeners();
  // An error after the farewell is nobody's business, but an unheard 'error' would end the process.
  socket.on('error', () => undefined);
  socket.destroy();
}
