import { LIVE_ROOMS_MAX } from '#contract/index.ts';

/** Screens at once; more are refused and counted. */
export const LIVE_SOCKETS_MAX = 5_000;
/** Packets that may wait for one screen. Beyond it the screen hears nothing until it caught up, then asks anew. */
export const LIVE_BACKLOG_MAX = 32;
/** News that comes so much before the next flush goes with it at once: ticks of acquisition are never quite even. */
export const FLUSH_EARLY_MS = 50;
/** Joins of one screen in ten seconds; more are refused. */
export const JOINS_MAX = 2 * LIVE_ROOMS_MAX;
export const JOINS_WINDOW_MS = 10_000;
/** How often every screen's session is looked at again; a revoked one is cut at once besides. */
export const RECHECK_EVERY_MS = 30_000;
/** A screen that does not answer our goodbye in this time is cut off. */
export const GOODBYE_MS_MAX = 500;
/**
 * A screen is asked so often whether it lives, and has so long to answer. Whoever sleeps longer is forgotten, so that what
 * waits for a sleeper on the way is bounded by seconds, however long the sleep.
 */
export const PING_EVERY_MS = 10_000;
export const PING_ANSWER_MS = 10_000;
/** Screens only join and leave: a longer message is none of ours. */
export const MESSAGE_BYTES_MAX = 4_096;
