import { type Diagnosis, examine } from '#domain/busDoctor.ts';
import type { LineFacts } from '#domain/busFacts.ts';
import type { Clock, LineHealth } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import { LineWatch, type Look, type Minute, SAMPLE_EVERY_MS, type Window } from './watch.ts';

/** A diagnosis serves everybody who asks within so long: lists of many lines are refreshed by many screens. */
export const DIAGNOSIS_KEPT_MS = 2_000;

export interface WardDeps {
  readonly estate: EstateReader;
  readonly lines: LineDesk;
  readonly highestBaudOf: (modelId: string) => number | undefined;
  readonly clock: Clock;
}

/** A line that is run, examined. */
export interface Examined {
  readonly diagnosis: Diagnosis;
  readonly health: LineHealth;
  readonly window: Window;
  /** Wall time. */
  readonly sinceMs: number;
}

interface Patient {
  readonly watch: LineWatch;
  sampledMs: number;
  examinedMs: number;
  examined: Examined | undefined;
}

/** The watches of all lines. */
export class Ward {
  readonly #deps: WardDeps;
  readonly #patients = new Map<number, Patient>();

  constructor(deps: WardDeps) {
    this.#deps = deps;
  }

  /** Takes the sample of a line when a minute has passed since its last one. */
  observe(lineId: number): void {
    const look = this.#look(lineId);
    if (look === undefined) {
      this.#patients.delete(lineId);
      return;
    }
    const patient = this.#patient(lineId);
    // A small estate comes round sooner than a minute.
    if (look.atMs - patient.sampledMs < SAMPLE_EVERY_MS) return;
    patient.sampledMs = look.atMs;
    patient.watch.observe(look);
  }

  /** Forgets lines that are gone. */
  keepOnly(lineIds: ReadonlySet<number>): void {
    for (const lineId of this.#patients.keys()) if (!lineIds.has(lineId)) this.#patients.delete(lineId);
  }

  /** Undefined when the line is not run. */
  examine(lineId: number): Examined | undefined {
    const look = this.#look(lineId);
    if (look === undefined) return undefined;
    const patient = this.#patient(lineId);
    if (patient.examined !== undefined && look.atMs - patient.examinedMs < DIAGNOSIS_KEPT_MS) return patient.examined;
    const window = patient.watch.window(look);
    const { clock } = this.#deps;
    patient.examinedMs = look.atMs;
    patient.examined = {
      diagnosis: examine(this.#factsOf(look, window)),
      health: look.health,
      window,
      sinceMs: clock.nowMs() - (look.atMs - window.sinceMs),
    };
    return patient.examined;
  }

  minutes(lineId: number, { window }: Examined): readonly Minute[] {
    return this.#patients.get(lineId)?.watch.minutes(window.sinceMs) ?? [];
  }

  figures(): { readonly lines: number; readonly samples: number } {
    let samples = 0;
    for (const { watch } of this.#patients.values()) samples += watch.points;
    return { lines: this.#patients.size, samples };
  }

  #patient(lineId: number): Patient {
    const known = this.#patients.get(lineId);
    if (known !== undefined) return known;
    const patient: Patient = {
      watch: new LineWatch(),
      sampledMs: Number.NEGATIVE_INFINITY,
      examinedMs: Number.NEGATIVE_INFINITY,
      examined: undefined,
    };
    this.#patients.set(lineId, patient);
    return patient;
  }

  #look(lineId: number): Look | undefined {
    const { lines, clock } = this.#deps;
    const health = lines.health(lineId);
    if (health === undefined) return undefined;
    const atMs = clock.monotonicMs();
    const wallOffsetMs = clock.nowMs() - atMs;
    return {
      health,
      // The link of a gateway that swallows packets is "connecting" most of the time; the path knows that it is down.
      closed: health.link !== 'up' && lines.path(lineId) === 'down',
      atMs,
      startedMs: health.startedMs - wallOffsetMs,
      linkSinceMs: health.linkSinceMs - wallOffsetMs,
    };
  }

  #factsOf({ health, closed }: Look, window: Window): LineFacts {
    const { estate, highestBaudOf } = this.#deps;
    const { link, serial, responseTimeoutMs, turnaroundMs } = health;
    return {
      ...window.line,
      link: closed ? 'down' : link,
      observedMs: window.observedMs,
      closedMs: window.closedMs,
      serial,
      responseTimeoutMs,
      turnaroundMs,
      meters: health.meters.map((meter) => {
        const modelId = estate.meter(meter.meterId)?.meter.modelId ?? '';
        const { meterId, unitAddress, livePollMs, limitMs, liveRequests, consecutiveFailures, backoffMs } = meter;
        const counters = window.meter(meter);
        const now = { meterId, unitAddress, livePollMs, limitMs, liveRequests, consecutiveFailures, backoffMs };
        return { ...counters, ...now, modelId, highestBaud: highestBaudOf(modelId) };
      }),
    };
  }
}
