import { type Diagnosis, examine } from '#domain/busDoctor.ts';
import { frameSilenceMs, READ_REQUEST_BYTES, readReplyBytes, transmitMs } from '#drivers/bus/timing.ts';
import type { LineConfig, LineMeter } from '#drivers/core/index.ts';
import { LineWatch, type Look, SAMPLE_EVERY_MS, type Window } from '#server/modules/doctor/watch.ts';
import { type Responder, virtualLine } from '../../drivers/support/virtualLine.ts';

const HOUR_MS = 3_600_000;
const SERIAL: LineConfig['serial'] = { baud: 9600, parity: 'none', stopBits: 1 };

export interface WatchedOptions {
  readonly meters: readonly LineMeter[];
  readonly config?: Partial<LineConfig>;
  /** What a meter takes before its answer; undefined: it says nothing. */
  readonly replyMs: (unit: number) => number | undefined;
  /** True where this answer comes damaged. */
  readonly damaged?: (unit: number, ordinal: number) => boolean;
}

/** A line in virtual time, on a wire that takes its time, with the doctor's watch on it. */
export function watchedLine({ meters, config, replyMs, damaged = () => false }: WatchedOptions) {
  const virtual = virtualLine({ meters, config: { serial: SERIAL, responseTimeoutMs: 1_000, ...config } });
  const { clock, wire, line } = virtual;
  const { serial } = line.config;
  const watch = new LineWatch();
  const respond: Responder = ({ unit, quantity, ordinal }, encode) => {
    const thinkMs = replyMs(unit);
    if (thinkMs === undefined) return [];
    const bytes = encode({ kind: 'read', function: 3, data: new Uint8Array(quantity * 2) });
    if (damaged(unit, ordinal)) bytes[9] = (bytes[9] ?? 0) ^ 0xff;
    const wireMs = transmitMs(READ_REQUEST_BYTES + readReplyBytes(quantity), serial) + 2 * frameSilenceMs(serial);
    return [{ afterMs: wireMs + thinkMs, bytes }];
  };
  wire.respond = respond;
  const look = (): Look => {
    const health = line.health();
    const atMs = clock.monotonicMs();
    const wallOffsetMs = clock.nowMs() - atMs;
    return {
      health,
      closed: health.link !== 'up',
      atMs,
      startedMs: health.startedMs - wallOffsetMs,
      linkSinceMs: health.linkSinceMs - wallOffsetMs,
    };
  };
  line.start();
  watch.observe(look());

  function pass(ms: number): void {
    const untilMs = clock.monotonicMs() + ms;
    while (clock.monotonicMs() < untilMs) {
      clock.advance(Math.min(SAMPLE_EVERY_MS, untilMs - clock.monotonicMs()));
      watch.observe(look());
    }
  }
  function window(): Window {
    return watch.window(look());
  }
  function diagnose(): Diagnosis {
    const seen = look();
    const { health } = seen;
    const now = watch.window(seen);
    return examine({
      ...now.line,
      link: health.link,
      observedMs: now.observedMs,
      closedMs: now.closedMs,
      serial,
      responseTimeoutMs: health.responseTimeoutMs,
      turnaroundMs: health.turnaroundMs,
      meters: health.meters.map((meter) => ({
        ...meter,
        ...now.meter(meter),
        modelId: meters[0]?.model.id ?? '',
        highestBaud: meters[0]?.model.highestBaud,
      })),
    });
  }
  return { ...virtual, watch, pass, window, diagnose };
}

/** The doctor's words on a line that has run for some hours: long enough for every back-off to have grown up. */
export function afterHours(options: WatchedOptions, hours = 2): Diagnosis {
  const watched = watchedLine(options);
  watched.pass(hours * HOUR_MS);
  return watched.diagnose();
}
