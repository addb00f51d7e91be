import { evaluate, type MeterInput, type MeterPolicy, type MeterState, type PathState } from '#domain/evaluate.ts';
import type { Reading } from '#drivers/core/index.ts';
import type { LineNews, LinePathState, MeterNews } from '#server/acquisition/types.ts';
import type { EstateReader, MeterProfile } from '#server/modules/estate/types.ts';
import { KeptRead } from './keptRead.ts';
import type { StoredLatest } from './latestStore.ts';
import type {
  CommandSource,
  HeldProtection,
  LineView,
  MeterUpdate,
  MeterView,
  ModelLookup,
  MoneySource,
} from './types.ts';

interface MeterRecord {
  /** Since when it is on our list. */
  knownSinceMs: number;
  profile: MeterProfile;
  last: KeptRead | undefined;
  heardMs: number | undefined;
  stale: boolean;
  failures: number;
  alarmUnacknowledged: boolean;
  state: MeterState;
}

interface Path {
  readonly state: LinePathState;
  readonly sinceMs: number;
  /** Since when its meters can be heard. */
  readonly listeningSinceMs: number;
  readonly reason: string;
}

export interface MeterStatesDeps {
  readonly estate: EstateReader;
  readonly modelOf: ModelLookup;
  readonly nowMs: () => number;
}

/**
 * The latest of every meter, in memory: what it said, its state, the way to it. Follows the estate: after
 * `estateChanged` the next call of any kind sees the new one.
 */
export class MeterStates {
  readonly #estate: EstateReader;
  readonly #modelOf: ModelLookup;
  readonly #nowMs: () => number;
  #startMs: number;
  readonly #meters = new Map<number, MeterRecord>();
  readonly #byLine = new Map<number, MeterRecord[]>();
  readonly #byProperty = new Map<number, MeterRecord[]>();
  readonly #paths = new Map<number, Path>();
  #cyclesMs: ReadonlyMap<number, number> = new Map();
  #isCurrent = false;
  #money: MoneySource = { of: () => undefined };
  #commands: CommandSource = { wantedRelay: () => undefined, inFlight: () => false, protection: () => undefined };

  constructor(deps: MeterStatesDeps) {
    this.#estate = deps.estate;
    this.#modelOf = deps.modelOf;
    this.#nowMs = deps.nowMs;
    this.#startMs = deps.nowMs();
  }

  /** The estate is another than before; cheap to call often. */
  estateChanged(): void {
    this.#isCurrent = false;
  }

  setMoneySource(source: MoneySource): void {
    this.#money = source;
  }

  setCommandSource(source: CommandSource): void {
    this.#commands = source;
  }

  /** Judges meters anew about which others know more than before: their account, what they were told. */
  judgeAnew(meterIds: Iterable<number>, nowMs: number): readonly MeterUpdate[] {
    this.#follow();
    return this.#judgeAll(
      [...meterIds].flatMap((meterId) => this.#meters.get(meterId) ?? []),
      nowMs,
    );
  }

  protectionOf(meterId: number): HeldProtection | undefined {
    return this.#commands.protection(meterId);
  }

  get(meterId: number): MeterView | undefined {
    this.#follow();
    return this.#meters.get(meterId);
  }

  /** Meters of a property in the order of their ids. */
  ofProperty(propertyId: number): readonly MeterView[] {
    this.#follow();
    return this.#byProperty.get(propertyId) ?? [];
  }

  ofLine(lineId: number): readonly MeterView[] {
    this.#follow();
    return this.#byLine.get(lineId) ?? [];
  }

  line(lineId: number): LineView | undefined {
    const line = this.#estate.line(lineId);
    const gateway = line === undefined ? undefined : this.#estate.gateway(line.gatewayId);
    if (gateway === undefined) return undefined;
    const path = this.#pathOf(lineId);
    const { sinceMs, reason } = path;
    return { lineId, gatewayId: gateway.id, propertyId: gateway.propertyId, path: path.state, sinceMs, reason };
  }

  /** Takes over what was known before the start, marked stale. Before anything was heard. */
  restore(stored: readonly StoredLatest[]): void {
    this.#follow();
    for (const { meterId, last, facts, since } of stored) {
      const record = this.#meters.get(meterId);
      if (record === undefined) continue;
      record.last = new KeptRead(last);
      record.heardMs = last.readAtMs;
      record.stale = true;
      record.state = { ...record.state, facts, since };
      this.#evaluate(record, this.#startMs);
    }
  }

  takeLine(news: LineNews): readonly MeterUpdate[] {
    this.#follow();
    const before = this.#pathOf(news.lineId);
    if (before.state === news.path) return [];
    const heard = news.path === 'up' || news.path === 'connecting';
    const heardBefore = before.state === 'up' || before.state === 'connecting';
    this.#paths.set(news.lineId, {
      state: news.path,
      // Connecting that did not work yet is still one and the same attempt: it is not a new beginning.
      sinceMs: news.atMs,
      listeningSinceMs: heard && heardBefore ? before.listeningSinceMs : news.atMs,
      reason: news.reason,
    });
    return this.#judgeAll(this.#byLine.get(news.lineId) ?? [], news.atMs);
  }

  /** Undefined for news of a meter that is gone. */
  takeMeter(news: MeterNews, nowMs: number): MeterUpdate | undefined {
    this.#follow();
    const record = this.#meters.get(news.kind === 'reading' ? news.reading.meterId : news.meterId);
    if (record === undefined) return undefined;
    if (news.kind === 'failed') {
      record.failures = news.failures;
      return this.#judge(record, nowMs, undefined);
    }
    if (news.reading.source === 'backfill') return undefined;
    if (record.last === undefined) record.last = KeptRead.of(news.reading);
    else record.last.take(news.reading);
    record.heardMs = news.reading.receivedMs;
    record.stale = false;
    record.failures = 0;
    return this.#judge(record, nowMs, news.reading);
  }

  /** What time alone changed. `cyclesMs`: how long a round takes each line. */
  sweep(nowMs: number, cyclesMs: ReadonlyMap<number, number>): readonly MeterUpdate[] {
    this.#follow();
    this.#cyclesMs = cyclesMs;
    const due: MeterRecord[] = [];
    for (const record of this.#meters.values()) if (nowMs >= record.state.dueMs) due.push(record);
    return this.#judgeAll(due, nowMs);
  }

  /** Instants move with the wall clock, so that a step neither ages an answer nor makes a silence wait. */
  clockStepped(byMs: number): void {
    this.#startMs += byMs;
    for (const record of this.#meters.values()) {
      record.knownSinceMs += byMs;
      if (record.heardMs !== undefined) record.heardMs += byMs;
      if (record.last !== undefined) record.last.readAtMs += byMs;
      const { money, link, relay, protection } = record.state.since;
      const since = { money: money + byMs, link: link + byMs, relay: relay + byMs, protection: protection + byMs };
      record.state = { ...record.state, since, dueMs: record.state.dueMs + byMs };
    }
    for (const [lineId, path] of this.#paths) {
      const { sinceMs, listeningSinceMs } = path;
      this.#paths.set(lineId, { ...path, sinceMs: sinceMs + byMs, listeningSinceMs: listeningSinceMs + byMs });
    }
  }

  setAlarmMark(meterId: number, unacknowledged: boolean, nowMs: number): readonly MeterUpdate[] {
    const record = this.#meters.get(meterId);
    if (record === undefined || record.alarmUnacknowledged === unacknowledged) return [];
    record.alarmUnacknowledged = unacknowledged;
    return this.#judgeAll([record], nowMs);
  }

  #follow(): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    const nowMs = this.#nowMs();
    const present = this.#estate.meterIds().toSorted((a, b) => a - b);
    const known = new Set(present);
    for (const meterId of this.#meters.keys()) if (!known.has(meterId)) this.#meters.delete(meterId);
    this.#byLine.clear();
    this.#byProperty.clear();
    for (const meterId of present) {
      const profile = this.#estate.meter(meterId);
      if (profile === undefined) continue;
      const record = this.#followMeter(meterId, profile, nowMs);
      addTo(this.#byLine, profile.meter.lineId, record);
      addTo(this.#byProperty, profile.meter.propertyId, record);
    }
  }

  #judgeAll(records: readonly MeterRecord[], nowMs: number): readonly MeterUpdate[] {
    return records.flatMap((record) => this.#judge(record, nowMs, undefined) ?? []);
  }

  /** Undefined when nothing changed and there is no reading to tell of. */
  #judge(record: MeterRecord, nowMs: number, reading: Reading | undefined): MeterUpdate | undefined {
    const marksBefore = record.state.marks;
    const events = this.#evaluate(record, nowMs);
    if (reading === undefined && events.length === 0 && record.state.marks === marksBefore) return undefined;
    return { meter: record, events, reading };
  }

  #evaluate(record: MeterRecord, nowMs: number) {
    const { state, events } = evaluate(record.state, this.#inputOf(record), this.#policyOf(record.profile), nowMs);
    record.state = state;
    return events;
  }

  #followMeter(meterId: number, profile: MeterProfile, nowMs: number): MeterRecord {
    const known = this.#meters.get(meterId);
    if (known !== undefined) {
      known.profile = profile;
      // Judged by the next sweep, which tells what changed: nobody would hear of it here.
      known.state = { ...known.state, dueMs: Math.min(known.state.dueMs, nowMs) };
      return known;
    }
    const fresh = { last: undefined, heardMs: undefined, stale: false, failures: 0, alarmUnacknowledged: false };
    const unjudged = { knownSinceMs: nowMs, profile, ...fresh };
    const { state } = evaluate(undefined, this.#inputOf(unjudged), this.#policyOf(profile), nowMs);
    const record = { ...unjudged, state };
    this.#meters.set(meterId, record);
    return record;
  }

  #inputOf(record: Omit<MeterRecord, 'state'>): MeterInput {
    const { id: meterId, lineId } = record.profile.meter;
    const path = this.#pathOf(lineId);
    return {
      heardMs: record.heardMs,
      listeningSinceMs: Math.max(path.listeningSinceMs, record.knownSinceMs),
      failures: record.failures,
      path: pathState(path.state),
      pathSinceMs: path.sinceMs,
      status: record.last?.status,
      account: this.#money.of(meterId),
      balanceMinor: record.last?.balanceMinor,
      commandedRelay: this.#commands.wantedRelay(meterId),
      commandInFlight: this.#commands.inFlight(meterId),
      protectedFor: this.#commands.protection(meterId)?.by,
      loadW: record.last?.loadW,
      alarmUnacknowledged: record.alarmUnacknowledged,
      stale: record.stale,
    };
  }

  #policyOf(profile: MeterProfile): MeterPolicy {
    return {
      pollMs: Math.max(profile.livePollMs, this.#cyclesMs.get(profile.meter.lineId) ?? 0),
      prepaid: this.#modelOf(profile.meter.modelId)?.capabilities.prepaid ?? false,
      overloadLimitW: profile.meter.overloadLimitW,
    };
  }

  #pathOf(lineId: number): Path {
    const since = { sinceMs: this.#startMs, listeningSinceMs: this.#startMs };
    return this.#paths.get(lineId) ?? { state: 'connecting', ...since, reason: 'starting' };
  }
}

function addTo(groups: Map<number, MeterRecord[]>, id: number, record: MeterRecord): void {
  const group = groups.get(id);
  if (group === undefined) groups.set(id, [record]);
  else group.push(record);
}

function pathState(state: LinePathState): PathState {
  switch (state) {
    case 'connecting':
    case 'up':
      return 'up';
    case 'down':
      return 'down';
    case 'stopped':
      return 'stopped';
  }
}
