import {
  ALARM_KINDS,
  type AlarmKind,
  type AlarmSettings,
  type BodyOf,
  type updateAlarmSettings,
} from '#contract/index.ts';
import { ALARM_RULES, type AlarmRule } from '#domain/alarm.ts';
import { type AlarmPolicy, areShiftStarts, DEFAULT_POLICY, type RuleDelays, ruleOf } from '#domain/alarmRules.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError, type Scope, scopeCovers } from '#server/platform/http/index.ts';
import { type StoredPolicy, selectPolicies, storePolicy } from './settingStore.ts';

/** Kinds that a property can have, in the order of the contract. */
const KINDS = (Object.keys(ALARM_KINDS) as AlarmKind[]).filter((kind) => ALARM_KINDS[kind].source !== 'platform');

/** What each property set about its alarms, in memory. */
export class AlarmPolicies {
  readonly #db: Db;
  readonly #estate: EstateReader;
  #stored: ReadonlyMap<number, StoredPolicy> = new Map();

  constructor(db: Db, estate: EstateReader) {
    this.#db = db;
    this.#estate = estate;
  }

  async start(): Promise<void> {
    this.#stored = new Map((await selectPolicies(this.#db)).map((stored) => [stored.propertyId, stored]));
  }

  /** Undefined: of the platform. */
  of(propertyId: number | undefined): AlarmPolicy {
    return (propertyId === undefined ? undefined : this.#stored.get(propertyId)?.policy) ?? DEFAULT_POLICY;
  }

  rule(kind: AlarmKind, propertyId: number | undefined): AlarmRule {
    return ruleOf(this.of(propertyId), kind);
  }

  /** Throws `not-found` for a property of which the actor sees nothing. */
  read(actor: Actor, propertyId: number): AlarmSettings {
    mustSee(this.#estate, actor.scope('alarm.view'), propertyId);
    return toDto(this.#storedOf(propertyId));
  }

  /** Throws `not-found`, `permission.missing`, `request.invalid` or `conflict.changed-meanwhile`. */
  async update(actor: Actor, change: BodyOf<typeof updateAlarmSettings>): Promise<AlarmSettings> {
    const { propertyId, version } = change;
    const isThere = this.#estate.place(propertyId)?.kind === 'property';
    if (!isThere || !scopeCovers(actor.scope('estate.edit'), propertyId)) throw noProperty();
    const before = this.#storedOf(propertyId);
    const next: StoredPolicy = { propertyId, version: version + 1, policy: changed(before.policy, change) };
    await this.#db.tx(async (tx) => {
      if (before.version !== version || !(await storePolicy(tx, next))) {
        throw new AppError(
          'conflict.changed-meanwhile',
          'Somebody changed these settings meanwhile: look at them again.',
        );
      }
      await audit(tx, {
        ...{ actor, action: 'alarmSettings.update', subjectKind: 'alarmSettings', subjectId: propertyId, propertyId },
        before: before.policy,
        after: next.policy,
      });
      tx.afterCommit(() => {
        this.#stored = new Map([...this.#stored, [propertyId, next]]);
      });
    });
    return toDto(next);
  }

  #storedOf(propertyId: number): StoredPolicy {
    return this.#stored.get(propertyId) ?? { propertyId, version: 0, policy: DEFAULT_POLICY };
  }
}

/** Throws `not-found` where the scope has no part of the property. */
export function mustSee(estate: EstateReader, scope: Scope, propertyId: number): void {
  const buildings = () => estate.placesOfProperty(propertyId).filter(({ kind }) => kind === 'building');
  const isSeen = scopeCovers(scope, propertyId) || buildings().some(({ id }) => scope.buildingIds.includes(id));
  if (estate.place(propertyId)?.kind !== 'property' || !isSeen) throw noProperty();
}

function noProperty(): AppError {
  return new AppError('not-found', 'There is no such property.');
}

function changed(policy: AlarmPolicy, change: BodyOf<typeof updateAlarmSettings>): AlarmPolicy {
  const { delays = [], chatter, suppressNotOpened, shiftStarts, operators } = change;
  if (shiftStarts !== undefined && !areShiftStarts(shiftStarts)) {
    throw wrong('shiftStarts', 'each shift must begin later than the one before');
  }
  const byKind: Partial<Record<AlarmKind, RuleDelays>> = { ...policy.delays };
  for (const [index, { kind, raiseAfterS, clearAfterS }] of delays.entries()) {
    if (!KINDS.includes(kind)) throw wrong(`delays/${index}/kind`, 'is no alarm of a property');
    byKind[kind] = { raiseAfterMs: raiseAfterS * 1_000, clearAfterMs: clearAfterS * 1_000 };
  }
  return {
    delays: byKind,
    chatter:
      chatter === undefined ? policy.chatter : { times: chatter.times, windowMs: chatter.windowMinutes * 60_000 },
    suppressNotOpened: suppressNotOpened ?? policy.suppressNotOpened,
    shiftStarts: shiftStarts ?? policy.shiftStarts,
    operators: operators ?? policy.operators,
  };
}

function wrong(field: string, message: string): AppError {
  return new AppError('request.invalid', 'These settings are not possible.', [{ field, message }]);
}

function toDto({ propertyId, version, policy }: StoredPolicy): AlarmSettings {
  return {
    propertyId,
    version,
    delays: KINDS.map((kind) => {
      const rule = ruleOf(policy, kind);
      const usual: AlarmRule = ALARM_RULES[kind];
      return {
        kind,
        raiseAfterS: rule.raiseAfterMs / 1_000,
        clearAfterS: rule.clearAfterMs / 1_000,
        raiseAfterLooks: rule.raiseAfterLooks,
        clearAfterLooks: rule.clearAfterLooks,
        defaultRaiseAfterS: usual.raiseAfterMs / 1_000,
        defaultClearAfterS: usual.clearAfterMs / 1_000,
      };
    }),
    chatter: { times: policy.chatter.times, windowMinutes: policy.chatter.windowMs / 60_000 },
    suppressNotOpened: policy.suppressNotOpened,
    shiftStarts: [...policy.shiftStarts],
    operators: policy.operators,
  };
}
