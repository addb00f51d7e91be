import { readFileSync } from 'node:fs';

/**
 * Preloaded into a server (`NODE_OPTIONS=--import=…`) whose machine's clock is stepped: on SIGUSR2 the wall clock moves to
 * the offset, ms, that stands in the file CLOCK_OFFSET_FILE. As with a real step, timers and the monotonic clock run on.
 */
const file = process.env['CLOCK_OFFSET_FILE'];
const RealDate = Date;
let offsetMs = 0;
const now = (): number => RealDate.now() + offsetMs;

// A proxy rather than a subclass, so that `instanceof` and everything else of Date stay what they are.
globalThis.Date = new Proxy(RealDate, {
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
});

process.on('SIGUSR2', () => {
  if (file !== undefined) offsetMs = Number(readFileSync(file, 'utf8'));
});
