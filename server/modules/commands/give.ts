import { randomUUID } from 'node:crypto';
import { APPROVAL_MINUTES } from '#contract/index.ts';
import { SENDABLE_MS } from '#domain/commandRules.ts';
import type { MeterModel } from '#drivers/core/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader, MeterProfile } from '#server/modules/estate/types.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import { recordOf } from './cutRecord.ts';
import { causeOf, type Guard, isRule, type WeighedCut } from './facts.ts';
import { RELAY_KINDS, type StoredOrder, supports, toStored } from './orders.ts';
import type { RoadRow } from './rows.ts';
import { insertCommands, type NewCommand, selectCommand, stopSuperseded } from './store.ts';
import type { CommandKind, CommandOrder, CommandState, CommandWhy, Giver } from './types.ts';
import { beginProtections, endProtections, selectOpenBy, selectProtections } from './wishStore.ts';

/** A second person has so long to agree; then the facts are too old. */
export const APPROVAL_MS_MAX = APPROVAL_MINUTES * 60_000;
/** Commands of one statement; a batch is several. */
const COMMANDS_PER_STATEMENT = 5_000;

export interface GiveDeps {
  readonly estate: EstateReader;
  readonly guard: Guard;
  readonly modelOf: (modelId: string) => MeterModel | undefined;
  readonly nowMs: () => number;
  /** After commit: these are other than before. */
  readonly changed: (tx: Tx, rows: readonly RoadRow[]) => void;
  /** After commit: the protective list is another. */
  readonly protectionChanged: (tx: Tx, meterIds: readonly number[]) => void;
}

export interface GiveRequest {
  readonly propertyId: number;
  readonly meters: readonly { readonly commandId: string; readonly profile: MeterProfile }[];
  readonly order: CommandOrder;
  readonly giver: Giver;
  readonly reason: string;
  readonly batchId?: string;
  /** A second person must agree first. */
  readonly waits: boolean;
  /** What was foreseen of these very meters in this transaction; left out, it is weighed now. */
  readonly foreseen?: readonly Prospect[];
}

/** What would become of an order for one meter, now. */
export interface Prospect {
  readonly profile: MeterProfile;
  readonly state: Extract<CommandState, 'queued' | 'held'>;
  readonly why: readonly CommandWhy[];
  readonly detail: string | undefined;
  readonly weighed: WeighedCut | undefined;
}

export type Giving = ReturnType<typeof createGiving>;

/** How orders enter the house: guard, rows and what follows from them, all in the caller's transaction. */
export function createGiving(deps: GiveDeps) {
  /** What the rules say of an order, meter by meter; nothing is stored. */
  async function foresee(
    tx: Tx,
    profiles: readonly MeterProfile[],
    order: CommandOrder,
    giver: Giver,
  ): Promise<readonly Prospect[]> {
    const nowMs = deps.nowMs();
    const able = (profile: MeterProfile) => supports(deps.modelOf(profile.meter.modelId), order.kind);
    const cause = causeOf(order, isRule(giver));
    const questions = order.kind === 'trip' ? profiles.filter(able).map((profile) => ({ profile, cause })) : [];
    const weighed = await deps.guard.weigh(tx, questions, nowMs);
    const bound = isRule(giver) && leavesPersonsTrip(order.kind, giver.rule);
    const openBy = bound ? await selectOpenBy(tx, idsOf(profiles)) : new Map<number, 'person'>();
    return profiles.map((profile) => {
      const cut = weighed.get(profile.meter.id);
      const free = openBy.get(profile.meter.id) === 'person' ? TRIPPED_BY_PERSON : judgeCut(cut, nowMs);
      return { profile, weighed: cut, ...(able(profile) ? free : NOT_SUPPORTED) };
    });
  }

  /** Stores commands; ids that are known are left as they are. Returns the new ones. */
  async function give(tx: Tx, request: GiveRequest): Promise<readonly RoadRow[]> {
    const { order, giver, meters } = request;
    const at = new Date(deps.nowMs());
    const profiles = meters.map(({ profile }) => profile);
    const foreseen = request.foreseen ?? (await foresee(tx, profiles, order, giver));
    const prospects = new Map(foreseen.map((prospect) => [prospect.profile.meter.id, prospect]));
    const commands = meters.map(({ commandId, profile }): NewCommand => {
      const prospect = prospects.get(profile.meter.id);
      const { state, why, detail } = prospect ?? NOT_SUPPORTED;
      const { id: meterId, lineId } = profile.meter;
      const waits = state === 'queued' && request.waits;
      return {
        ...{ id: commandId, meterId, lineId, buildingId: profile.buildingId },
        ...{ state: waits ? 'awaitingApproval' : state, why, detail },
        weighed: prospect?.weighed && recordOf(prospect.weighed, at.getTime()),
      };
    });
    const rows: RoadRow[] = [];
    for (let from = 0; from < commands.length; from += COMMANDS_PER_STATEMENT) {
      const part = commands.slice(from, from + COMMANDS_PER_STATEMENT);
      rows.push(...(await insertCommands(tx, headOf(request, at), part)));
    }
    deps.changed(tx, rows);
    await takeEffect(
      tx,
      rows.filter(({ state }) => state === 'queued'),
      request,
    );
    return rows;
  }

  /** What an order changes at once, before any meter has heard of it. */
  async function takeEffect(
    tx: Tx,
    rows: readonly RoadRow[],
    { giver, reason }: Pick<GiveRequest, 'giver' | 'reason'>,
  ): Promise<void> {
    const [first] = rows;
    if (first === undefined || !RELAY_KINDS.includes(first.kind)) return;
    const at = new Date(deps.nowMs());
    const { by, name } = nameOf(giver);
    deps.changed(
      tx,
      await stopSuperseded(
        tx,
        rows.map(({ id }) => id),
        at,
      ),
    );
    const meterIds = rows.map(({ meter_id }) => meter_id);
    if (first.kind === 'protect') {
      const { command_order: order } = first;
      const until = order.kind === 'protect' && order.until !== undefined ? new Date(order.until) : undefined;
      await beginProtections(
        tx,
        rows.map((row) => ({
          ...{ id: row.id, meterId: row.meter_id, propertyId: row.property_id },
          ...{ buildingId: row.building_id ?? undefined, reason, at, until, givenBy: by, givenName: name },
        })),
      );
      deps.protectionChanged(tx, meterIds);
    }
    if (first.kind === 'restorePrepaid' && !isRule(giver)) {
      deps.protectionChanged(tx, await endProtections(tx, meterIds, { at, by, name }));
    }
  }

  return {
    foresee,
    give,
    takeEffect,

    /** One order for one meter; the same id again answers what it has become. */
    async order(
      tx: Tx,
      request: Pick<GiveRequest, 'order' | 'giver' | 'reason'> & {
        readonly commandId: string;
        readonly meterId: number;
      },
    ): Promise<RoadRow> {
      const { commandId, meterId, order, giver, reason } = request;
      const profile = deps.estate.meter(meterId);
      if (profile === undefined) throw new AppError('not-found', `There is no meter ${meterId}.`);
      const { propertyId } = profile.meter;
      const waits = !isRule(giver) && (await takesTwo(tx, order, [meterId]));
      const meters = [{ commandId, profile }];
      const foreseen = await foresee(tx, [profile], order, giver);
      const [made] = await give(tx, { propertyId, meters, order, giver, reason, waits, foreseen });
      if (made === undefined) return repeated(tx, request);
      const { name } = nameOf(giver);
      const cut = foreseen[0]?.weighed;
      const weighed = cut && recordOf(cut, deps.nowMs());
      await audit(tx, {
        actor: isRule(giver) ? undefined : giver.actor,
        action: 'command.give',
        subjectKind: 'command',
        subjectId: commandId,
        propertyId,
        after: { meterId, order: made.command_order, reason, givenBy: name, state: made.state, why: made.why, weighed },
      });
      return made;
    },
  };
}

/**
 * A rule has no say over a relay that a person was the last to trip: works and danger end when a person says so. Only a
 * repair may say the person's own trip again.
 */
export function leavesPersonsTrip(kind: CommandKind, rule: string): boolean {
  return RELAY_KINDS.includes(kind) && !(rule === 'repair' && kind === 'trip');
}

const TRIPPED_BY_PERSON = { state: 'held', why: ['trippedByPerson'], detail: undefined } as const;
const idsOf = (profiles: readonly MeterProfile[]) => profiles.map(({ meter }) => meter.id);
/** Nothing was tried, so that nothing failed: as with everything that the preview skips. */
const NOT_SUPPORTED = { state: 'held', why: ['notSupported'], detail: undefined } as const;

/** No cut to be weighed is an order that nothing speaks against. */
function judgeCut(cut: WeighedCut | undefined, nowMs: number): Pick<Prospect, 'state' | 'why' | 'detail'> {
  if (cut === undefined) return { state: 'queued', why: [], detail: undefined };
  const { decision } = cut;
  if (!decision.cut) return { state: 'held', why: decision.why, detail: undefined };
  if (decision.atMs <= nowMs) return { state: 'queued', why: [], detail: undefined };
  return { state: 'held', why: ['cutLater'], detail: new Date(decision.atMs).toISOString() };
}

/**
 * Does this order of a person need a second one, for however few meters? Wherever it takes protection away, and where supply
 * is cut for fees of the property, which the law mostly forbids (Civil Code Art. 944 ¶3).
 */
export async function takesTwo(tx: Tx, order: CommandOrder, meterIds: readonly number[]): Promise<boolean> {
  if (order.kind === 'trip') return order.cause === 'propertyFee' && meterIds.length > 0;
  return order.kind === 'restorePrepaid' && (await selectProtections(tx, meterIds)).length > 0;
}

/** The same command again, or a mistake of the one who made the id. */
async function repeated(
  tx: Tx,
  { commandId, meterId, order, reason }: { commandId: string; meterId: number; order: CommandOrder; reason: string },
): Promise<RoadRow> {
  const known = await selectCommand(tx, commandId);
  const same =
    known !== undefined &&
    known.meter_id === meterId &&
    known.reason === reason &&
    sameOrder(known.command_order, toStored(order));
  if (!same) {
    throw new AppError('request.key-reused', 'This commandId belongs to another command: make a new one.', [
      { field: 'commandId', message: 'belongs to another command' },
    ]);
  }
  return known;
}

/** The same order, whatever order its fields are stored in. */
export function sameOrder(one: StoredOrder, other: StoredOrder): boolean {
  const text = (order: StoredOrder): string => JSON.stringify(Object.entries(order).toSorted(byName).map(flat));
  return text(one) === text(other);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function flat([name, value]: readonly [string, unknown]): unknown {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value).toSorted(byName) : value;
  return [name, inner];
}

export function nameOf(giver: Giver): { readonly by: number | undefined; readonly name: string } {
  return isRule(giver)
    ? { by: undefined, name: giver.rule }
    : { by: giver.actor.userId, name: giver.actor.displayName };
}

function headOf({ propertyId, order, giver, reason, batchId }: GiveRequest, at: Date) {
  const { by, name } = nameOf(giver);
  return {
    ...{ batchId, propertyId, kind: order.kind, order: toStored(order), reason, at },
    urgency: urgencyOf(order.kind) + (batchId === undefined ? 0 : BEHIND_SINGLES),
    ...{ givenBy: by, givenName: name, rule: isRule(giver) ? giver.rule : undefined },
    expiresAt: new Date(at.getTime() + SENDABLE_MS[order.kind]),
    approveBefore: new Date(at.getTime() + APPROVAL_MS_MAX),
  };
}

/** A person who waits at one meter goes before a batch of thousands. */
const BEHIND_SINGLES = 4;

/** Supply comes back before it goes; what nobody waits for comes last. */
function urgencyOf(kind: CommandKind): number {
  switch (kind) {
    case 'close':
    case 'protect':
    case 'restorePrepaid':
      return 0;
    case 'trip':
    case 'read':
      return 1;
    case 'clock':
    case 'prices':
    case 'settings':
      return 2;
  }
}

export const newCommandId = (): string => randomUUID();
