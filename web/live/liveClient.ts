import { type InjectionKey, inject, type ShallowReactive, type ShallowRef, shallowReactive, shallowRef } from 'vue';
import type { Alarm } from '#contract/alarms.ts';
import { type CommandNews, type JoinAnswer, LIVE_STALE_MS, type Pulse, type RoomName } from '#contract/live.ts';
import { decodeFrame, type LiveFrame } from '#contract/liveCodec.ts';
import type { MeterNow } from '#contract/metering.ts';
import { bytesOfBase64 } from './base64.ts';
import type { LiveSocket } from './liveSocket.ts';
import { createSequence, type Sequence } from './sequence.ts';

/** How often staleness is computed. */
const TICK_MS = 500;
/** One tick early, so that the wall shows it within LIVE_STALE_MS and not after. */
const STALE_MS = LIVE_STALE_MS - TICK_MS;
/** A tick that comes so late means that the machine or the tab slept: nothing on screen can be trusted. */
const SLEEP_MS = 5_000;
/** A join that was not answered for so long is asked again when the room is heard. */
const JOIN_ANSWER_MS = 3_000;
/** A join that was refused is asked again after this time: rights and places that a server lacks may come. */
const REFUSED_JOIN_MS = 10_000;

/** What a wall hears about one property. */
export interface PropertyListener {
  snapshot(frame: LiveFrame): void;
  delta(frame: LiveFrame): void;
  /** Meters or places changed: fetch the layout again. */
  layout(): void;
}

export interface RoomHealth {
  /**
   * `connecting`: no snapshot yet; `stale`: for LIVE_STALE_MS by the browser's own clock nothing came that could be applied.
   * What is thrown away while a snapshot is awaited keeps nothing alive.
   */
  readonly state: 'connecting' | 'live' | 'stale';
  readonly ageMs: number;
}

export interface LiveClient {
  /** The worst of all joined properties; `connecting` while none is joined. */
  readonly health: Readonly<ShallowRef<RoomHealth>>;
  readonly healthOf: (propertyId: number) => RoomHealth;
  /** The last pulse of each joined property. */
  readonly pulses: ShallowReactive<Map<number, Pulse>>;
  /** Server time, ms: the browser's clock corrected by what the pulses say. */
  nowMs(): number;
  /** Joins a property until the returned function is called. A snapshot always comes first. */
  watchProperty(propertyId: number, listener?: PropertyListener): () => void;
  /** Hears every value of one meter until the returned function is called. */
  watchMeter(meterId: number, listener: (now: MeterNow) => void): () => void;
  /** Hears new and changed alarms of the joined properties. */
  onAlarm(listener: (alarm: Alarm) => void): () => void;
  /** Hears what becomes of commands in the joined properties. */
  onCommands(listener: (changes: readonly CommandNews[]) => void): () => void;
  /**
   * Hears of a property whose alarms and commands may have been missed, since they have no numbers: it was joined after a
   * gap, or on a connection that was not there before. Whoever keeps them asks for them anew: `useMissed`.
   */
  onMissed(listener: (propertyId: number) => void): () => void;
  /** Asks for everything anew. */
  resync(): void;
  close(): void;
}

export interface LiveDeps {
  readonly socket: LiveSocket;
  readonly clock: { nowMs(): number; monotonicMs(): number };
  /** The server's release changed under the page. */
  readonly onRelease: (release: string) => void;
  readonly onSessionRequired: () => void;
}

interface Room {
  readonly name: RoomName;
  readonly propertyId: number | undefined;
  readonly sequence: Sequence;
  readonly propertyListeners: Set<PropertyListener>;
  readonly meterListeners: Set<(now: MeterNow) => void>;
  watchers: number;
  askedAtMs: number;
  /**
   * What became of the last join. While it is `asked`, its answer serves everybody who watches by then; of a room that was
   * `refused` nothing will be heard.
   */
  join: 'none' | 'asked' | 'answered' | 'refused';
  /** News that have no number may have passed by; told with the next snapshot. */
  missed: boolean;
  heard: { wallMs: number; monotonicMs: number } | undefined;
}

/** What is told to whoever hears it by then; `hear` returns the way to cease. */
function news<T>() {
  const listeners = new Set<(what: T) => void>();
  return {
    tell(what: T): void {
      for (const listener of listeners) listener(what);
    },
    hear(listener: (what: T) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** How long ago a room was last heard, ms. */
function ageOf({ heard }: Room, clock: LiveDeps['clock']): number | undefined {
  if (heard === undefined) return undefined;
  // The larger of both clocks: the monotonic one may stand still while a machine sleeps, the other may be stepped back.
  return Math.max(0, clock.nowMs() - heard.wallMs, clock.monotonicMs() - heard.monotonicMs);
}

/** The browser's clock corrected by what the server says. */
function serverTimeBy(clock: LiveDeps['clock']) {
  let offsetMs: number | undefined;
  return {
    note(atMs: number): void {
      const offset = atMs - clock.nowMs();
      // The least delayed message tells best; slow drift is followed by forgetting a little of it each time.
      offsetMs =
        offsetMs === undefined || Math.abs(offset - offsetMs) > 2_000 ? offset : Math.max(offset, offsetMs - 1);
    },
    nowMs: () => clock.nowMs() + (offsetMs ?? 0),
  };
}

/** The screen's end of the live feed: rooms, numbering, freshness. */
export function createLiveClient(deps: LiveDeps): LiveClient {
  const { socket, clock } = deps;
  const rooms = new Map<RoomName, Room>();
  const alarms = news<Alarm>();
  const commands = news<readonly CommandNews[]>();
  const missed = news<number>();
  const serverTime = serverTimeBy(clock);
  const pulses = shallowReactive(new Map<number, Pulse>());
  const health = shallowRef<RoomHealth>({ state: 'connecting', ageMs: 0 });
  let release: string | undefined;
  let lastTickMs = clock.nowMs();

  const roomOfProperty = (propertyId: number) => rooms.get(`property:${propertyId}`);

  function hear(room: Room): void {
    room.heard = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }

  function roomHealth(room: Room | undefined): RoomHealth {
    const ageMs = room && ageOf(room, clock);
    if (ageMs === undefined) return { state: 'connecting', ageMs: 0 };
    return { state: ageMs >= STALE_MS ? 'stale' : 'live', ageMs };
  }

  function join(room: Room): void {
    room.sequence.wait();
    room.askedAtMs = clock.monotonicMs();
    room.join = 'asked';
    socket.join(room.name, (answer) => onJoined(room, answer));
  }

  /** Joins a room of which something may not have been heard. */
  function rejoin(room: Room): void {
    room.missed = true;
    join(room);
  }

  function onJoined(room: Room, answer: JoinAnswer): void {
    if (rooms.get(room.name) !== room) return;
    room.join = answer.ok ? 'answered' : 'refused';
    if (!answer.ok) {
      if (answer.code === 'session.required') deps.onSessionRequired();
      return;
    }
    hear(room);
    const { snapshot } = answer;
    if ('now' in snapshot) {
      for (const listener of room.meterListeners) listener(snapshot.now);
      return;
    }
    room.sequence.snapshot(snapshot.epoch, snapshot.seq);
    serverTime.note(snapshot.atMs);
    takePulse(snapshot.pulse);
    if (room.propertyListeners.size > 0) {
      const frame = decodeFrame(bytesOfBase64(snapshot.frame));
      for (const listener of room.propertyListeners) listener.snapshot(frame);
    }
    tick();
    if (!room.missed || room.propertyId === undefined) return;
    room.missed = false;
    missed.tell(room.propertyId);
  }

  function takePulse(pulse: Pulse): void {
    pulses.set(pulse.propertyId, pulse);
    if (release !== undefined && pulse.release !== release) deps.onRelease(pulse.release);
    release = pulse.release;
  }

  function onDelta(base64: string): void {
    const frame = decodeFrame(bytesOfBase64(base64));
    const room = roomOfProperty(frame.propertyId);
    if (room === undefined) return;
    const verdict = room.sequence.delta(frame.seq);
    if (verdict === 'gap') rejoin(room);
    if (verdict !== 'apply') return;
    hear(room);
    for (const listener of room.propertyListeners) listener.delta(frame);
  }

  function onPulse(pulse: Pulse): void {
    const room = roomOfProperty(pulse.propertyId);
    if (room === undefined) return;
    serverTime.note(pulse.atMs);
    takePulse(pulse);
    const verdict = room.sequence.pulse(pulse.epoch, pulse.seq);
    const unanswered = verdict === 'waiting' && clock.monotonicMs() - room.askedAtMs > JOIN_ANSWER_MS;
    // What nothing followed for too long is not taken for right by its number alone: the next snapshot clears it.
    const follows = verdict === 'ok' && roomHealth(room).state === 'live';
    if (follows) hear(room);
    else if (verdict !== 'waiting' || unanswered) rejoin(room);
  }

  function onMeter(now: MeterNow): void {
    const room = rooms.get(`meter:${now.meterId}`);
    if (room === undefined) return;
    hear(room);
    for (const listener of room.meterListeners) listener(now);
  }

  function resync(): void {
    for (const room of rooms.values()) rejoin(room);
  }

  function joinRefused(): void {
    const askedBeforeMs = clock.monotonicMs() - REFUSED_JOIN_MS;
    for (const room of rooms.values()) if (room.join === 'refused' && room.askedAtMs <= askedBeforeMs) rejoin(room);
  }

  function tick(): void {
    const properties = [...rooms.values()].filter((room) => room.propertyId !== undefined);
    let worst: RoomHealth | undefined;
    for (const room of properties) {
      const one = roomHealth(room);
      if (worst === undefined || one.state === 'stale' || (worst.state !== 'stale' && one.ageMs >= worst.ageMs))
        worst = one;
    }
    health.value = worst ?? { state: 'connecting', ageMs: 0 };
  }

  const timer = setInterval(() => {
    const sleptMs = clock.nowMs() - lastTickMs - TICK_MS;
    lastTickMs = clock.nowMs();
    if (sleptMs > SLEEP_MS) resync();
    else joinRefused();
    tick();
  }, TICK_MS);

  /** `add` gives the room its listener, or nothing for those who only hear that the room is alive. */
  function watch(
    name: RoomName,
    propertyId: number | undefined,
    add: (room: Room) => (() => void) | undefined,
  ): () => void {
    let room = rooms.get(name);
    const isNew = room === undefined;
    if (room === undefined) {
      room = {
        name,
        propertyId,
        sequence: createSequence(),
        propertyListeners: new Set(),
        meterListeners: new Set(),
        watchers: 0,
        askedAtMs: 0,
        join: 'none',
        missed: !socket.connected(),
        heard: undefined,
      };
      rooms.set(name, room);
    }
    const watched = room;
    watched.watchers++;
    const drop = add(watched);
    // Twenty thousand meters are not asked for twice because two parts of a page watch them.
    const isServed = watched.join === 'asked' || drop === undefined;
    if (socket.connected() && (isNew || !isServed)) join(watched);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      drop?.();
      watched.watchers--;
      if (watched.watchers > 0) return;
      rooms.delete(name);
      if (propertyId !== undefined) pulses.delete(propertyId);
      socket.leave(name);
    };
  }

  socket.start({
    connect() {
      // A connection that is new after a sleep asks for everything: the tick that notices the sleep must not ask again.
      lastTickMs = clock.nowMs();
      resync();
    },
    sessionRequired: deps.onSessionRequired,
    delta: onDelta,
    pulse: onPulse,
    meter: onMeter,
    alarm: alarms.tell,
    command: (groups) =>
      commands.tell(groups.flatMap(({ meterIds, ...common }) => meterIds.map((meterId) => ({ ...common, meterId })))),
    layout: (propertyId) => {
      for (const listener of roomOfProperty(propertyId)?.propertyListeners ?? []) listener.layout();
    },
  });

  return {
    health,
    healthOf: (propertyId) => roomHealth(roomOfProperty(propertyId)),
    pulses,
    nowMs: serverTime.nowMs,
    watchProperty: (propertyId, listener) =>
      watch(`property:${propertyId}`, propertyId, (room) => {
        if (listener === undefined) return undefined;
        room.propertyListeners.add(listener);
        return () => room.propertyListeners.delete(listener);
      }),
    watchMeter: (meterId, listener) =>
      watch(`meter:${meterId}`, undefined, (room) => {
        room.meterListeners.add(listener);
        return () => room.meterListeners.delete(listener);
      }),
    onAlarm: alarms.hear,
    onCommands: commands.hear,
    onMissed: missed.hear,
    resync,
    close() {
      clearInterval(timer);
      rooms.clear();
      socket.stop();
    },
  };
}

export const LIVE_KEY: InjectionKey<LiveClient> = Symbol('live');

/** The live feed of this app; only inside setup functions and stores. */
export function useLive(): LiveClient {
  const live = inject(LIVE_KEY);
  if (live === undefined) throw new Error('no live client was provided');
  return live;
}
