import type { BodyOf, CommandBatch, giveBatch, previewBatch, ResponseOf } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader, MeterProfile } from '#server/modules/estate/types.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Tariffs } from '#server/modules/tariffs/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import {
  type Actor,
  AppError,
  cursorId,
  PAGE_ROWS,
  type Scope,
  scopeCovers,
  toPage,
} from '#server/platform/http/index.ts';
import {
  type BatchFilter,
  countStates,
  decideBatchRow,
  insertBatch,
  lockBatch,
  selectBatch,
  selectBatches,
  selectBatchMeters,
  selectMetersInStates,
  stopBatchRow,
} from './batchStore.ts';
import { APPROVAL_MS_MAX, type Giving, newCommandId, type Prospect, sameOrder, takesTwo } from './give.ts';
import { demandBothAlarms, fromBody, fromStored, invalid, toStored } from './orders.ts';
import { type BatchRow, type CommandRow, isForWindow, type ProtectionRow, type RoadRow, toBatch } from './rows.ts';
import { selectCommands, sendNoMore, stopCommands } from './store.ts';
import type { CommandOrder } from './types.ts';

export interface BatchesDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'meter'>;
  readonly accounts: Pick<AccountsReader, 'policy' | 'accountOfMeter'>;
  readonly tariffs: Pick<Tariffs, 'version'>;
  readonly giving: Giving;
  readonly nowMs: () => number;
  readonly changed: (tx: Tx, rows: readonly RoadRow[]) => void;
  /** Agrees to what waits (see decisions.ts). */
  readonly agree: (tx: Tx, actor: Actor, rows: readonly CommandRow[]) => Promise<void>;
}

type Preview = ResponseOf<typeof previewBatch>;
/** Most commands of a batch, once more than a batch may have. */
const ALL_ROWS = 100_000;
const EVERYWHERE: Scope = { all: true, propertyIds: [], buildingIds: [] };

export type Batches = ReturnType<typeof createBatches>;

/** The same order for many meters of one property: foreseen, given, agreed to, stopped, tried again. */
export function createBatches(deps: BatchesDeps) {
  const { db, giving } = deps;

  function metersOf(actor: Actor, meterIds: readonly number[]): readonly MeterProfile[] {
    const scope = actor.scope('command.issue');
    const profiles = meterIds.map((meterId, index) => {
      const profile = deps.estate.meter(meterId);
      if (profile === undefined || !scopeCovers(scope, profile.meter.propertyId, profile.buildingId)) {
        throw new AppError('not-found', `There is no meter ${meterId}.`, [
          { field: `meterIds.${index}`, message: 'is not there' },
        ]);
      }
      return profile;
    });
    if (new Set(profiles.map(({ meter }) => meter.propertyId)).size > 1) {
      throw invalid('meterIds', 'must be of one property: give a batch for each');
    }
    return profiles;
  }

  /** Does this need a second person? Above the property's limit, and whatever takes two for one meter already. */
  async function secondPerson(tx: Tx, order: CommandOrder, propertyId: number, run: readonly Prospect[]) {
    const above = deps.accounts.policy(propertyId).batchSecondPersonMeters;
    const harmless = order.kind === 'read';
    const ids = run.map(({ profile }) => profile.meter.id);
    const always = await takesTwo(tx, order, ids);
    return { above, needed: !harmless && (run.length > above || always) };
  }

  async function give(
    actor: Actor,
    request: {
      readonly batchId: string;
      readonly profiles: readonly MeterProfile[];
      readonly order: CommandOrder;
      readonly reason: string;
      readonly retryOf?: string;
    },
  ): Promise<CommandBatch> {
    const { batchId, profiles, order, reason, retryOf } = request;
    const [first] = profiles;
    if (first === undefined) throw invalid('meterIds', 'must name a meter');
    const { propertyId } = first.meter;
    const meterIds = profiles.map(({ meter }) => meter.id);
    await db.tx(async (tx) => {
      const known = await selectBatch(tx, batchId);
      if (known !== undefined) {
        const knownIds = await selectBatchMeters(tx, batchId);
        return demandSame(known, knownIds, { propertyId, meterIds, order, reason, retryOf });
      }
      const foreseen = await giving.foresee(tx, profiles, order, { actor });
      const run = foreseen.filter(({ state }) => state === 'queued');
      const { needed } = await secondPerson(tx, order, propertyId, run);
      const at = new Date(deps.nowMs());
      const row = await insertBatch(tx, {
        ...{ id: batchId, propertyId, buildingId: commonBuilding(profiles), kind: order.kind, order: toStored(order) },
        ...{ reason, meterIds, retryOf, givenBy: actor.userId, givenName: actor.displayName, at },
        approveBefore: needed ? new Date(at.getTime() + APPROVAL_MS_MAX) : undefined,
      });
      // Somebody else gave it between our look and our row.
      if (row === undefined) throw keyReused();
      const meters = profiles.map((profile) => ({ commandId: newCommandId(), profile }));
      const giver = { actor };
      await giving.give(tx, { propertyId, meters, order, giver, reason, batchId, waits: needed, foreseen });
      await audit(tx, {
        ...{ actor, action: 'command-batch.give', subjectKind: 'commandBatch', subjectId: batchId, propertyId },
        after: { order: row.command_order, reason, meterIds, run: run.length, secondPerson: needed, retryOf },
      });
    });
    return batchOf(batchId);
  }

  async function batchOf(batchId: string): Promise<CommandBatch> {
    const row = await selectBatch(db, batchId);
    if (row === undefined) throw noBatch();
    return toBatch(row, (await countStates(db, [batchId])).get(batchId) ?? {});
  }

  async function within(tx: Tx, actor: Actor, permission: 'command.issue' | 'command.approve', batchId: string) {
    const row = await lockBatch(tx, batchId);
    if (row === undefined || !covers(actor.scope(permission), row)) throw noBatch();
    return row;
  }

  return {
    async preview(actor: Actor, { meterIds, order: body }: BodyOf<typeof previewBatch>): Promise<Preview> {
      const profiles = metersOf(actor, meterIds);
      const propertyId = profiles[0]?.meter.propertyId ?? 0;
      const order = fromBody(body, propertyId, deps.tariffs, deps.nowMs());
      return db.tx(async (tx) => {
        const prospects = await giving.foresee(tx, profiles, order, { actor });
        const run = prospects.filter(({ state }) => state === 'queued');
        const { above, needed } = await secondPerson(tx, order, propertyId, run);
        const items = prospects.map((prospect) => toItem(prospect, order, deps.metering));
        const dark = items.filter(({ goesDark }) => goesDark);
        return {
          ...{ propertyId, total: items.length, run: run.length, skipped: items.length - run.length },
          ...{ goDark: dark.length, darkLoadW: dark.reduce((sum, { loadW = 0 }) => sum + loadW, 0) },
          ...{ needsSecondPerson: needed, secondPersonAbove: above, items },
        };
      });
    },

    async give(actor: Actor, body: BodyOf<typeof giveBatch>) {
      const profiles = metersOf(actor, body.meterIds);
      const known = await selectBatch(db, body.batchId);
      // What was in the future when it was given may be past when the answer is asked for again.
      const nowMs = known === undefined ? deps.nowMs() : known.given_at.getTime();
      const order = fromBody(body.order, profiles[0]?.meter.propertyId ?? 0, deps.tariffs, nowMs);
      if (known === undefined)
        for (const { meter } of profiles) demandBothAlarms(order, deps.accounts.accountOfMeter(meter.id));
      return give(actor, { batchId: body.batchId, profiles, order, reason: body.reason });
    },

    async get(scope: Scope, batchId: string): Promise<CommandBatch> {
      const row = await selectBatch(db, batchId);
      if (row === undefined || !covers(scope, row)) throw noBatch();
      return batchOf(batchId);
    },

    async list(scope: Scope, query: BatchFilter & { cursor?: string | undefined; limit?: number | undefined }) {
      const limit = query.limit ?? PAGE_ROWS;
      const rows = await selectBatches(db, scope, query, cursorId(query.cursor), limit + 1);
      const counts = await countStates(
        db,
        rows.map(({ id }) => id),
      );
      return toPage(
        rows,
        limit,
        ({ number }) => number,
        (row) => toBatch(row, counts.get(row.id) ?? {}),
      );
    },

    async decide(actor: Actor, batchId: string, { agree, reason }: { agree: boolean; reason?: string }) {
      await db.tx(async (tx) => {
        const row = await within(tx, actor, 'command.approve', batchId);
        demandWaiting(row.approval === 'waiting' ? row.approve_before : null, deps.nowMs());
        if (row.given_by === actor.userId) throw samePerson();
        const at = new Date(deps.nowMs());
        const approval = agree ? 'agreed' : 'refused';
        await decideBatchRow(tx, batchId, { approval, by: actor.userId, name: actor.displayName, reason, at });
        if (agree) {
          const waiting = { batchId, state: 'awaitingApproval' } as const;
          await deps.agree(tx, actor, await selectCommands(tx, EVERYWHERE, waiting, undefined, ALL_ROWS));
        } else {
          deps.changed(tx, await stopCommands(tx, { batchId }, ['awaitingApproval'], 'notApproved', at));
        }
        await audit(tx, {
          ...{ actor, action: `command-batch.${approval}`, subjectKind: 'commandBatch', subjectId: batchId },
          ...{ propertyId: row.property_id, after: { givenBy: row.given_name, reason } },
        });
      });
      return batchOf(batchId);
    },

    async stop(actor: Actor, batchId: string) {
      await db.tx(async (tx) => {
        const row = await within(tx, actor, 'command.issue', batchId);
        const at = new Date(deps.nowMs());
        const stopped = await stopCommands(tx, { batchId }, ['queued', 'awaitingApproval'], 'stoppedByPerson', at);
        await sendNoMore(tx, { batchId }, at);
        deps.changed(tx, stopped);
        await stopBatchRow(tx, batchId, { by: actor.userId, name: actor.displayName, at });
        await audit(tx, {
          ...{ actor, action: 'command-batch.stop', subjectKind: 'commandBatch', subjectId: batchId },
          ...{ propertyId: row.property_id, after: { stopped: stopped.length } },
        });
      });
      return batchOf(batchId);
    },

    async retry(actor: Actor, ofBatchId: string, { batchId, reason }: { batchId: string; reason?: string }) {
      const row = await selectBatch(db, ofBatchId);
      if (row === undefined || !covers(actor.scope('command.issue'), row)) throw noBatch();
      const again = await selectBatch(db, batchId);
      if (again?.retry_of === ofBatchId) return batchOf(batchId);
      if (again !== undefined) throw keyReused();
      const meterIds = await selectMetersInStates(db, ofBatchId, ['failed', 'rejected', 'held']);
      const present = meterIds.filter((meterId) => deps.estate.meter(meterId) !== undefined);
      if (present.length === 0) {
        throw new AppError('command.nothing-to-retry', 'No meter of this batch failed, was rejected or held.');
      }
      const order = fromStored(row.command_order);
      const profiles = metersOf(actor, present);
      return give(actor, { batchId, profiles, order, reason: reason ?? row.reason, retryOf: ofBatchId });
    },
  };
}

/** Who waits for a second person must still be waiting. */
export function demandWaiting(approveBefore: Date | null, nowMs: number): void {
  if (approveBefore === null || approveBefore.getTime() <= nowMs) {
    throw new AppError(
      'command.not-waiting',
      'This does not wait for a second person: it was decided, or its time is over.',
    );
  }
}

export function samePerson(): AppError {
  return new AppError('approval.same-person', 'Another person must agree: who gave the order may not.');
}

function covers(scope: Scope, row: BatchRow): boolean {
  return scopeCovers(scope, row.property_id, row.building_id ?? undefined);
}

function noBatch(): AppError {
  return new AppError('not-found', 'There is no such batch.');
}

function keyReused(): AppError {
  return new AppError('request.key-reused', 'This batchId belongs to another batch: make a new one.', [
    { field: 'batchId', message: 'belongs to another batch' },
  ]);
}

function demandSame(
  known: BatchRow,
  knownIds: readonly number[],
  wanted: {
    readonly propertyId: number;
    readonly meterIds: readonly number[];
    readonly order: CommandOrder;
    readonly reason: string;
    readonly retryOf: string | undefined;
  },
): void {
  const same =
    known.property_id === wanted.propertyId &&
    known.reason === wanted.reason &&
    known.retry_of === (wanted.retryOf ?? null) &&
    sameOrder(known.command_order, toStored(wanted.order)) &&
    knownIds.length === wanted.meterIds.length &&
    knownIds.every((id, index) => id === wanted.meterIds[index]);
  if (!same) throw keyReused();
}

/** The building in which all of them stand, for rights on buildings. */
function commonBuilding(profiles: readonly MeterProfile[]): number | undefined {
  const buildings = new Set(profiles.map(({ buildingId }) => buildingId));
  return buildings.size === 1 ? [...buildings][0] : undefined;
}

function toItem(prospect: Prospect, order: CommandOrder, metering: Pick<Metering, 'meter'>): Preview['items'][number] {
  const { profile, state, why, detail, weighed } = prospect;
  const { id: meterId, meterNumber } = profile.meter;
  const view = metering.meter(meterId);
  const runs = state === 'queued';
  // Whoever is not known to be off may be on: a meter never read, or one of three phases open.
  const mayBeOn = view?.last?.status.relay !== 'open';
  // What a lost meter drew when it was last heard is not what it draws now.
  const loadW = view?.state.facts.link === 'lost' ? undefined : view?.last?.loadW;
  const decision = weighed?.decision;
  return {
    ...{ meterId, meterNumber, path: profile.path.map(({ names }) => names), outcome: runs ? 'run' : 'skip' },
    ...{ why: [...why], goesDark: runs && order.kind === 'trip' && mayBeOn },
    ...(detail === undefined ? {} : { detail }),
    ...(decision?.cut === true && !runs ? { cutAt: new Date(decision.atMs).toISOString() } : {}),
    ...(weighed?.protection === undefined ? {} : { protection: protectionOf(weighed.protection) }),
    ...(weighed?.account === undefined ? {} : { customer: weighed.account.customerName }),
    ...(loadW === undefined ? {} : { loadW }),
  };
}

function protectionOf(row: ProtectionRow) {
  const { reason, until_at: until } = row;
  return {
    reason,
    by: isForWindow(row) ? 'window' : 'person',
    ...(until === null ? {} : { until: until.toISOString() }),
  } as const;
}
