import type { Scope } from '#server/platform/http/index.ts';
import { scopeCovers } from '#server/platform/http/index.ts';
import type { CurrentAlarm } from './types.ts';

/** Open alarms by severity and how many nobody acknowledged. */
export interface AlarmCounts {
  readonly unacknowledged: number;
  readonly low: number;
  readonly medium: number;
  readonly high: number;
}

/** The current alarms in memory, for marks on tiles and for counts that every screen asks for all the time. */
export class CurrentAlarms {
  readonly #alarms = new Map<number, CurrentAlarm>();
  /** Unacknowledged alarms per meter. */
  readonly #unacknowledged = new Map<number, Set<number>>();
  readonly #mark: (meterId: number, unacknowledged: boolean) => void;

  constructor(mark: (meterId: number, unacknowledged: boolean) => void) {
    this.#mark = mark;
  }

  put(alarm: CurrentAlarm): void {
    if (alarm.open || !alarm.acknowledged) this.#alarms.set(alarm.id, alarm);
    else this.#alarms.delete(alarm.id);
    if (alarm.source.kind === 'meter') this.#remark(alarm);
  }

  counts(scope: Scope, propertyId: number | undefined): AlarmCounts {
    const counts = { unacknowledged: 0, low: 0, medium: 0, high: 0 };
    for (const alarm of this.#alarms.values()) {
      if (!isWanted(alarm, propertyId) || !isWithin(scope, alarm)) continue;
      if (!alarm.acknowledged) counts.unacknowledged += 1;
      if (!alarm.open) continue;
      if (alarm.severity === 1) counts.low += 1;
      else if (alarm.severity === 2) counts.medium += 1;
      else counts.high += 1;
    }
    return counts;
  }

  #remark({ id, acknowledged, source }: CurrentAlarm): void {
    const ids = this.#unacknowledged.get(source.id) ?? new Set();
    if (acknowledged) ids.delete(id);
    else ids.add(id);
    if (ids.size === 0) this.#unacknowledged.delete(source.id);
    else this.#unacknowledged.set(source.id, ids);
    this.#mark(source.id, ids.size > 0);
  }
}

/** Alarms of the platform concern every property. */
function isWanted(alarm: CurrentAlarm, propertyId: number | undefined): boolean {
  return propertyId === undefined || alarm.propertyId === undefined || alarm.propertyId === propertyId;
}

function isWithin(scope: Scope, { propertyId, buildingId }: CurrentAlarm): boolean {
  return propertyId === undefined ? scope.all : scopeCovers(scope, propertyId, buildingId);
}
