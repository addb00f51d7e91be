import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server } from 'socket.io';
import {
  type Alarm,
  type JoinAnswer,
  LIVE_FLUSH_MS,
  LIVE_PATH,
  LIVE_PULSE_MS,
  LIVE_ROOMS_MAX,
  type RoomName,
} from '#contract/index.ts';
import type { Clock, TimerHandle } from '#drivers/core/index.ts';
import { type Actor, originAllowed, scopeCovers } from '../http/index.ts';
import type { Log } from '../log.ts';
import { repeat } from '../repeat.ts';
import { broadcast } from './broadcast.ts';
import { Feed, feedKey } from './feed.ts';
import {
  FLUSH_EARLY_MS,
  GOODBYE_MS_MAX,
  JOINS_MAX,
  JOINS_WINDOW_MS,
  LIVE_BACKLOG_MAX,
  LIVE_SOCKETS_MAX,
  MESSAGE_BYTES_MAX,
  PING_ANSWER_MS,
  PING_EVERY_MS,
  RECHECK_EVERY_MS,
} from './limits.ts';
import { parseRoom, partWithin, type Room } from './rooms.ts';
import { type LiveServer, type PlacedCommand, type Screen, type Seat, seesAlarm, seesCommands } from './seat.ts';
import type { FeedPart, LiveMeter, LiveSource, Whereabouts } from './types.ts';

export interface LiveDeps {
  readonly source: LiveSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Who holds the session of this Cookie header. */
  readonly authenticateCookie: (cookie: string | undefined, ip: string) => Promise<Actor | undefined>;
  /** New with every start: numbers of another epoch mean nothing. */
  readonly epoch: string;
  readonly release: string;
  readonly publicOrigin: string | undefined;
}

export interface LiveFigures {
  readonly sockets: number;
  readonly feeds: number;
  readonly refusedSockets: number;
  readonly refusedJoins: number;
  /** Times that a screen was too slow and lost its place. */
  readonly lagging: number;
  readonly deltas: number;
  readonly deltaBytes: number;
}

export interface Live {
  /** Serves `LIVE_PATH` on this server; before it listens. */
  attach(server: HttpServer): void;
  /** Meters of a property changed or answered. */
  metersChanged(propertyId: number, meters: readonly LiveMeter[]): void;
  /** An alarm was raised, changed or cleared; sent to screens that may see it. `at` undefined: the platform's own. */
  alarmChanged(alarm: Alarm, at: Whereabouts | undefined): void;
  /** Commands changed; sent to screens that may see their meters. */
  commandsChanged(changes: readonly PlacedCommand[]): void;
  layoutChanged(propertyId: number): void;
  /** Ages that were sent count from another time now: every screen is made to ask anew. */
  clockStepped(): void;
  /** Sessions ended or rights changed: every screen is looked at again, now. */
  recheck(): Promise<void>;
  figures(): LiveFigures;
  close(): Promise<void>;
}

/** The live feed: rooms by right, snapshots, numbered deltas, pulses. */
export function createLive(deps: LiveDeps): Live {
  return new SocketLive(deps);
}

class SocketLive implements Live {
  readonly #deps: LiveDeps;
  readonly #io: LiveServer;
  readonly #feeds = new Map<string, Feed>();
  /** Meters with news for `meter` rooms. */
  readonly #touchedMeterIds = new Set<number>();
  /** Connections that became WebSockets: HTTP does not know them any more. */
  readonly #wires = new Set<Duplex>();
  readonly #repetitions: readonly { stop(): Promise<void> }[];
  #flushedMs = Number.NEGATIVE_INFINITY;
  #flushing: TimerHandle | undefined;
  readonly #counts = { refusedSockets: 0, refusedJoins: 0, lagging: 0, deltas: 0, deltaBytes: 0 };

  constructor(deps: LiveDeps) {
    this.#deps = deps;
    this.#io = new Server({
      path: LIVE_PATH,
      serveClient: false,
      maxHttpBufferSize: MESSAGE_BYTES_MAX,
      pingInterval: PING_EVERY_MS,
      pingTimeout: PING_ANSWER_MS,
      allowRequest: (request, answer) => this.#admit(request, answer),
    });
    this.#io.use((socket, next) => void this.#seat(socket, next));
    this.#io.on('connection', (socket) => this.#serve(socket));
    const every = (everyMs: number, work: () => void | Promise<void>) =>
      repeat(deps.clock, {
        everyMs,
        work: async () => work(),
        failed: (error) => deps.log.error('live', { error }),
      });
    this.#repetitions = [every(LIVE_PULSE_MS, () => this.#pulse()), every(RECHECK_EVERY_MS, () => this.recheck())];
  }

  attach(server: HttpServer): void {
    this.#io.attach(server);
    server.on('upgrade', (_request, wire: Duplex) => {
      this.#wires.add(wire);
      wire.once('close', () => this.#wires.delete(wire));
    });
  }

  metersChanged(propertyId: number, meters: readonly LiveMeter[]): void {
    for (const feed of this.#feeds.values()) {
      if (feed.part.propertyId === propertyId) for (const meter of meters) feed.touch(meter);
    }
    for (const { meterId } of meters) this.#touchedMeterIds.add(meterId);
    this.#flushSoon();
  }

  alarmChanged(alarm: Alarm, at: Whereabouts | undefined): void {
    for (const screen of this.#screens()) if (seesAlarm(screen.data.seat, at)) screen.emit('alarm', alarm);
  }

  commandsChanged(changes: readonly PlacedCommand[]): void {
    for (const feed of this.#feeds.values()) for (const change of changes) feed.touchCommand(change);
    this.#flushSoon();
  }

  layoutChanged(propertyId: number): void {
    for (const feed of this.#feeds.values()) {
      if (feed.part.propertyId === propertyId) broadcast(this.#io, feedRoom(feedKey(feed.part)), 'layout', propertyId);
    }
  }

  clockStepped(): void {
    for (const feed of this.#feeds.values()) feed.skip();
  }

  async recheck(): Promise<void> {
    // Screens of one wall share a session: it is asked for once.
    const actors = new Map<string, Promise<Actor | undefined>>();
    for (const screen of this.#screens()) {
      const { seat } = screen.data;
      const key = `${seat.ip} ${seat.cookie}`;
      const asked = actors.get(key) ?? this.#deps.authenticateCookie(seat.cookie, seat.ip);
      actors.set(key, asked);
      const actor = await asked;
      if (actor !== undefined) seat.actor = actor;
      const keepsRooms = (): boolean => [...seat.rooms].every(([name, held]) => this.#stillHolds(seat, name, held));
      // A screen whose rights shrank starts again: what it may still see it asks for anew.
      if (actor === undefined || !keepsRooms()) screen.disconnect(true);
    }
  }

  figures(): LiveFigures {
    return { ...this.#counts, sockets: this.#io.of('/').sockets.size, feeds: this.#feeds.size };
  }

  async close(): Promise<void> {
    this.#flushing?.cancel();
    await Promise.all(this.#repetitions.map((repetition) => repetition.stop()));
    this.#io.disconnectSockets(true);
    this.#io.engine?.close();
    const cut = () => {
      for (const wire of this.#wires) wire.destroy();
    };
    await new Promise<void>((resolve) => {
      const gone = () => {
        if (this.#wires.size === 0) resolve();
      };
      for (const wire of this.#wires) wire.once('close', gone);
      gone();
      this.#deps.clock.after(GOODBYE_MS_MAX, cut);
    });
  }

  #screens(): Iterable<Screen> {
    return this.#io.of('/').sockets.values();
  }

  #admit(request: IncomingMessage, answer: (error: string | null | undefined, admitted: boolean) => void): void {
    const room = this.#io.engine.clientsCount < LIVE_SOCKETS_MAX;
    const admitted = room && originAllowed(request.headers, this.#deps.publicOrigin);
    if (!admitted) this.#counts.refusedSockets += 1;
    answer(null, admitted);
  }

  async #seat(socket: Screen, next: (error?: Error) => void): Promise<void> {
    const { headers, address: ip } = socket.handshake;
    try {
      const actor = await this.#deps.authenticateCookie(headers.cookie, ip);
      if (actor === undefined) return next(new Error('session.required'));
      socket.data.seat = {
        actor,
        cookie: headers.cookie,
        ip,
        rooms: new Map(),
        backlog: 0,
        lagging: false,
        joins: 0,
        joinsSinceMs: this.#deps.clock.monotonicMs(),
      };
      return next();
    } catch (error) {
      this.#deps.log.warn('a screen could not be seated', { error });
      return next(new Error('server.busy'));
    }
  }

  #serve(socket: Screen): void {
    socket.on('join', (name, answer) => {
      if (typeof answer === 'function') answer(this.#join(socket, name));
    });
    socket.on('leave', (name) => this.#leave(socket, name));
  }

  #join(socket: Screen, name: unknown): JoinAnswer {
    const room = parseRoom(name);
    const refused = room === undefined || this.#asksTooMuch(socket.data.seat, room);
    if (refused) {
      this.#counts.refusedJoins += 1;
      return { ok: false, code: 'request.invalid' };
    }
    return room.kind === 'property' ? this.#joinProperty(socket, room) : this.#joinMeter(socket, room);
  }

  #joinProperty(socket: Screen, room: Extract<Room, { kind: 'property' }>): JoinAnswer {
    const { source, clock } = this.#deps;
    const { seat } = socket.data;
    const buildings = source.buildingIds(room.propertyId);
    const part = partWithin(seat.actor.scope('wall.view'), room.propertyId, buildings);
    if (part === undefined) return { ok: false, code: 'permission.missing' };
    if (source.meters(part) === undefined) return { ok: false, code: 'not-found' };
    const key = feedKey(part);
    const feed = this.#feeds.get(key) ?? new Feed({ part, ...this.#deps });
    this.#feeds.set(key, feed);
    this.#flushFeed(key, feed);
    this.#enter(socket, room.name, roomsOf(seat, part));
    return { ok: true, snapshot: feed.snapshot(clock.nowMs()) };
  }

  #joinMeter(socket: Screen, room: Extract<Room, { kind: 'meter' }>): JoinAnswer {
    const { source, epoch } = this.#deps;
    const at = source.meterAt(room.meterId);
    const now = source.meterNow(room.meterId);
    const scope = socket.data.seat.actor.scope('meter.view');
    // Whether a meter of others exists is nobody's business.
    if (at === undefined || now === undefined || !scopeCovers(scope, at.propertyId, at.buildingId)) {
      return { ok: false, code: 'not-found' };
    }
    this.#enter(socket, room.name, [room.name]);
    return { ok: true, snapshot: { room: `meter:${room.meterId}`, epoch, now } };
  }

  #enter(socket: Screen, name: RoomName, rooms: readonly string[]): void {
    const { seat } = socket.data;
    seat.rooms.set(name, rooms);
    if (seat.lagging) return;
    for (const room of rooms) void socket.join(room);
  }

  #leave(socket: Screen, name: unknown): void {
    const room = parseRoom(name);
    if (room === undefined) return;
    for (const held of socket.data.seat.rooms.get(room.name) ?? []) void socket.leave(held);
    socket.data.seat.rooms.delete(room.name);
  }

  #asksTooMuch(seat: Seat, room: Room): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - seat.joinsSinceMs >= JOINS_WINDOW_MS) {
      seat.joins = 0;
      seat.joinsSinceMs = nowMs;
    }
    seat.joins += 1;
    return seat.joins > JOINS_MAX || (seat.rooms.size >= LIVE_ROOMS_MAX && !seat.rooms.has(room.name));
  }

  #stillHolds(seat: Seat, name: RoomName, held: readonly string[]): boolean {
    const room = parseRoom(name);
    if (room === undefined) return false;
    const { source } = this.#deps;
    if (room.kind === 'property') {
      const part = partWithin(seat.actor.scope('wall.view'), room.propertyId, source.buildingIds(room.propertyId));
      return part !== undefined && held.join() === roomsOf(seat, part).join();
    }
    const at = source.meterAt(room.meterId);
    // A meter that is gone has nothing to hide any more.
    return at === undefined || scopeCovers(seat.actor.scope('meter.view'), at.propertyId, at.buildingId);
  }

  /**
   * News follow the tick that brought them, not a beat of their own, which would cost them half a tick more: at once when
   * the last flush is long enough ago; else with the first news after that, and without any a little later.
   */
  #flushSoon(): void {
    const { clock } = this.#deps;
    const sinceMs = clock.monotonicMs() - this.#flushedMs;
    const isDue = sinceMs >= LIVE_FLUSH_MS - FLUSH_EARLY_MS;
    if (isDue) this.#flushing?.cancel();
    else if (this.#flushing !== undefined) return;
    const waitMs = isDue ? 0 : LIVE_FLUSH_MS + FLUSH_EARLY_MS - sinceMs;
    this.#flushing = clock.after(waitMs, () => {
      try {
        this.#flush();
      } catch (error) {
        this.#deps.log.error('live', { error });
      }
    });
  }

  #flush(): void {
    this.#flushing = undefined;
    this.#flushedMs = this.#deps.clock.monotonicMs();
    this.#suspendSlow();
    for (const [key, feed] of this.#feeds) this.#flushFeed(key, feed);
    for (const meterId of this.#touchedMeterIds) this.#tellMeter(meterId);
    this.#touchedMeterIds.clear();
  }

  #flushFeed(key: string, feed: Feed): void {
    const commands = feed.takeCommands();
    if (commands.length > 0) broadcast(this.#io, commandRoom(key), 'command', commands);
    if (feed.commandsWait) this.#flushSoon();
    const delta = feed.flush(this.#deps.clock.nowMs());
    if (delta === undefined) return;
    this.#counts.deltas += 1;
    this.#counts.deltaBytes += delta.length;
    broadcast(this.#io, feedRoom(key), 'delta', delta);
  }

  #tellMeter(meterId: number): void {
    if (!this.#io.of('/').adapter.rooms.has(`meter:${meterId}`)) return;
    const now = this.#deps.source.meterNow(meterId);
    if (now !== undefined) broadcast(this.#io, `meter:${meterId}`, 'meter', now);
  }

  /** A screen that does not keep up hears nothing more; when it caught up, the gap in the numbers makes it ask anew. */
  #suspendSlow(): void {
    for (const screen of this.#screens()) {
      const { seat } = screen.data;
      const { writable } = screen.conn.transport;
      const slow = !writable && (seat.lagging || seat.backlog > LIVE_BACKLOG_MAX);
      if (slow === seat.lagging) continue;
      seat.lagging = slow;
      if (slow) this.#counts.lagging += 1;
      else seat.backlog = 0;
      for (const room of [...seat.rooms.values()].flat()) void (slow ? screen.leave(room) : screen.join(room));
    }
  }

  #pulse(): void {
    // Where nothing changes nothing is flushed, and a screen that caught up would wait for ever.
    this.#suspendSlow();
    const nowMs = this.#deps.clock.nowMs();
    const held = new Set([...this.#screens()].flatMap(({ data }) => [...data.seat.rooms.values()].flat()));
    for (const [key, feed] of this.#feeds) {
      // Without a screen, not even a slow one, a feed is only work.
      if (!held.has(feedRoom(key))) this.#feeds.delete(key);
      else broadcast(this.#io, feedRoom(key), 'pulse', feed.pulse(nowMs));
    }
  }
}

function feedRoom(key: string): string {
  return `feed:${key}`;
}

/** What a seat hears of a part of the estate. */
function roomsOf(seat: Seat, part: FeedPart): readonly string[] {
  const key = feedKey(part);
  return seesCommands(seat, part) ? [feedRoom(key), commandRoom(key)] : [feedRoom(key)];
}

function commandRoom(key: string): string {
  return `commands:${key}`;
}
