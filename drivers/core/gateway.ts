import type { CommandOutcome, MeterCommand, PurseOutcome } from './command.ts';
import type { CommError } from './commError.ts';
import type { MeterModel } from './model.ts';
import type { Reading, ReadingSource } from './reading.ts';

/** Serial settings of a line, also used to compute its limit where the gateway does the serial side. */
export interface SerialSettings {
  readonly baud: 1200 | 2400 | 4800 | 9600 | 19200 | 38400 | 57600 | 115200;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

/**
 * How a line is reached.
 * modbus-tcp     MBAP frames; the gateway converts (Modbus Messaging on TCP/IP 1.0b)
 * rtu-over-tcp   raw RTU frames with CRC through a transparent serial server
 * serial         a local serial port
 */
export type LineTransport =
  | { readonly kind: 'modbus-tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'rtu-over-tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'serial'; readonly path: string };

export interface LineMeter {
  readonly meterId: number;
  /** Modbus unit address 1–247. */
  readonly unitAddress: number;
  readonly model: MeterModel;
  readonly ctRatio: number;
  readonly ptRatio: number;
  readonly livePollMs: number;
  readonly registerPollMs: number;
}

/** One serial bus behind one transport: one queue, one frame in flight. */
export interface LineConfig {
  readonly lineId: number;
  readonly gatewayId: number;
  readonly name: string;
  readonly transport: LineTransport;
  readonly serial: SerialSettings;
  /** Longest wait for the first byte of an answer, counted from the last byte of the request on the wire. */
  readonly responseTimeoutMs: number;
  /** Silence to keep between an answer and the next request, beyond t3.5. */
  readonly turnaroundMs: number;
  /** IANA zone that the meters' own clocks keep; absent: their clocks are not judged. */
  readonly timeZone?: string;
  readonly meters: readonly LineMeter[];
}

/** What a line tells the house. Calls are synchronous and must not throw; the sink queues. */
export interface LineSink {
  reading(reading: Reading): void;
  /** A meter did not answer. `consecutive` counts failures in a row, back-off probes included. */
  meterFailed(meterId: number, error: CommError, consecutive: number, atMs: number): void;
  /** The way to the meters opened or closed: connected and somebody answers, or not, with the reason. */
  lineLink(lineId: number, up: boolean, reason: string, atMs: number): void;
}

/** Why a meter is asked out of turn: somebody looks, or the outcome of a command hangs on it. */
export type ReadUrgency = 'onDemand' | 'readBack';

/** Result of asking one meter now. */
export type ReadOutcome =
  | { readonly ok: true; readonly reading: Reading }
  | { readonly ok: false; readonly error: CommError };

/** Health of one meter on its line. */
export interface MeterHealth {
  readonly meterId: number;
  readonly unitAddress: number;
  readonly reads: number;
  readonly failures: number;
  readonly consecutiveFailures: number;
  /** Not asked before this instant; undefined when not in back-off. */
  readonly backoffUntilMs: number | undefined;
  /** Length of the back-off that it is in, ms: how often its silence is paid for. Undefined when not in back-off. */
  readonly backoffMs: number | undefined;
  readonly lastReplyMs: number | undefined;
  /** Smoothed time from request sent to reply complete. */
  readonly replyTimeMs: number | undefined;
  /** Time of all answers of the meter itself, each from request sent to reply complete, ms since start. */
  readonly answeredMs: number;
  /** Answers that came damaged, and the time that they took, ms since start. */
  readonly damaged: number;
  readonly damagedMs: number;
  /** Time that the line lost to this meter's silence, ms since start. */
  readonly lostMs: number;
  /** Polls of this meter that could not start within their own period. */
  readonly overruns: number;
  readonly livePollMs: number;
  /** The least that the wire allows for one live visit, ms: both frames of each request and the silences between. */
  readonly limitMs: number;
  /** Requests that one live visit takes. */
  readonly liveRequests: number;
}

/** Health of a line; all counters since `startedMs`. */
export interface LineHealth {
  readonly lineId: number;
  readonly gatewayId: number;
  /** When the counters began, ms since epoch. */
  readonly startedMs: number;
  readonly serial: SerialSettings;
  readonly responseTimeoutMs: number;
  readonly turnaroundMs: number;
  readonly link: 'connecting' | 'up' | 'down';
  readonly linkSinceMs: number;
  readonly linkReason: string;
  /** Duration of the last complete round over all due meters, and the least the wire allows for it. */
  readonly cycleMs: number | undefined;
  readonly cycleLimitMs: number;
  readonly requests: number;
  readonly replies: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  readonly frameErrors: number;
  readonly exceptions: number;
  readonly lateReplies: number;
  readonly reconnects: number;
  /** Polls that could not start within their own period: the line is too slow for what is asked of it. */
  readonly overruns: number;
  readonly queueDepth: number;
  /** Time that the line was occupied by frames, deadlines and the pauses after them, ms since start. */
  readonly busyMs: number;
  /** Milliseconds lost to meters that did not answer, since start. */
  readonly lostToSilenceMs: number;
  /** Meters in back-off now. */
  readonly quarantined: number;
  readonly meters: readonly MeterHealth[];
}

/** A running line. Made by `drivers/gateways`; owned by `server/acquisition`. */
export interface Line {
  readonly config: LineConfig;
  start(): void;
  /** Stops polling and closes the transport; resolves when nothing more will be reported. */
  stop(): Promise<void>;
  /** Replaces the meters of a running line without touching the connection. */
  setMeters(meters: readonly LineMeter[]): void;
  /**
   * Reads one meter ahead of the polls; `readBack` ahead of everything, and with more patience. Resolves; never rejects. A
   * meter in back-off is asked all the same.
   */
  readNow(meterId: number, source: ReadingSource, urgency?: ReadUrgency): Promise<ReadOutcome>;
  /**
   * Tells a meter something, once: no frame of a command is ever sent again by the line, and a purchase or refund is one
   * frame. Resolves with how far it came; never rejects.
   */
  execute(meterId: number, command: MeterCommand): Promise<CommandOutcome>;
  /** Reads the prepaid side of a meter as a read-back. What came with it is told to the sink too. Never rejects. */
  readPurse(meterId: number): Promise<PurseOutcome>;
  health(): LineHealth;
  /** `health().cycleMs` alone: asked of every line all the time. */
  readonly cycleMs: number | undefined;
}
