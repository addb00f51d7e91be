import type { ZonedCalendar } from '#domain/calendar.ts';
import { cutsBetween, type PriceSpan } from '#domain/settlement/pricing.ts';
import { type RegisterPoint, registerDelta } from '#domain/settlement/register.ts';
import type { Ledger, Posting } from '#server/modules/ledger/index.ts';
import type { Tariffs } from '#server/modules/tariffs/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import {
  insertCharges,
  insertSegments,
  selectLines,
  selectTierUse,
  upsertLines,
  upsertTierUse,
} from './chargeStore.ts';
import { localDay, monthNames } from './months.ts';
import { passQuarantine, upsertQuarantine } from './quarantineStore.ts';
import { chargeStream, limitsOf, type NewCharge, READ_SLACK_MS, type StreamOutcome } from './streamCharge.ts';
import { type DueStream, selectNeighbours, selectReadsBetween, updateStreams } from './streamStore.ts';
import { TierCounts } from './tierCounts.ts';
import type { Stream } from './types.ts';

export interface ChargingDeps {
  readonly ledger: Ledger;
  readonly tariffs: Tariffs;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
  readonly nowMs: () => number;
}

const CHARGED_BY = { userId: undefined, name: 'settlement' } as const;
/** Steps count at most a year. */
const TIER_HISTORY_MS = 400 * 86_400_000;

interface Prepared {
  readonly stream: Stream;
  readonly spans: readonly PriceSpan[];
  readonly cutsMs: readonly number[];
  readonly untilMs: number;
  readonly newest: readonly RegisterPoint[];
}

/**
 * Charges streams of one property that the caller has locked: segments, lines, the posting of each charge and where the
 * stream stands now are written together or not at all. A dozen statements, however many streams.
 */
export async function chargeStreams(
  tx: Tx,
  propertyId: number,
  dues: readonly DueStream[],
  deps: ChargingDeps,
  now?: 'modeSwitch',
): Promise<readonly StreamOutcome[]> {
  if (dues.length === 0) return [];
  const calendar = deps.calendarOf(propertyId);
  const months = monthNames(calendar);
  const dayLists = deps.tariffs.dayLists(propertyId);
  const prepared = dues.map((due) => prepare(due, calendar, deps.tariffs));
  const reads = await readsOf(tx, prepared);
  const lines = await selectLines(
    tx,
    prepared.map(({ stream }) => ({
      streamId: stream.id,
      sincePeriod: months.nameOf(calendar.startOfMonth(stream.chargedToMs)),
    })),
    months,
  );
  const tiers = new TierCounts(calendar, await storedTiers(tx, prepared, calendar));
  const outcomes = prepared.map(({ stream, spans, cutsMs, newest }) =>
    chargeStream(
      {
        ...{ stream, spans, cutsMs, calendar, dayLists },
        reads: distinct([...newest, ...(reads.get(stream.id) ?? [])]),
        lines: lines.get(stream.id) ?? [],
        tiers: tiers.of(stream.accountId),
      },
      now,
    ),
  );
  await store(tx, outcomes, deps, months);
  await upsertTierUse(tx, tiers.changed());
  return outcomes;
}

export function prepare({ stream, newest }: DueStream, calendar: ZonedCalendar, tariffs: Tariffs): Prepared {
  const untilMs = Math.max(newest?.atMs ?? stream.cursor.atMs, stream.end?.atMs ?? stream.cursor.atMs);
  const fromMs = stream.cursor.atMs;
  const spans = stream.tariffs.flatMap(({ fromMs: holdsFromMs, tariffId }, index) => {
    const start = Math.max(fromMs, holdsFromMs);
    const end = Math.min(untilMs, stream.tariffs[index + 1]?.fromMs ?? untilMs);
    if (end <= start) return [];
    return tariffs.versionsBetween(tariffId, start, end).map((part) => ({
      fromMs: part.fromMs,
      toMs: part.toMs,
      tariffId,
      versionId: part.version.id,
      body: part.version.body,
    }));
  });
  const cutsMs = cutsBetween(spans, calendar, fromMs, untilMs);
  return { stream, spans, cutsMs, untilMs, newest: newest === undefined ? [] : [newest] };
}

/**
 * Beyond the newest read: the neighbours of every cut; all reads where the price depends on the hour, or where the newest
 * cannot be believed, since good ones before it are to be charged all the same.
 */
async function readsOf(tx: Tx, prepared: readonly Prepared[]): Promise<ReadonlyMap<bigint, readonly RegisterPoint[]>> {
  const spanOf = ({ stream, untilMs }: Prepared) => ({
    streamId: stream.id,
    meterId: stream.meterId,
    afterMs: stream.cursor.atMs,
    untilMs,
    readBeforeMs: stream.end?.atMs,
  });
  const every = new Set(prepared.filter((item) => isByHour(item) || isDoubtful(item)));
  const byCut = prepared.filter((item) => !every.has(item));
  const [whole, near] = [
    await selectReadsBetween(tx, [...every].map(spanOf)),
    await selectNeighbours(
      tx,
      byCut.flatMap((item) => item.cutsMs.map((aroundMs) => ({ ...spanOf(item), aroundMs }))),
    ),
  ];
  return new Map([...whole, ...near]);
}

function isByHour({ spans }: Prepared): boolean {
  return spans.some(({ body }) => body.kind === 'timeOfUse');
}

function isDoubtful({ stream, newest }: Prepared): boolean {
  const { cursor } = stream;
  return newest.some(({ atMs, value }) => {
    const elapsedMs = atMs - cursor.atMs + READ_SLACK_MS;
    return 'cap' in registerDelta(cursor.value, value, limitsOf(stream), elapsedMs);
  });
}

export async function storedTiers(tx: Tx, prepared: readonly Prepared[], calendar: ZonedCalendar) {
  const stepped = prepared.filter(({ spans }) =>
    spans.some(({ body }) => body.kind !== 'single' && body.steps !== undefined),
  );
  if (stepped.length === 0) return [];
  const oldestMs = Math.min(...stepped.map(({ stream }) => stream.cursor.atMs));
  const accountIds = [...new Set(stepped.map(({ stream }) => stream.accountId))];
  return selectTierUse(tx, accountIds, localDay(calendar, oldestMs - TIER_HISTORY_MS));
}

/** A cut's neighbour may be the newest read itself. */
function distinct(points: readonly RegisterPoint[]): readonly RegisterPoint[] {
  return points.length < 2 ? points : [...new Map(points.map((point) => [point.atMs, point])).values()];
}

async function store(
  tx: Tx,
  outcomes: readonly StreamOutcome[],
  { ledger, nowMs }: ChargingDeps,
  months: ReturnType<typeof monthNames>,
): Promise<void> {
  const charges = outcomes.flatMap((outcome) => outcome.charges);
  const posted = await ledger.postMany(
    tx,
    charges.map((charge) => toPosting(charge, months.nameOf(charge.monthMs))),
  );
  const withTxn = charges.flatMap((charge, index) => {
    const txnId = posted[index]?.txnId;
    return txnId === undefined ? [] : [{ charge, txnId }];
  });
  if (withTxn.length !== charges.length) throw new Error('the ledger answered fewer postings than it was given');
  const atMs = nowMs();
  const streamIdOf = ({ stream }: StreamOutcome) => ({ streamId: stream.id });
  await insertSegments(
    tx,
    outcomes.flatMap((outcome) => outcome.segments.map((priced) => ({ ...streamIdOf(outcome), priced }))),
    months,
  );
  await upsertLines(
    tx,
    outcomes.flatMap((outcome) => outcome.lines.map((line) => ({ ...streamIdOf(outcome), line }))),
    months,
  );
  await insertCharges(tx, withTxn, months, atMs);
  await updateStreams(tx, outcomes, atMs);
  const refusals = outcomes.flatMap(({ stream, refused }) => (refused === undefined ? [] : [{ stream, refused }]));
  await upsertQuarantine(tx, refusals, atMs);
  const passed = outcomes.filter(({ stream, refused }) => stream.hold === 'quarantine' && refused === undefined);
  await passQuarantine(
    tx,
    passed.map(({ stream }) => stream.id),
    atMs,
  );
}

/** What the meter took by itself leaves what is in the meter; everything else leaves the wallet, which may go below zero. */
export function toPosting({ stream, toMs, reason, amountMinor }: NewCharge, month: string): Posting {
  const { propertyId, accountId, meterId, epoch, custody, utility } = stream;
  const from =
    custody === 'platform'
      ? {
          account: { kind: 'wallet' as const, subject: `account:${accountId}` },
          amountMinor,
          mayOverdraw: true as const,
        }
      : { account: { kind: 'prepaidInMeter' as const, subject: `meter:${meterId}` }, amountMinor };
  return {
    propertyId,
    kind: 'charge',
    key: `charge:${accountId}:${meterId}:${epoch}:${month}:${toMs}:${reason}`,
    refKind: 'account',
    refId: String(accountId),
    // The interval is half-open: what ends at midnight belongs to the day before.
    eventAtMs: toMs - 1,
    actor: CHARGED_BY,
    entries: [from, { account: { kind: utility, subject: '' }, amountMinor: -amountMinor }],
  };
}
