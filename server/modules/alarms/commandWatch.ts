import type { CommandTrouble } from '#server/modules/commands/types.ts';
import type { Conditions } from './conditions.ts';

/** Which alarm each trouble with commands is. */
const KIND_OF_TROUBLE = { inDoubt: 'commandInDoubt', downloadFailed: 'downloadFailed' } as const;
const KINDS: readonly string[] = Object.values(KIND_OF_TROUBLE);

/** Commands of which nobody knows what they did, and downloads that did not reach their meter. */
export class CommandWatch {
  readonly #conditions: Conditions;

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  look(troubles: readonly CommandTrouble[], nowMs: number): void {
    const now = new Set<string>();
    for (const { meterId, kind: trouble } of troubles) {
      const kind = KIND_OF_TROUBLE[trouble];
      now.add(`${kind} ${meterId}`);
      this.#conditions.look({ kind, source: { kind: 'meter', id: meterId }, observation: 'holds', nowMs });
    }
    for (const { kind, source } of this.#conditions.all()) {
      if (!KINDS.includes(kind) || now.has(`${kind} ${source.id}`)) continue;
      this.#conditions.look({ kind, source, observation: 'gone', nowMs });
    }
  }
}
