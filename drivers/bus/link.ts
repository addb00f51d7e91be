import type { Chance, Clock, Connection, LineHealth, Transport } from '#drivers/core/index.ts';
import { Alarm } from './alarm.ts';
import { backoffMs, LINK_BACKOFF } from './backoff.ts';

/** Chance spreads the first connections of many lines over this time. */
export const START_SPREAD_MS = 200;

export interface LinkDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Connected; also after `refresh`. */
  readonly onUp: () => void;
  /** The connection or the attempt ended by itself. */
  readonly onDown: (reason: string) => void;
  readonly onBytes: (bytes: Uint8Array) => void;
}

type LinkState =
  | { readonly kind: 'stopped' }
  /** Waiting for the next attempt. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'connecting'; readonly connection: Connection }
  | { readonly kind: 'up'; readonly connection: Connection };

/**
 * One connection kept alive for ever: connects, reconnects with back-off and jitter, never gives up. An attempt counts
 * as good only when `proved` was called, that is when a reply came: a gateway that accepts and hangs up is no gateway.
 */
export class Link {
  /** Connections made after the first, since creation. */
  reconnects = 0;
  #state: LinkState = { kind: 'stopped' };
  #failures = 0;
  #connections = 0;
  readonly #deps: LinkDeps;
  readonly #retry: Alarm;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#retry = new Alarm(deps.clock, () => this.#connect());
  }

  get state(): LineHealth['link'] {
    if (this.#state.kind === 'up') return 'up';
    return this.#state.kind === 'connecting' || this.#failures === 0 ? 'connecting' : 'down';
  }

  start(): void {
    if (this.#state.kind !== 'stopped') return;
    this.#state = { kind: 'waiting' };
    this.#retry.set(this.#deps.clock.monotonicMs() + START_SPREAD_MS * this.#deps.chance());
  }

  stop(): void {
    this.#retry.stop();
    this.#drop();
    this.#state = { kind: 'stopped' };
  }

  write(bytes: Uint8Array): void {
    if (this.#state.kind === 'up') this.#state.connection.write(bytes);
  }

  /** A reply came: the connection is good and the next loss starts its back-off anew. */
  proved(): void {
    this.#failures = 0;
  }

  /** Ends the connection for `reason` and reports it down, as if the gateway had closed it. */
  fail(reason: string): void {
    if (this.#state.kind === 'connecting' || this.#state.kind === 'up') this.#lost(reason);
  }

  /** Replaces a connection nobody complained about by a new one. */
  refresh(): void {
    if (this.#state.kind !== 'up') return;
    this.#connect();
  }

  #connect(): void {
    this.#drop();
    const isCurrent = (): boolean => 'connection' in this.#state && this.#state.connection === connection;
    const connection = this.#deps.transport.connect({
      opened: () => {
        if (!isCurrent()) return;
        this.#state = { kind: 'up', connection };
        if (this.#connections > 0) this.reconnects += 1;
        this.#connections += 1;
        this.#deps.onUp();
      },
      received: (bytes) => {
        if (isCurrent()) this.#deps.onBytes(bytes);
      },
      closed: (reason) => {
        if (isCurrent()) this.#lost(reason);
      },
    });
    this.#state = { kind: 'connecting', connection };
  }

  #lost(reason: string): void {
    this.#drop();
    this.#state = { kind: 'waiting' };
    this.#failures += 1;
    this.#retry.set(this.#deps.clock.monotonicMs() + backoffMs(LINK_BACKOFF, this.#failures, this.#deps.chance));
    this.#deps.onDown(reason);
  }

  #drop(): void {
    if ('connection' in this.#state) this.#state.connection.destroy();
  }
}
