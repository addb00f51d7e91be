import type { SerialPort as SerialPortType } from 'serialport';
import type { Connection, ConnectionEvents, SerialSettings, Transport } from '#drivers/core/index.ts';

/** A local serial port. The native package is loaded with the first connection, so that a machine without it still runs. */
export function serialTransport(path: string, serial: SerialSettings): Transport {
  return {
    connect(events) {
      const attempt = new SerialAttempt(events);
      attempt.open(path, serial).catch((error: unknown) => attempt.fail(error));
      return attempt;
    },
  };
}

class SerialAttempt implements Connection {
  readonly #events: ConnectionEvents;
  #port: SerialPortType | undefined;
  #ended = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  async open(path: string, { baud, parity, stopBits }: SerialSettings): Promise<void> {
    const { SerialPort } = await import('serialport');
    if (this.#ended) return;
    const port = new SerialPort({ path, baudRate: baud, dataBits: 8, parity, stopBits, autoOpen: false });
    this.#port = port;
    port.on('data', (bytes: Uint8Array) => {
      if (!this.#ended) this.#events.received(bytes);
    });
    port.on('error', (error) => this.fail(error));
    port.on('close', () => this.fail(new Error('the serial port was closed')));
    port.open((error) => {
      if (this.#ended) port.close();
      else if (error === null) this.#events.opened();
      else this.fail(error);
    });
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    this.destroy();
    this.#events.closed(error instanceof Error ? error.message : String(error));
  }

  write(bytes: Uint8Array): void {
    if (!this.#ended && this.#port?.isOpen === true) this.#port.write(bytes);
  }

  destroy(): void {
    this.#ended = true;
    if (this.#port?.isOpen === true) this.#port.close();
  }
}
