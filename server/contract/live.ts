import type { Alarm } from './alarms.ts';
import type { CommandKind, CommandState, CommandWhy } from './commands.ts';
import type { MeterNow } from './metering.ts';

/** Socket.IO path and limits of the live feed. */
export const LIVE_PATH = '/live';
/** A screen that hears nothing for so long shows everything as stale. */
export const LIVE_STALE_MS = 10_000;
/** The server says at least this often that it lives. */
export const LIVE_PULSE_MS = 2_000;
/** Least time between two deltas of a property: changes in between are coalesced. */
export const LIVE_FLUSH_MS = 200;
/** Commands told to a screen at one time; more follow with the next delta, in the state that they have then. */
export const COMMAND_NEWS_MAX = 1_000;
/** Most rooms one screen may be in. */
export const LIVE_ROOMS_MAX = 64;

/** `property:<id>` carries the wall and the alarms of a property, `meter:<id>` every value of one meter. */
export type RoomName = `property:${number}` | `meter:${number}`;

export interface PropertySnapshot {
  readonly room: `property:${number}`;
  /** Changes with every server start: another epoch means another numbering. */
  readonly epoch: string;
  readonly seq: number;
  readonly atMs: number;
  /** base64 of `encodeFrame` with every field of every meter. */
  readonly frame: string;
  readonly pulse: Pulse;
}
export interface MeterSnapshot {
  readonly room: `meter:${number}`;
  readonly epoch: string;
  readonly now: MeterNow;
}
export type JoinAnswer =
  | { readonly ok: true; readonly snapshot: PropertySnapshot | MeterSnapshot }
  | { readonly ok: false; readonly code: 'permission.missing' | 'not-found' | 'request.invalid' | 'session.required' };

/** Figures of the rail, and the proof of life. `seq` = number of the last delta: a different own number means a gap. */
export interface Pulse {
  readonly propertyId: number;
  readonly epoch: string;
  readonly seq: number;
  readonly atMs: number;
  readonly loadW: number;
  /** Age of the oldest latest reading among meters that are not lost, ms. */
  readonly oldestReadingMs: number;
  readonly gatewaysUp: number;
  readonly gateways: number;
  readonly lines: number;
  readonly unacknowledgedAlarms: number;
  readonly commandsInFlight: number;
  /** Readings taken in the last second, all lines of the property. */
  readonly readingsPerSecond: number;
  /** Only while the database does not answer: live values go on, history and changes wait. */
  readonly databaseAway?: true;
  /** Release of the server: when it changes, the screen reloads itself. */
  readonly release: string;
}

/** A command that changed. One of a batch is named by its batch and its meter, one of its own by its id. */
export interface CommandNews {
  readonly commandId?: string;
  readonly batchId?: string;
  readonly meterId: number;
  readonly propertyId: number;
  readonly kind: CommandKind;
  readonly state: CommandState;
  readonly why: readonly CommandWhy[];
}
/** Commands of one batch, or one command, that became the same: what thousands have in common is said once. */
export interface CommandNewsGroup extends Omit<CommandNews, 'meterId'> {
  readonly meterIds: readonly number[];
}

/** Events from server to screen. */
export interface ServerToClient {
  delta: (base64Frame: string) => void;
  pulse: (pulse: Pulse) => void;
  meter: (now: MeterNow) => void;
  alarm: (alarm: Alarm) => void;
  /**
   * Commands of the joined properties as they stand now: those of some time together, each once, at most
   * COMMAND_NEWS_MAX. A delta always follows, so that whoever missed news of commands finds a gap in its numbers.
   */
  command: (changes: readonly CommandNewsGroup[]) => void;
  /** The layout of the property changed (meter added, renamed): fetch it again. */
  layout: (propertyId: number) => void;
}
/** Events from screen to server: rooms only, no command travels by socket. */
export interface ClientToServer {
  join: (room: RoomName, answer: (result: JoinAnswer) => void) => void;
  leave: (room: RoomName) => void;
}
