export { LIVE_BACKLOG_MAX, LIVE_SOCKETS_MAX } from './limits.ts';
export { createLive, type Live, type LiveDeps, type LiveFigures } from './live.ts';
export type { PlacedCommand } from './seat.ts';
export type { FeedPart, LiveMeter, LiveSource, PulseFigures, Whereabouts } from './types.ts';
