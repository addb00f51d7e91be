import { io, type Socket } from 'socket.io-client';
import { type ClientToServer, type JoinAnswer, LIVE_PATH, type RoomName, type ServerToClient } from '#contract/live.ts';

/** Longest wait between two attempts of socket.io to reconnect: a wall must be back soon after its server. */
const RECONNECT_MS_MAX = 3_000;
/** An attempt that has no answer by then is given up: what was sent into a dead network is not heard when it returns. */
const CONNECT_MS_MAX = 6_000;
/** Between two of our own. */
const RECONNECT_MS = 1_500;

export type LiveEvents = ServerToClient & {
  connect: () => void;
  /** The handshake was answered, and refused for want of a session: it ended while nobody was connected. */
  sessionRequired: () => void;
};
const SESSION_REQUIRED = 'session.required';

/** The wire under the live client: rooms in, events out. */
export interface LiveSocket {
  /** Names the listeners; the first connection is made by `reconnect`. */
  start(events: LiveEvents): void;
  connected(): boolean;
  join(room: RoomName, answer: (result: JoinAnswer) => void): void;
  leave(room: RoomName): void;
  /** Drops the connection and makes a new one: another session, another cookie. */
  reconnect(): void;
  stop(): void;
}

/**
 * Socket.IO to `address`, by default the server that served the page. WebSocket only: without it a wall cannot be live
 * anyway.
 */
export function createLiveSocket(address = globalThis.location?.origin ?? ''): LiveSocket {
  const socket: Socket<ServerToClient, ClientToServer> = io(address, {
    path: LIVE_PATH,
    transports: ['websocket'],
    autoConnect: false,
    reconnectionDelay: 500,
    reconnectionDelayMax: RECONNECT_MS_MAX,
    timeout: CONNECT_MS_MAX,
  });
  let retry: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;

  /** Where socket.io has given up, and we have not. */
  function connectLater(): void {
    clearTimeout(retry);
    if (wanted && !socket.active) retry = setTimeout(() => socket.connect(), RECONNECT_MS);
  }

  return {
    start(events) {
      socket.on('connect', events.connect);
      // After a sleep socket.io keeps what is asked before it notices that the connection is dead, and would ask it
      // beside what `connect` asks.
      socket.on('disconnect', () => {
        socket.sendBuffer.length = 0;
        // A server that says goodbye (it stops, or our rights changed) ends socket.io's own attempts.
        connectLater();
      });
      socket.on('delta', events.delta);
      socket.on('pulse', events.pulse);
      socket.on('meter', events.meter);
      socket.on('alarm', events.alarm);
      socket.on('command', events.command);
      socket.on('layout', events.layout);
      // So does a refused handshake (no session yet, server draining).
      socket.on('connect_error', ({ message }) => {
        if (message === SESSION_REQUIRED) events.sessionRequired();
        connectLater();
      });
    },
    connected: () => socket.connected,
    join: (room, answer) => {
      // Only while connected: socket.io would keep it and send it after `connect`, beside the rejoin made there.
      if (socket.connected) socket.emit('join', room, answer);
    },
    leave: (room) => {
      if (socket.connected) socket.emit('leave', room);
    },
    reconnect() {
      wanted = false;
      clearTimeout(retry);
      socket.disconnect();
      wanted = true;
      socket.connect();
    },
    stop() {
      wanted = false;
      clearTimeout(retry);
      socket.disconnect();
    },
  };
}
