import {
  type AccountCase,
  type Alarm,
  type Command,
  getTariff,
  listAccountCases,
  listAlarms,
  listCommands,
  type listMeterEvents,
  listSales,
  type MeterEvent,
  type ResponseOf,
  type Sale,
  TIMELINE_DAYS_MAX,
  TIMELINE_EVENTS_MAX,
  TIMELINE_SORTS,
  type TimelineSort,
} from '#contract/index.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import { type Actor, AppError, type RouteServer, scopeCovers } from '#server/platform/http/index.ts';

const DAY_MS = 86_400_000;
/** A command ends within a day of being given, else it has expired. */
const COMMAND_MS_MAX = DAY_MS;
/** Pages of a list that are gone through for the end of the span: 20,000 events of one sort and meter. */
const PAGES_MAX = 20;

export interface TimelineDeps {
  readonly estate: EstateReader;
  readonly accounts: Pick<AccountsReader, 'accountOfMeter'>;
}

export interface TimelineContext extends TimelineDeps {
  /** Lists are asked as screens ask them: what an actor may not see there is not seen here. */
  readonly routes: RouteServer;
}

interface Asked {
  readonly meterId: number;
  readonly from: string;
  readonly to: string;
}

/** Events of one sort, newest first, and the instant from which on they are whole. */
interface Found {
  readonly events: readonly MeterEvent[];
  readonly wholeFromMs: number;
}

/** Everything that happened to a meter between two instants. Throws `not-found` and `request.invalid`. */
export async function meterEvents(
  context: TimelineContext,
  actor: Actor,
  asked: Asked,
): Promise<ResponseOf<typeof listMeterEvents>> {
  const profile = context.estate.meter(asked.meterId);
  if (!profile || !scopeCovers(actor.scope('meter.view'), profile.meter.propertyId, profile.buildingId))
    throw new AppError('not-found', 'There is no such meter.');
  const fromMs = Date.parse(asked.from);
  const toMs = Date.parse(asked.to);
  if (!(fromMs < toMs && toMs - fromMs <= TIMELINE_DAYS_MAX * DAY_MS))
    throw new AppError('request.invalid', `The range must be forwards and at most ${TIMELINE_DAYS_MAX} days long.`, [
      { field: 'to', message: `must be after \`from\`, by ${TIMELINE_DAYS_MAX} days at most` },
    ]);
  const hidden: TimelineSort[] = [];
  const found: Found[] = [];
  for (const sort of TIMELINE_SORTS) {
    try {
      found.push(await SORTS[sort](context, actor, { meterId: asked.meterId, fromMs, toMs }));
    } catch (error) {
      if (!(error instanceof AppError && (error.code === 'permission.missing' || error.code === 'not-found')))
        throw error;
      hidden.push(sort);
    }
  }
  const wholeFromMs = Math.max(fromMs, ...found.map((one) => one.wholeFromMs));
  const items = found
    .flatMap(({ events }) => events)
    .filter((event) => endOf(event) >= wholeFromMs && Date.parse(event.at) < toMs)
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return { items, wholeFrom: new Date(wholeFromMs).toISOString(), hidden };
}

/** An alarm that began before still belongs to a range that it reaches into. */
function endOf(event: MeterEvent): number {
  if (event.sort !== 'alarm') return Date.parse(event.at);
  return event.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(event.until);
}

interface Span {
  readonly meterId: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const SORTS: Readonly<Record<TimelineSort, (context: TimelineContext, actor: Actor, span: Span) => Promise<Found>>> = {
  command: ({ routes }, actor, span) =>
    newest<Command>(
      { sinceMs: span.fromMs - COMMAND_MS_MAX, span },
      ({ givenAt }) => givenAt,
      (paging) => routes.ask(listCommands, actor, { query: { meterId: span.meterId, ...paging } }),
      (command) => ({
        ...{ sort: 'command', at: command.finishedAt ?? command.givenAt, id: command.id, kind: command.order.kind },
        ...{ state: command.state, by: command.rule ?? command.givenBy },
      }),
    ),
  alarm: ({ routes }, actor, span) =>
    newest<Alarm>(
      // The past of one meter is short: all of it, since what began long ago may have ended in the span.
      { sinceMs: Number.NEGATIVE_INFINITY, span },
      ({ raisedAt }) => raisedAt,
      (paging) => routes.ask(listAlarms, actor, { query: { meterId: span.meterId, state: 'all', ...paging } }),
      (alarm) => ({
        ...{ sort: 'alarm', at: alarm.raisedAt, id: String(alarm.id), kind: alarm.kind, state: alarm.state },
        ...{ severity: alarm.severity, ...(alarm.clearedAt === undefined ? {} : { until: alarm.clearedAt }) },
      }),
    ),
  sale: ({ routes }, actor, span) =>
    newest<Sale>(
      { sinceMs: span.fromMs, span },
      ({ at }) => at,
      (paging) => routes.ask(listSales, actor, { query: { meterId: span.meterId, ...paging } }),
      (sale) => ({
        ...{ sort: 'sale', at: sale.at, id: sale.saleId, kind: sale.kind, state: sale.state },
        ...{ netMinor: sale.netMinor, by: sale.operator },
      }),
    ),
  async tariff({ routes, accounts }, actor, { meterId, fromMs }) {
    const tariffId = accounts.accountOfMeter(meterId)?.tariffId;
    if (tariffId === undefined) return { events: [], wholeFromMs: fromMs };
    const { tariff, versions } = await routes.ask(getTariff, actor, { params: { tariffId } });
    const events = versions
      .filter(({ state }) => state === 'published')
      .map(({ id, effectiveFrom, body }): MeterEvent => {
        return { sort: 'tariff', at: effectiveFrom, id: String(id), kind: body.kind, name: tariff.name };
      });
    return { events, wholeFromMs: fromMs };
  },
  async account({ routes, accounts }, actor, span) {
    const accountId = accounts.accountOfMeter(span.meterId)?.id;
    if (accountId === undefined) return { events: [], wholeFromMs: span.fromMs };
    return newest<AccountCase>(
      { sinceMs: span.fromMs, span },
      ({ at }) => at,
      (paging) => routes.ask(listAccountCases, actor, { params: { accountId }, query: paging }),
      ({ at, caseId, kind, state, by }) => ({ sort: 'account', at, id: caseId, kind, state, by }),
    );
  },
};

interface Paging {
  readonly limit: number;
  readonly cursor?: string;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

interface Newest {
  readonly sinceMs: number;
  readonly span: Span;
}

/**
 * Items of a list that comes newest first, from the span's end back to `sinceMs`, at most so many. What was not reached is told
 * by `wholeFromMs`, so that nobody takes a part for the whole.
 */
async function newest<Item>(
  { sinceMs, span }: Newest,
  atOf: (item: Item) => string,
  ask: (paging: Paging) => Promise<Page<Item>>,
  toEvent: (item: Item) => MeterEvent,
): Promise<Found> {
  const found: Item[] = [];
  let oldestMs = Number.POSITIVE_INFINITY;
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page: Page<Item> = await ask({ limit: TIMELINE_EVENTS_MAX, ...(cursor === undefined ? {} : { cursor }) });
    pages += 1;
    for (const item of page.items) {
      oldestMs = Date.parse(atOf(item));
      if (oldestMs < span.toMs && oldestMs >= sinceMs) found.push(item);
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined && oldestMs >= sinceMs && found.length < TIMELINE_EVENTS_MAX && pages < PAGES_MAX);
  const complete = cursor === undefined || oldestMs < sinceMs;
  const wholeFromMs = complete ? span.fromMs : Math.min(Math.max(span.fromMs, oldestMs), span.toMs);
  return { events: found.map(toEvent), wholeFromMs };
}
