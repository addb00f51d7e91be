import type { Chance, Clock, TimerHandle } from '#drivers/core/index.ts';
import { FAULT_LIMITS, type Fault, type FaultRequest, type FrameKind, keyOfTarget, type SetFault } from './fault.ts';

/** Where a reply comes from, to find the faults that strike it. */
export interface FaultPlace {
  readonly gatewayCode: string;
  readonly lineName: string;
  readonly meterNumber: string | undefined;
}

interface Entry {
  readonly id: number;
  readonly request: FaultRequest;
  readonly key: string;
  active: boolean;
  timer: TimerHandle | undefined;
}

/** The faults that are set, who is struck by them now, and when they begin and end. */
export class FaultBook {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #onChange: () => void;
  readonly #entries = new Map<number, Entry>();
  /** Active entries by target, so that a reply without faults costs three look-ups. */
  readonly #active = new Map<string, readonly Entry[]>();
  #lastId = 0;

  /** @param onChange called after any fault began or ended */
  constructor(clock: Clock, chance: Chance, onChange: () => void) {
    this.#clock = clock;
    this.#chance = chance;
    this.#onChange = onChange;
  }

  /** Sets a fault that was checked by `parseFaultRequest` or by types. Throws RangeError when the book is full. */
  set(request: FaultRequest): SetFault {
    if (this.#entries.size >= FAULT_LIMITS.faults) throw new RangeError(`more than ${FAULT_LIMITS.faults} faults`);
    this.#lastId += 1;
    const entry: Entry = {
      id: this.#lastId,
      request,
      key: keyOfTarget(request.target),
      active: false,
      timer: undefined,
    };
    this.#entries.set(entry.id, entry);
    if ((request.afterSeconds ?? 0) > 0) this.#later(entry, request.afterSeconds ?? 0, () => this.#begin(entry));
    else this.#begin(entry);
    return shown(entry);
  }

  /** Ends and forgets a fault. False when there is none of this id. */
  clear(id: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.timer?.cancel();
    this.#entries.delete(id);
    this.#turn(entry, false);
    return true;
  }

  list(): readonly SetFault[] {
    return [...this.#entries.values()].map(shown);
  }

  /** Is a fault of this kind active here, whatever its probability? */
  isActive(kind: Fault['kind'], place: FaultPlace): boolean {
    return this.#at(place).some((entry) => entry.request.fault.kind === kind);
  }

  /** The faults that strike one exchange: the active ones here for frames of this kind, each by its own chance. */
  strike(place: FaultPlace, frame: FrameKind): readonly Fault[] {
    if (this.#active.size === 0) return NO_FAULTS;
    const struck = this.#at(place).filter(
      ({ request: { on, probability } }) =>
        (on === undefined || on === frame) && (probability === undefined || this.#chance() < probability),
    );
    return struck.length === 0 ? NO_FAULTS : struck.map((entry) => entry.request.fault);
  }

  /** Cancels all timers; the book stays as it is. */
  stop(): void {
    for (const entry of this.#entries.values()) entry.timer?.cancel();
  }

  #at(place: FaultPlace): readonly Entry[] {
    const { gatewayCode, lineName, meterNumber } = place;
    return [
      ...(this.#active.get(`gateway ${gatewayCode}`) ?? []),
      ...(this.#active.get(`line ${gatewayCode}/${lineName}`) ?? []),
      ...(meterNumber === undefined ? [] : (this.#active.get(`meter ${meterNumber}`) ?? [])),
    ];
  }

  #begin(entry: Entry): void {
    const { durationSeconds, everySeconds } = entry.request;
    this.#turn(entry, true);
    if (durationSeconds === undefined) return;
    this.#later(entry, durationSeconds, () => {
      if (everySeconds === undefined || everySeconds <= durationSeconds) {
        this.clear(entry.id);
        return;
      }
      this.#turn(entry, false);
      this.#later(entry, everySeconds - durationSeconds, () => this.#begin(entry));
    });
  }

  #later(entry: Entry, seconds: number, work: () => void): void {
    entry.timer = this.#clock.after(seconds * 1_000, work);
  }

  #turn(entry: Entry, active: boolean): void {
    if (entry.active === active) return;
    entry.active = active;
    const others = (this.#active.get(entry.key) ?? []).filter((other) => other !== entry);
    const now = active ? [...others, entry] : others;
    if (now.length === 0) this.#active.delete(entry.key);
    else this.#active.set(entry.key, now);
    this.#onChange();
  }
}

const NO_FAULTS: readonly Fault[] = [];

function shown(entry: Entry): SetFault {
  return { ...entry.request, id: entry.id, active: entry.active };
}
