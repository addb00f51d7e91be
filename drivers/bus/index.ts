export { LINK_BACKOFF, METER_BACKOFF } from './backoff.ts';
export type { ErrandOutcome } from './errand.ts';
export type { Framing } from './framing.ts';
export { LineBus } from './lineBus.ts';
export { MbapFraming } from './mbapFraming.ts';
export { blamesMeter } from './polledMeter.ts';
export { RtuFraming } from './rtuFraming.ts';
export { frameSilenceMs, readLimitMs } from './timing.ts';
export type { Told, Visit } from './visit.ts';
