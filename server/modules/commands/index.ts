import type { Clock, MeterModel } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { AccountsReader } from '#server/modules/accounts/types.ts';
import type { Estate } from '#server/modules/estate/index.ts';
import type { Ledger } from '#server/modules/ledger/types.ts';
import type { Metering, MeterUpdate } from '#server/modules/metering/index.ts';
import type { Tariffs } from '#server/modules/tariffs/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { Metrics } from '#server/platform/metricsFigures.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import { createBatches } from './batches.ts';
import { CommandBoard } from './board.ts';
import { createCapabilities } from './capabilities.ts';
import { createClearance } from './clearance.ts';
import { Dispatcher } from './dispatcher.ts';
import { createGuard, type FactSources } from './facts.ts';
import { addCommandFigures } from './figures.ts';
import { createGiving } from './give.ts';
import { addCommandRoutes } from './routes.ts';
import type { RoadRow } from './rows.ts';
import { createService } from './service.ts';
import { distrustUnderWay, selectFailedDownloads, selectMoving } from './store.ts';
import type { CommandEvent, Commands, CommandTrouble } from './types.ts';
import { createUpkeep, Wishes } from './upkeep.ts';
import { protectOverWindow } from './windowProtection.ts';
import { forgetWishes, selectOpenBy, selectProtections, selectWishes } from './wishStore.ts';

export { NO_CAPABILITIES } from './capabilities.ts';
export type { CommandEvent, CommandOrder, Commands, CommandTrouble, Giver, NoCutWindow, Overdue } from './types.ts';

const UPKEEP_EVERY_MS = 2_000;
/** A download that failed longer ago is nobody's alarm any more. */
const FAILED_DOWNLOADS_MS = 30 * 86_400_000;

export interface CommandsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: Estate;
  readonly metering: Metering;
  readonly lines: LineDesk;
  readonly tariffs: Pick<Tariffs, 'version'>;
  readonly ledger: Pick<Ledger, 'balances'>;
  readonly accounts: AccountsReader;
  readonly modelOf: (modelId: string) => MeterModel | undefined;
}

export interface CommandsModule extends Commands {
  addRoutes(routes: RouteServer): void;
  /** Takes what is stored into memory, before the meters are judged for the first time. */
  load(): Promise<void>;
  /** Takes up what was under way; nothing of it is believed before it was read. After the lines were started. */
  start(): void;
  /** Sends nothing more. What is under way is read after the next start. */
  stop(): Promise<void>;
  /** Changes, those of one commit together; for screens. */
  onChanges(listener: (events: readonly CommandEvent[]) => void): () => void;
  /** Commands under way in a property, or in some of its buildings. */
  countInFlight(propertyId: number, buildingIds: readonly number[] | undefined): number;
  /** What people must look at now. */
  troubles(): readonly CommandTrouble[];
}

/** The road that everything takes that meters are told, but for money: operators, batches, rules. */
export function createCommands(deps: CommandsDeps): CommandsModule {
  const { db, clock, log, estate, metering, modelOf, accounts } = deps;
  const nowMs = () => clock.nowMs();
  const board = new CommandBoard();
  const wishes = new Wishes(
    (meterId) => board.isProtected(meterId) || accounts.accountOfMeter(meterId)?.custody === 'platform',
  );
  const sources: FactSources = {
    openVend: async () => new Set(),
    overdue: async () => new Map(),
    notice: async () => new Map(),
  };
  const listeners = new Set<(events: readonly CommandEvent[]) => void>();
  let repetition: Repetition | undefined;
  const unlisten: (() => void)[] = [];

  function tell(told: readonly RoadRow[]): void {
    const rows = told.filter((row) => board.take(row));
    if (rows.length === 0) return;
    dispatcher.wake(rows.filter(({ state }) => state === 'queued').map(({ line_id }) => line_id));
    metering.judgeAnew(rows.map(({ meter_id }) => meter_id));
    const events = rows.map(toEvent);
    for (const listener of listeners) {
      // Its row is committed: a listener that fails must not undo what others hear.
      try {
        listener(events);
      } catch (error) {
        log.error('a listener of commands failed', { error });
      }
    }
  }
  function hear(update: MeterUpdate): void {
    wishes.look(update);
    const meterId = update.meter.profile.meter.id;
    if (update.reading !== undefined && board.isUnread(meterId)) dispatcher.answered(meterId);
  }
  const changed = (tx: Tx, rows: readonly RoadRow[]) => {
    if (rows.length > 0) tx.afterCommit(() => tell(rows));
  };
  const protectionChanged = (tx: Tx, meterIds: readonly number[]) => {
    if (meterIds.length > 0) tx.afterCommit(() => void refreshProtections(meterIds));
  };
  async function refreshProtections(meterIds: readonly number[]): Promise<void> {
    try {
      board.setProtections(meterIds, await selectProtections(db, meterIds));
    } catch (error) {
      log.warn('the protective list was not read again', { error });
    }
  }

  const guard = createGuard({ ...deps, sources });
  const giving = createGiving({ estate, guard, modelOf, nowMs, changed, protectionChanged });
  const service = createService({ ...deps, giving, nowMs, changed });
  const batches = createBatches({ ...deps, giving, nowMs, changed, agree: service.agree });
  const capabilities = createCapabilities({ db, estate, knowsModel: (id) => modelOf(id) !== undefined, nowMs });
  const dispatcher = new Dispatcher({
    ...{ db, clock, log, estate, accounts, lines: deps.lines, changed },
    clearance: createClearance({ estate, modelOf, accounts, guard }),
    offsetMs: (propertyId, atMs) => guard.calendarOf(propertyId).offsetMs(atMs),
    wished: (tx, rows) => tx.afterCommit(() => wishes.take(rows)),
  });
  const upkeep = createUpkeep(
    {
      ...{ db, estate, giving, nowMs, changed, protectionChanged },
      inFlight: (meterId) => board.inFlight(meterId),
      overdueProtections: (atMs) => board.overdueProtections(atMs),
    },
    wishes,
  );
  addCommandFigures(deps.metrics, board, dispatcher);

  return {
    addRoutes: (routes) => addCommandRoutes(routes, { db, service, batches, capabilities }),
    async load() {
      await capabilities.load();
      wishes.replace(await selectWishes(db));
      board.setProtections([], await selectProtections(db));
      await db.tx((tx) => distrustUnderWay(tx, new Date(nowMs())));
      const failed = await selectFailedDownloads(db, new Date(nowMs() - FAILED_DOWNLOADS_MS));
      board.restore(await selectMoving(db), failed);
    },
    start() {
      unlisten.push(
        metering.listen({
          metersChanged(updates) {
            for (const update of updates) hear(update);
          },
        }),
        accounts.onChange(({ kind, meterIds }) => {
          // Another device behind the same place, or nobody's supply any more.
          if (kind === 'meterReplaced' || kind === 'closed') void forget(meterIds);
        }),
      );
      dispatcher.start();
      repetition = repeat(clock, {
        everyMs: UPKEEP_EVERY_MS,
        startNow: true,
        work: upkeep,
        failed: (error) => log.warn('the upkeep of commands waits', { error }),
      });
    },
    async stop() {
      for (const end of unlisten.splice(0)) end();
      await repetition?.stop();
      await dispatcher.stop();
    },
    async order(tx, request) {
      const { state, why } = await giving.order(tx, request);
      return { state, why };
    },
    wantedRelay: (meterId) => RELAY_OF_MODE[board.relayUnderWay(meterId) ?? wishes.mode(meterId) ?? 'automatic'],
    inFlight: (meterId) => board.inFlight(meterId),
    isProtected: (meterId) => board.isProtected(meterId),
    protection: (meterId) => board.protection(meterId),
    protectOverWindow: (tx, window) =>
      protectOverWindow(tx, window, { giving, nowMs, inFlight: (id) => board.inFlight(id) }),
    openBy: (tx, meterIds) => selectOpenBy(tx, meterIds),
    capabilitiesOf: (meterId) => capabilities.of(meterId),
    setVendSource(source) {
      sources.openVend = source;
    },
    setOverdueSource(source) {
      sources.overdue = source;
    },
    setNoticeSource(source) {
      sources.notice = source;
    },
    listen: (listener) => listenTo((events) => events.forEach(listener)),
    onChanges: listenTo,
    countInFlight: (propertyId, buildingIds) => board.count(propertyId, buildingIds),
    troubles: () => board.troubles(),
  };

  function listenTo(listener: (events: readonly CommandEvent[]) => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  async function forget(meterIds: readonly number[]): Promise<void> {
    wishes.forget(meterIds);
    try {
      await db.tx((tx) => forgetWishes(tx, meterIds));
    } catch (error) {
      log.warn('what was wanted of a relay was not forgotten', { meterIds, error });
    }
  }
}

const RELAY_OF_MODE = { automatic: undefined, forcedClosed: 'closed', forcedOpen: 'open' } as const;

function toEvent(row: RoadRow): CommandEvent {
  return {
    commandId: row.id,
    batchId: row.batch_id ?? undefined,
    meterId: row.meter_id,
    propertyId: row.property_id,
    buildingId: row.building_id ?? undefined,
    kind: row.kind,
    state: row.state,
    why: row.why,
  };
}
