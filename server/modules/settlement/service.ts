import type { BodyOf, decideQuarantinedRead } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError, PAGE_ROWS, type Scope, scopeCovers, toPage } from '#server/platform/http/index.ts';
import type { ChargeRun } from './chargeRuns.ts';
import { selectCorrections, selectCorrectionsOf } from './correctionStore.ts';
import { toCharge, toCorrection, toEdit, toQuarantined, toSegment, toSubject } from './dto.ts';
import { type ListQuery, pageOf } from './listQuery.ts';
import {
  type ChargesAsked,
  lockQuarantine,
  type PageOf,
  type StoredSegment,
  selectArrears,
  selectCharge,
  selectCharges,
  selectHolds,
  selectNotices,
  selectQuarantine,
  selectSegments,
} from './listStore.ts';
import { decideQuarantine, endStreamHere, rebaseStream } from './quarantineStore.ts';
import { selectEditsOf } from './registerEditStore.ts';
import { lockCharging } from './streamStore.ts';

export interface ServiceDeps {
  readonly db: Db;
  readonly estate: EstateReader;
  readonly nowMs: () => number;
  readonly chargeProperty: (propertyId: number) => Promise<ChargeRun>;
}

export type SettlementService = ReturnType<typeof createSettlementService>;

/** What people read and decide of charges. They belong to a property as a whole: a right on one of its buildings shows none. */
export function createSettlementService({ db, estate, nowMs, chargeProperty }: ServiceDeps) {
  return {
    async charges(scope: Scope, query: ListQuery & Partial<Omit<ChargesAsked, keyof PageOf>>) {
      const { accountId, meterId, from, to } = query;
      const rows = await selectCharges(db, { ...pageOf(scope, query), accountId, meterId, from, to });
      return toPage(rows, query.limit ?? PAGE_ROWS, ({ id }) => id, toCharge);
    },
    async charge(scope: Scope, chargeId: string) {
      const row = await selectCharge(db, chargeId);
      if (row === undefined || !scopeCovers(scope, row.property_id))
        throw new AppError('not-found', 'There is no such charge.');
      const dto = (segment: StoredSegment) => toSegment(segment, row.multiplier);
      const segments = (await selectSegments(db, row)).map(dto);
      const corrections = await selectCorrectionsOf(db, row);
      const edits = await selectEditsOf(db, corrections);
      const told = {
        ...{ charge: toCharge(row), segments },
        ...{ corrections: corrections.map(toCorrection), edits: edits.map(toEdit) },
      };
      if (row.correction_id === null) return told;
      return { ...told, replaced: (await selectSegments(db, row, 'replaced')).map(dto) };
    },
    async corrections(scope: Scope, query: ListQuery & { readonly accountId?: number }) {
      const rows = await selectCorrections(db, { ...pageOf(scope, query), accountId: query.accountId });
      return toPage(rows, query.limit ?? PAGE_ROWS, ({ id }) => id, toCorrection);
    },
    async run(actor: Actor, propertyId: number) {
      demandProperty(estate, actor.scope('money.settings'), propertyId);
      const run = await chargeProperty(propertyId);
      const sums = { streams: run.streams, charges: run.charges, amountMinor: String(run.amountMinor), held: run.held };
      await db.tx((tx) =>
        audit(tx, {
          ...{ actor, action: 'charge.run', subjectKind: 'chargeRun', subjectId: String(run.id), propertyId },
          after: sums,
        }),
      );
      const { corrections } = run;
      return { runId: String(run.id), propertyId, to: new Date(run.toMs).toISOString(), ...sums, corrections };
    },
    async holds(scope: Scope, query: ListQuery & { readonly accountId?: number }) {
      return toPage(
        await selectHolds(db, { ...pageOf(scope, query), accountId: query.accountId }),
        query.limit ?? PAGE_ROWS,
        ({ id }) => id,
        (row) => ({
          ...{ id: String(row.id), propertyId: row.property_id, accountId: row.account_id, meterId: row.meter_id },
          ...toSubject(row),
          ...{ cause: row.hold, since: row.held_at.toISOString(), chargedTo: row.cursor_at.toISOString() },
        }),
      );
    },
    async quarantine(scope: Scope, query: ListQuery & { readonly accountId?: number; readonly open?: boolean }) {
      const { accountId, open } = query;
      const rows = await selectQuarantine(db, { ...pageOf(scope, query), accountId, open });
      return toPage(rows, query.limit ?? PAGE_ROWS, ({ id }) => id, toQuarantined);
    },
    async notices(scope: Scope, query: ListQuery & { readonly accountId?: number; readonly open?: boolean }) {
      const { accountId, open } = query;
      const rows = await selectNotices(db, { ...pageOf(scope, query), accountId, open });
      return toPage(
        rows,
        query.limit ?? PAGE_ROWS,
        ({ id }) => id,
        (row) => ({
          ...{ id: String(row.id), propertyId: row.property_id, accountId: row.account_id, level: row.level },
          ...{ balanceMinor: String(row.balance_minor), lineMinor: String(row.line_minor) },
          raisedAt: row.raised_at.toISOString(),
          ...(row.cleared_at === null ? {} : { clearedAt: row.cleared_at.toISOString() }),
        }),
      );
    },
    async arrears(scope: Scope, query: ListQuery) {
      const rows = await selectArrears(db, pageOf(scope, query));
      return toPage(
        rows,
        query.limit ?? PAGE_ROWS,
        ({ account_id }) => account_id,
        (row) => ({
          ...{ accountId: row.account_id, propertyId: row.property_id, level: row.level },
          ...{ balanceMinor: String(row.balance_minor), since: row.since.toISOString() },
          ...(row.decision === null ? {} : { decision: row.decision }),
          ...(row.wanted === null ? {} : { wanted: row.wanted }),
        }),
      );
    },

    /** A person says what becomes of a read that nothing is charged over. */
    async decide(actor: Actor, readId: string, { decision, readAt, reason }: BodyOf<typeof decideQuarantinedRead>) {
      const scope = actor.scope('vend.decide');
      return db.tx(async (tx) => {
        const known = await lockQuarantine(tx, readId);
        if (known === undefined || !scopeCovers(scope, known.property_id))
          throw new AppError('not-found', 'There is no such read.');
        if (known.decided_at !== null)
          throw new AppError('conflict.changed-meanwhile', 'This read has been decided already: look at it again.');
        // What somebody looked at is what is decided: one row a stream, about its newest read.
        if (known.read_at.getTime() !== Date.parse(readAt))
          throw new AppError('conflict.changed-meanwhile', 'The meter was read again since: look at the newer read.', [
            { field: 'readAt', message: `the read in doubt is that of ${known.read_at.toISOString()} now` },
          ]);
        await lockCharging(tx, known.property_id);
        const at = { streamId: known.stream_id, atMs: known.read_at.getTime(), energyWh: known.read_wh };
        if (decision === 'rebased') await rebaseStream(tx, at);
        else await endStreamHere(tx, known.stream_id, known.read_at.getTime());
        const who = { userId: actor.userId, actorName: actor.displayName };
        await decideQuarantine(tx, { readId: known.id, decision, reason, ...who, atMs: nowMs() });
        await audit(tx, {
          ...{ actor, action: 'quarantinedRead.decide', subjectKind: 'quarantinedRead', subjectId: readId },
          ...{ propertyId: known.property_id, before: toQuarantined(known), after: { decision, reason } },
        });
        const decided = await lockQuarantine(tx, readId);
        if (decided === undefined) throw new Error('a decided read is gone');
        return toQuarantined(decided);
      });
    },
  };
}

export function demandProperty(estate: EstateReader, scope: Scope, propertyId: number): void {
  const isProperty = estate.place(propertyId)?.kind === 'property';
  if (!isProperty || !scopeCovers(scope, propertyId)) throw new AppError('not-found', 'There is no such property.');
}
