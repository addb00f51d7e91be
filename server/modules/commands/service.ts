import type { BodyOf, Command, giveCommand } from '#contract/index.ts';
import { SENDABLE_MS } from '#domain/commandRules.ts';
import type { MeterModel } from '#drivers/core/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
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
import { demandWaiting, samePerson } from './batches.ts';
import type { Giving } from './give.ts';
import { demandBothAlarms, fromBody, supports } from './orders.ts';
import { type CommandRow, type RoadRow, toCommand, toProtection } from './rows.ts';
import {
  type CommandFilter,
  lockCommand,
  releaseCommands,
  selectCommand,
  selectCommands,
  sendNoMore,
  stopCommands,
} from './store.ts';
import { listProtectionRows } from './wishStore.ts';

export interface ServiceDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly tariffs: Pick<Tariffs, 'version'>;
  readonly accounts: Pick<AccountsReader, 'accountOfMeter'>;
  readonly giving: Giving;
  readonly modelOf: (modelId: string) => MeterModel | undefined;
  readonly nowMs: () => number;
  readonly changed: (tx: Tx, rows: readonly RoadRow[]) => void;
}

export type CommandService = ReturnType<typeof createService>;

/** Single commands as persons give, see, agree to and stop them. What is out of reach is `not-found`. */
export function createService(deps: ServiceDeps) {
  const { db, estate, giving } = deps;
  const shown = (row: CommandRow): Command => toCommand(row, estate.meter(row.meter_id)?.meter.meterNumber);

  async function within(tx: Tx, actor: Actor, permission: 'command.issue' | 'command.approve', id: string) {
    const row = await lockCommand(tx, id);
    if (row === undefined || !covers(actor.scope(permission), row)) throw noCommand();
    return row;
  }

  return {
    async give(actor: Actor, body: BodyOf<typeof giveCommand>): Promise<Command> {
      const { commandId, meterId, reason } = body;
      const profile = estate.meter(meterId);
      if (
        profile === undefined ||
        !scopeCovers(actor.scope('command.issue'), profile.meter.propertyId, profile.buildingId)
      ) {
        throw new AppError('not-found', `There is no meter ${meterId}.`);
      }
      const known = await selectCommand(db, commandId);
      // What was in the future when it was given may be past when the answer is asked for again.
      const nowMs = known === undefined ? deps.nowMs() : known.given_at.getTime();
      const order = fromBody(body.order, profile.meter.propertyId, deps.tariffs, nowMs);
      if (known === undefined) demandBothAlarms(order, deps.accounts.accountOfMeter(meterId));
      const model = deps.modelOf(profile.meter.modelId);
      if (known === undefined && !supports(model, order.kind)) {
        const name = model?.name ?? profile.meter.modelId;
        throw new AppError('command.not-supported', `A ${name} cannot be told ${order.kind}: choose another meter.`);
      }
      await db.tx((tx) => giving.order(tx, { commandId, meterId, order, giver: { actor }, reason }));
      return this.get(EVERYWHERE, commandId);
    },

    async get(scope: Scope, commandId: string): Promise<Command> {
      const row = await selectCommand(db, commandId);
      if (row === undefined || !covers(scope, row)) throw noCommand();
      return shown(row);
    },

    async list(scope: Scope, query: CommandFilter & { cursor?: string | undefined; limit?: number | undefined }) {
      const limit = query.limit ?? PAGE_ROWS;
      const rows = await selectCommands(db, scope, query, cursorId(query.cursor), limit + 1);
      return toPage(rows, limit, ({ number }) => number, shown);
    },

    async decide(actor: Actor, commandId: string, { agree: agrees, reason }: { agree: boolean; reason?: string }) {
      await db.tx(async (tx) => {
        const row = await within(tx, actor, 'command.approve', commandId);
        // Those of a batch are decided with their batch.
        const waits = row.state === 'awaitingApproval' && row.batch_id === null;
        demandWaiting(waits ? row.approve_before : null, deps.nowMs());
        if (row.given_by === actor.userId) throw samePerson();
        const at = new Date(deps.nowMs());
        if (agrees) await agree(tx, actor, [row]);
        else deps.changed(tx, await stopCommands(tx, { ids: [commandId] }, ['awaitingApproval'], 'notApproved', at));
        await audit(tx, {
          ...{
            actor,
            action: agrees ? 'command.agree' : 'command.refuse',
            subjectKind: 'command',
            subjectId: commandId,
          },
          ...{ propertyId: row.property_id, after: { meterId: row.meter_id, givenBy: row.given_name, reason } },
        });
      });
      return this.get(EVERYWHERE, commandId);
    },

    async stop(actor: Actor, commandId: string): Promise<Command> {
      await db.tx(async (tx) => {
        const row = await within(tx, actor, 'command.issue', commandId);
        const at = new Date(deps.nowMs());
        const ids = [commandId];
        const stopped = await stopCommands(tx, { ids }, ['queued', 'awaitingApproval'], 'stoppedByPerson', at);
        await sendNoMore(tx, { ids }, at);
        deps.changed(tx, stopped);
        await audit(tx, {
          ...{ actor, action: 'command.stop', subjectKind: 'command', subjectId: commandId },
          ...{ propertyId: row.property_id, before: { state: row.state }, after: { stopped: stopped.length > 0 } },
        });
      });
      return this.get(EVERYWHERE, commandId);
    },

    agree,

    async protections(scope: Scope, propertyId: number | undefined) {
      return { items: (await listProtectionRows(db, scope, propertyId)).map(toProtection) };
    },
  };

  /** What waited for a second person goes on, and takes effect only now. */
  async function agree(tx: Tx, actor: Actor, waiting: readonly CommandRow[]): Promise<void> {
    const [first] = waiting;
    if (first === undefined) return;
    const nowMs = deps.nowMs();
    const rows = await releaseCommands(
      tx,
      waiting.map(({ id }) => id),
      {
        ...{ by: actor.userId, name: actor.displayName, at: new Date(nowMs) },
        expiresAt: new Date(nowMs + SENDABLE_MS[first.kind]),
      },
    );
    deps.changed(tx, rows);
    await giving.takeEffect(tx, rows, { giver: { actor }, reason: first.reason });
  }
}

const EVERYWHERE: Scope = { all: true, propertyIds: [], buildingIds: [] };

function covers(scope: Scope, row: CommandRow): boolean {
  return scopeCovers(scope, row.property_id, row.building_id ?? undefined);
}

function noCommand(): AppError {
  return new AppError('not-found', 'There is no such command.');
}
