import type { ZonedCalendar } from '#domain/calendar.ts';
import { Bill } from '#domain/settlement/bill.ts';
import { type Correction, correctSegments, type LineDifference } from '#domain/settlement/correction.ts';
import { nextMonth } from '#domain/settlement/pricing.ts';
import type { RegisterPoint } from '#domain/settlement/register.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { insertCharges, insertSegments, selectLines, upsertLines, upsertTierUse } from './chargeStore.ts';
import { type ChargingDeps, prepare, storedTiers, toPosting } from './charging.ts';
import { insertCorrection, ofCorrection, type Span, selectEnds, selectHeld } from './correctionStore.ts';
import { monthNames } from './months.ts';
import { limitsOf, type NewCharge, READ_SLACK_MS } from './streamCharge.ts';
import { selectReadsBetween, updateStreams } from './streamStore.ts';
import { TierCounts } from './tierCounts.ts';
import type { Stream } from './types.ts';

const DAY_MS = 86_400_000;
/** How far from a read that came late or was corrected the reads may lie that enclose it. */
export const CORRECTION_REACH_MS = 40 * DAY_MS;

export interface CorrectionDeps extends ChargingDeps {
  /** Told in the transaction: an account was charged more or less than before. */
  readonly corrected: (tx: Tx, stream: Stream) => void;
}

/** What made a span to be computed anew. */
export type CorrectionCause =
  | { readonly cause: 'lateRead' | 'dayList' }
  | { readonly cause: 'edit'; readonly id: bigint; readonly atMs: number; readonly cursorWh: bigint | undefined };

export type CorrectionOutcome =
  | Exclude<Correction['kind'], 'corrected'>
  /** No read on either side that segments rest upon. */
  | 'notEnclosed'
  | { readonly correctionId: bigint; readonly amountMinor: bigint };

/**
 * Computes anew what lies around a span of a running stream, from the reads and the named days known now. What was charged stays; what differs
 * is posted as a charge of its own in the current month where the old one was posted, and else changes what will be. The
 * caller holds the property's charging. The same of both give no second correction.
 */
export async function correctSpan(
  tx: Tx,
  stream: Stream,
  span: Span,
  deps: CorrectionDeps,
  why: CorrectionCause,
): Promise<CorrectionOutcome> {
  const calendar = deps.calendarOf(stream.propertyId);
  const months = monthNames(calendar);
  const edit = why.cause === 'edit' ? why : undefined;
  const cursor = edit?.cursorWh === undefined ? stream.cursor : { ...stream.cursor, value: edit.cursorWh };
  const ends = await selectEnds(tx, { ...stream, cursor }, span, CORRECTION_REACH_MS);
  if (ends.from === undefined || ends.to === undefined || ends.from.atMs === ends.to.atMs) return 'notEnclosed';
  const [from, to] = [ends.from, ends.to];
  const window = { fromMs: from.atMs, toMs: to.atMs };
  const prepared = prepare({ stream: { ...stream, cursor: from, end: undefined }, newest: to }, calendar, deps.tariffs);
  const before = await selectHeld(tx, stream.id, window, months);
  const place = { streamId: stream.id, meterId: stream.meterId, readBeforeMs: undefined };
  const reads = await selectReadsBetween(tx, [{ ...place, afterMs: from.atMs, untilMs: to.atMs }]);
  const tiers = new TierCounts(calendar, await storedTiers(tx, [prepared], calendar));
  const found = correctSegments({
    ...{ from, to, before, calendar, spans: prepared.spans, cutsMs: prepared.cutsMs },
    toValueBefore: to.atMs === stream.cursor.atMs ? stream.cursor.value : to.value,
    reads: reads.get(stream.id) ?? [],
    saidAtMs: edit?.atMs,
    dayLists: deps.tariffs.dayLists(stream.propertyId),
    tiers: tiers.of(stream.accountId),
    limits: limitsOf(stream),
    slackMs: READ_SLACK_MS,
  });
  if (found.kind !== 'corrected') return found.kind;
  const nowMs = deps.nowMs();
  const correctionId = await insertCorrection(
    tx,
    {
      ...{ stream, ...window, cause: why.cause, editId: edit?.id, replaced: before.map(({ id }) => id) },
      lines: found.lines.map(({ monthMs, versionId, label, component, price, quantity }) => ({
        ...{ month: months.nameOf(monthMs).slice(0, 7), versionId, label, component, price, quantity },
      })),
    },
    nowMs,
  );
  await insertSegments(tx, ofCorrection(stream, correctionId, found.segments), months);
  await upsertTierUse(tx, tiers.changed());
  const amountMinor = await charge(tx, { stream, cursor, window, correctionId, found, calendar, nowMs }, deps);
  return { correctionId, amountMinor };
}

interface Charging {
  readonly stream: Stream;
  readonly cursor: RegisterPoint;
  readonly window: Span;
  readonly correctionId: bigint;
  readonly found: Extract<Correction, { kind: 'corrected' }>;
  readonly calendar: ZonedCalendar;
  readonly nowMs: number;
}

/** The lines of the months as they are now, and the charge of what was posted wrongly. */
async function charge(
  tx: Tx,
  { stream, cursor, window, correctionId, found, calendar, nowMs }: Charging,
  deps: CorrectionDeps,
): Promise<bigint> {
  const months = monthNames(calendar);
  const firstMs = Math.min(...found.lines.map(({ monthMs }) => monthMs));
  const lines = await selectLines(tx, [{ streamId: stream.id, sincePeriod: months.nameOf(firstMs) }], months);
  const bill = new Bill(lines.get(stream.id) ?? []);
  for (const line of found.lines) bill.add(asAdded(line));
  // A month that is not charged yet is charged when it is over, with the lines as they are then.
  const posted = bill
    .months()
    .filter((monthMs) => stream.mode === 'realTime' || nextMonth(calendar, monthMs) <= stream.cursor.atMs);
  const due = posted.flatMap((monthMs) => {
    const month = months.nameOf(monthMs).slice(0, 7);
    return bill.charge(monthMs).lines.map((line) => ({ ...line, month }));
  });
  const amountMinor = due.reduce((sum, line) => sum + line.amountMinor, 0n);
  const added = [...found.deltas.values()].reduce((sum, delta) => sum + delta, 0n);
  const quantity =
    amountMinor === 0n ? 0n : posted.reduce((sum, monthMs) => sum + (found.deltas.get(monthMs) ?? 0n), 0n);
  await upsertLines(
    tx,
    bill.changed().map((line) => ({ streamId: stream.id, line })),
    months,
  );
  await updateStreams(
    tx,
    [
      {
        ...{ stream, cursor, chargedToMs: stream.chargedToMs, unchargedWh: stream.unchargedWh + added - quantity },
        ...{ closed: false, hold: stream.hold },
      },
    ],
    nowMs,
  );
  if (amountMinor === 0n) return 0n;
  const made: NewCharge = {
    ...{ stream, ...window, monthMs: calendar.startOfMonth(nowMs), reason: 'correction', correctionId },
    ...{ quantity, amountMinor, lines: due },
  };
  const key = `correction:${correctionId}`;
  const [answer] = await deps.ledger.postMany(tx, [{ ...toPosting(made, ''), key, eventAtMs: nowMs }]);
  if (answer === undefined) throw new Error('the ledger did not answer a posting');
  await insertCharges(tx, [{ charge: made, txnId: answer.txnId }], months, nowMs);
  deps.corrected(tx, stream);
  return amountMinor;
}

function asAdded({ monthMs, versionId, ...line }: LineDifference) {
  return { monthMs, versionId, lines: [line] };
}
