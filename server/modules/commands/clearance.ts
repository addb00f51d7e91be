import type { MeterModel, RelayMode } from '#drivers/core/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { recordOf } from './cutRecord.ts';
import { type CutQuestion, causeOf, type Guard, type WeighedCut } from './facts.ts';
import { leavesPersonsTrip } from './give.ts';
import { fromStored, supports } from './orders.ts';
import type { RoadRow } from './rows.ts';
import type { CommandChange } from './store.ts';
import type { CommandState, CommandWhy } from './types.ts';
import { selectOpenBy } from './wishStore.ts';

export interface ClearanceDeps {
  readonly estate: EstateReader;
  readonly modelOf: (modelId: string) => MeterModel | undefined;
  readonly accounts: Pick<AccountsReader, 'accountOfMeter'>;
  readonly guard: Guard;
}

/** Decides right before sending: may it still go, and what exactly is the relay told? */
export type Clearance = (tx: Tx, rows: readonly RoadRow[], nowMs: number) => Promise<readonly CommandChange[]>;

export function createClearance(deps: ClearanceDeps): Clearance {
  /** What is weighed: trips, and whether a platform's prepaid meter is to be on at all. */
  function questionOf(row: RoadRow): CutQuestion[] {
    const profile = deps.estate.meter(row.meter_id);
    if (profile === undefined) return [];
    if (row.kind === 'trip') return [{ profile, cause: causeOf(fromStored(row.command_order), row.rule !== null) }];
    return row.kind === 'restorePrepaid' || row.kind === 'close' ? [{ profile, cause: 'arrears' }] : [];
  }

  function isGone(row: RoadRow, nowMs: number): readonly [CommandState, CommandWhy] | undefined {
    const profile = deps.estate.meter(row.meter_id);
    if (profile === undefined) return ['failed', 'meterGone'];
    if (!supports(deps.modelOf(profile.meter.modelId), row.kind)) return ['held', 'notSupported'];
    // What was sent before was read back since, and did nothing.
    if (row.expires_at.getTime() <= nowMs) return [row.attempts > 0 ? 'rejected' : 'failed', 'expired'];
    return undefined;
  }

  return async (tx, rows, nowMs) => {
    const weighed = await deps.guard.weigh(tx, rows.flatMap(questionOf), nowMs);
    const at = new Date(nowMs);
    const bound = rows.filter(({ kind, rule }) => rule !== null && leavesPersonsTrip(kind, rule));
    // A person's trip that was stored while a rule gave its order is seen only now.
    const openBy = await selectOpenBy(
      tx,
      bound.map(({ meter_id }) => meter_id),
      bound.map(({ id }) => id),
    );
    const left = new Set(bound.filter(({ meter_id }) => openBy.get(meter_id) === 'person').map(({ id }) => id));
    return rows.map((row): CommandChange => {
      const cut = weighed.get(row.meter_id);
      const gone = isGone(row, nowMs);
      if (gone !== undefined) return { id: row.id, state: gone[0], why: [gone[1]], finishedAt: at };
      if (left.has(row.id)) return { id: row.id, state: 'held', why: ['trippedByPerson'], finishedAt: at };
      const held = row.kind === 'trip' ? holdOf(cut, nowMs) : undefined;
      // A person's `close` does not ask whether anybody is in arrears.
      const record = cut === undefined || row.kind === 'close' ? undefined : recordOf(cut, nowMs);
      if (held !== undefined) return { id: row.id, state: 'held', finishedAt: at, weighed: record, ...held };
      return { id: row.id, state: 'sent', why: [], sentAt: at, weighed: record, relayMode: modeOf(row, cut, nowMs) };
    });
  };
}

function holdOf(cut: WeighedCut | undefined, nowMs: number): Pick<CommandChange, 'why' | 'detail'> | undefined {
  if (cut === undefined) return undefined;
  const { decision } = cut;
  if (!decision.cut) return { why: decision.why };
  return decision.atMs > nowMs ? { why: ['cutLater'], detail: new Date(decision.atMs).toISOString() } : undefined;
}

/**
 * What the relay is told. Where the balance is in the meter, the meter itself cuts and restores. Where it is in the
 * platform, the meter knows no balance and follows the platform's word: the guard's, by the arrears rule. Protection is
 * stronger than either.
 */
function modeOf(row: RoadRow, cut: WeighedCut | undefined, nowMs: number): RelayMode | undefined {
  const isProtected = cut?.facts.protection !== undefined;
  const inPlatform = cut?.account?.custody === 'platform';
  switch (row.kind) {
    case 'trip':
      return 'forcedOpen';
    case 'protect':
      return 'forcedClosed';
    case 'close':
      return isProtected || inPlatform ? 'forcedClosed' : 'automatic';
    case 'restorePrepaid': {
      if (isProtected) return 'forcedClosed';
      if (!inPlatform) return 'automatic';
      return cut.decision.cut && cut.decision.atMs <= nowMs ? 'forcedOpen' : 'forcedClosed';
    }
    case 'prices':
    case 'settings':
    case 'clock':
    case 'read':
      return undefined;
  }
}
