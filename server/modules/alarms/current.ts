import type { countAlarms, ResponseOf } from '#contract/index.ts';
import { isAnnounced } from '#domain/alarmLife.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { scopeCovers } from '#server/platform/http/index.ts';
import type { CurrentAlarm } from './types.ts';

/** How many there are: by severity where the condition holds and nothing holds it back, by state, and who has them. */
export type AlarmCounts = ResponseOf<typeof countAlarms>;

/** The alarms that are not closed, in memory, for marks on tiles and for counts that every screen asks for all the time. */
export class CurrentAlarms {
  readonly #alarms = new Map<number, CurrentAlarm>();
  /** Alarms that wait for a hand, per meter. */
  readonly #unacknowledged = new Map<number, Set<number>>();
  readonly #mark: (meterId: number, unacknowledged: boolean) => void;

  constructor(mark: (meterId: number, unacknowledged: boolean) => void) {
    this.#mark = mark;
  }

  put(alarm: CurrentAlarm): void {
    if (alarm.state === 'closed') this.#alarms.delete(alarm.id);
    else this.#alarms.set(alarm.id, alarm);
    if (alarm.source.kind === 'meter') this.#remark(alarm);
  }

  all(): Iterable<CurrentAlarm> {
    return this.#alarms.values();
  }

  /** `userId`: whose `mine` is; nobody's by default. */
  counts(scope: Scope, propertyId: number | undefined, userId?: number): AlarmCounts {
    const states = { unacknowledged: 0, acknowledged: 0, returned: 0, shelved: 0, suppressed: 0, outOfService: 0 };
    const counts = { unacknowledged: 0, low: 0, medium: 0, high: 0, states, mine: 0, calling: 0, chattering: 0 };
    for (const alarm of this.#alarms.values()) {
      const { state } = alarm;
      if (state === 'closed' || !isWanted(alarm, propertyId) || !isWithin(scope, alarm)) continue;
      states[state] += 1;
      if (waitsForHand(alarm)) counts.unacknowledged += 1;
      if (alarm.chattering) counts.chattering += 1;
      else if (state === 'unacknowledged') counts.calling = Math.max(counts.calling, alarm.severity);
      if (userId !== undefined && alarm.assignedTo === userId && (isAnnounced(state) || state === 'shelved'))
        counts.mine += 1;
      if (state !== 'unacknowledged' && state !== 'acknowledged') continue;
      if (alarm.severity === 1) counts.low += 1;
      else if (alarm.severity === 2) counts.medium += 1;
      else counts.high += 1;
    }
    return counts;
  }

  #remark(alarm: CurrentAlarm): void {
    const { id, source } = alarm;
    const ids = this.#unacknowledged.get(source.id) ?? new Set();
    if (waitsForHand(alarm)) ids.add(id);
    else ids.delete(id);
    if (ids.size === 0) this.#unacknowledged.delete(source.id);
    else this.#unacknowledged.set(source.id, ids);
    this.#mark(source.id, ids.size > 0);
  }
}

function waitsForHand({ state }: CurrentAlarm): boolean {
  return state === 'unacknowledged' || state === 'returned';
}

/** Alarms of the platform concern every property. */
function isWanted(alarm: CurrentAlarm, propertyId: number | undefined): boolean {
  return propertyId === undefined || alarm.propertyId === undefined || alarm.propertyId === propertyId;
}

function isWithin(scope: Scope, { propertyId, buildingId }: CurrentAlarm): boolean {
  return propertyId === undefined ? scope.all : scopeCovers(scope, propertyId, buildingId);
}
