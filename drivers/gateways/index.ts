export { COUNTER_CONFIRMATIONS } from './counterGuard.ts';
export { createLine, type LineDeps } from './line.ts';
export { CLOCK_TOLERANCE_MS } from './zoneClock.ts';
