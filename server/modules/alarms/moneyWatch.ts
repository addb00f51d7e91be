import type { AlarmKind } from '#contract/index.ts';
import type { Conditions } from './conditions.ts';

/** Alarms about money on its way into and out of meters. */
export type MoneyAlarmKind = Extract<AlarmKind, 'vendInDoubt' | 'vendQuarantined' | 'foreignWrite'>;

/** Meters with money in doubt, as whoever sells said it last. */
export class MoneyWatch {
  readonly #conditions: Conditions;
  readonly #said = new Map<MoneyAlarmKind, ReadonlySet<number>>();

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  set(kind: MoneyAlarmKind, meterIds: ReadonlySet<number>): void {
    this.#said.set(kind, meterIds);
  }

  look(nowMs: number): void {
    for (const [wanted, meterIds] of this.#said) {
      for (const id of meterIds)
        this.#conditions.look({ kind: wanted, source: { kind: 'meter', id }, observation: 'holds', nowMs });
      for (const { kind, source } of this.#conditions.all()) {
        if (kind === wanted && !meterIds.has(source.id))
          this.#conditions.look({ kind, source, observation: 'gone', nowMs });
      }
    }
  }
}
