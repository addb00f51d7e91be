import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, PAGE_ROWS, type Scope, scopeCovers, toPage } from '#server/platform/http/index.ts';
import { type CorrectionDeps, correctSpan } from './corrections.ts';
import { toEdit } from './dto.ts';
import { type ListQuery, pageOf } from './listQuery.ts';
import { editQuarantined, insertEdit, lockRead, type NewEdit, selectEdit, selectEdits } from './registerEditStore.ts';
import { lockCharging, selectStreamAt } from './streamStore.ts';
import type { Stream } from './types.ts';

/** Older readings are beyond what steps and prices can be told of again. */
export const EDIT_DAYS_MAX = 366;
const DAY_MS = 86_400_000;

export interface RegisterEditDeps extends CorrectionDeps {
  readonly db: Db;
  readonly estate: EstateReader;
}

export interface WantedEdit {
  readonly meterId: number;
  readonly at: string;
  /** Null: the reading counts for nothing. */
  readonly energyWh: string | null;
  readonly reason: string;
}

export type RegisterEdits = ReturnType<typeof createRegisterEdits>;

/** What persons say of registers: the value of the meter is kept, theirs counts, and what was charged is put right with it. */
export function createRegisterEdits(deps: RegisterEditDeps) {
  const { db, estate, nowMs } = deps;

  async function editIn(tx: Tx, actor: Actor, propertyId: number, wanted: WantedEdit) {
    const { meterId, reason } = wanted;
    const atMs = Date.parse(wanted.at);
    await lockCharging(tx, propertyId);
    const read = await lockRead(tx, meterId, atMs);
    if (read === undefined)
      throw new AppError(
        'not-found',
        'Nothing was read of this meter at this instant: choose an instant of its list of registers.',
      );
    const energyWh = wanted.energyWh === null ? undefined : BigInt(wanted.energyWh);
    const known = await selectEdit(tx, { meterId, atMs });
    // Asked again after a lost answer.
    if (known !== undefined && known.after_wh === (energyWh ?? null) && known.reason === reason) return toEdit(known);
    if (read.counted_wh === (energyWh ?? null))
      throw new AppError(
        'conflict.changed-meanwhile',
        'This is what counts of this reading already: look at it again.',
      );
    if (atMs < nowMs() - EDIT_DAYS_MAX * DAY_MS)
      throw refused(`The reading is older than ${EDIT_DAYS_MAX} days: put right what was charged by a makeup.`);
    const who = { userId: actor.userId, actorName: actor.displayName };
    const edit: NewEdit = { propertyId, meterId, atMs, read, energyWh, reason, nowMs: nowMs(), ...who };
    const editId = await insertEdit(tx, edit);
    const stream = await selectStreamAt(tx, meterId, atMs);
    if (stream !== undefined) await correctCharges(tx, stream, edit, editId);
    await audit(tx, {
      ...{
        actor,
        action: 'registerReading.edit',
        subjectKind: 'registerReading',
        subjectId: `${meterId}/${new Date(atMs).toISOString()}`,
      },
      ...{ propertyId, before: { energyWh: text(read.counted_wh), rawWh: text(read.raw_wh) } },
      after: { energyWh: wanted.energyWh, reason },
    });
    const stored = await selectEdit(tx, { id: editId });
    if (stored === undefined) throw new Error('an edit is gone');
    return toEdit(stored);
  }

  async function correctCharges(tx: Tx, stream: Stream, edit: NewEdit, editId: bigint): Promise<void> {
    const { atMs, energyWh } = edit;
    if (atMs > stream.cursor.atMs) {
      await editQuarantined(tx, stream.id, edit);
      return;
    }
    if (stream.end !== undefined)
      throw refused(
        'The account has been settled since, or has another meter: put right what was charged by a makeup.',
      );
    const isCursor = atMs === stream.cursor.atMs;
    if (isCursor && energyWh === undefined)
      throw refused(
        'This is the newest reading that was charged: say what the register was, or wait for the next reading.',
      );
    // From before the reading on: what it said is not what counts any more.
    const span = { fromMs: atMs - 1, toMs: atMs };
    const outcome = await correctSpan(tx, stream, span, deps, {
      cause: 'edit',
      id: editId,
      atMs,
      cursorWh: isCursor ? energyWh : undefined,
    });
    if (typeof outcome !== 'string' || outcome === 'unchanged') return;
    throw refused(REFUSALS[outcome]);
  }

  return {
    async edit(actor: Actor, wanted: WantedEdit) {
      const meter = estate.meter(wanted.meterId)?.meter;
      if (meter === undefined || !scopeCovers(actor.scope('vend.decide'), meter.propertyId))
        throw new AppError('not-found', 'There is no such meter.');
      return db.tx((tx) => editIn(tx, actor, meter.propertyId, wanted));
    },
    async list(scope: Scope, query: ListQuery & { readonly meterId?: number }) {
      const rows = await selectEdits(db, { ...pageOf(scope, query), meterId: query.meterId });
      return toPage(rows, query.limit ?? PAGE_ROWS, ({ id }) => id, toEdit);
    },
  };
}

const REFUSALS = {
  unbelievable:
    'The register cannot have been this between the readings before and after it: look at energyWh and at those readings.',
  unpriced: 'The tariff of then is not known any more: put right what was charged by a makeup.',
  notEnclosed:
    'No reading close by encloses this one: wait for the next reading, or put right what was charged by a makeup.',
} as const;

function refused(sentence: string): AppError {
  return new AppError('reading.not-correctable', sentence);
}

function text(energyWh: bigint | null): string | null {
  return energyWh === null ? null : String(energyWh);
}
