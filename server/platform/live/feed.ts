import {
  type CommandNewsGroup,
  encodeFrame,
  type MeterChange,
  type PropertySnapshot,
  type Pulse,
} from '#contract/index.ts';
import { CommandNewsQueue } from './commandNews.ts';
import type { PlacedCommand } from './seat.ts';
import type { FeedPart, LiveMeter, LiveSource } from './types.ts';

/** A load is sent again when it moved by at least this much and this share: what nobody sees costs nothing. */
export const LOAD_STEP_W = 10;
export const LOAD_STEP_RATIO = 0.01;

/** Screens that join within this time, with no delta in between, get the same text: a restart brings a thousand at once. */
const SNAPSHOT_HOLDS_MS = 1_000;

/** What was last sent of a meter. */
interface Sent {
  readonly packedFacts: number;
  readonly link: LiveMeter['link'];
  readonly loadW: number | null;
  readonly balanceMinor: bigint | null;
  readonly heard: boolean;
}

export interface FeedDeps {
  readonly part: FeedPart;
  readonly source: LiveSource;
  readonly epoch: string;
  readonly release: string;
}

/**
 * One numbered stream of changes for one part of the estate, however many screens follow it: coalesced by meter,
 * encoded once. Flush before a snapshot: a change that the snapshot has and no delta knows could be taken back unseen.
 */
export class Feed {
  readonly part: FeedPart;
  readonly #deps: FeedDeps;
  readonly #sent = new Map<number, Sent>();
  readonly #touched = new Map<number, LiveMeter>();
  readonly #commands = new CommandNewsQueue();
  /** News of commands left: the next delta is numbered even where no meter changed. */
  #toldCommands = false;
  #seq = 0;
  #snapshot: { readonly atMs: number; readonly frame: string } | undefined;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
    this.part = deps.part;
    for (const meter of deps.source.meters(deps.part) ?? []) this.#sent.set(meter.meterId, toSent(meter));
  }

  /** Notes a meter of the property; ignored when it stands outside of the part. */
  touch(meter: LiveMeter): void {
    if (this.#shows(meter.buildingId)) this.#touched.set(meter.meterId, meter);
  }

  /** Notes a command; ignored when its meter stands outside of the part. */
  touchCommand({ news, at }: PlacedCommand): void {
    const { propertyId } = this.part;
    if (at.propertyId !== propertyId || !this.#shows(at.buildingId) || this.#commands.add(news)) return;
    this.skip();
  }

  /** Commands to be told now, before the delta that `flush` makes; more may wait. */
  takeCommands(): readonly CommandNewsGroup[] {
    const groups = this.#commands.take();
    if (groups.length > 0) this.#toldCommands = true;
    return groups;
  }

  get commandsWait(): boolean {
    return this.#commands.size > 0;
  }

  /** The next delta as base64; undefined when nothing that is worth sending changed, and no command was told of. */
  flush(atMs: number): string | undefined {
    const changes: MeterChange[] = [];
    for (const meter of [...this.#touched.values()].toSorted((a, b) => a.meterId - b.meterId)) {
      const change = changeOf(this.#sent.get(meter.meterId), meter, atMs);
      if (change === undefined) continue;
      changes.push(change);
      this.#sent.set(meter.meterId, sentAfter(this.#sent.get(meter.meterId), meter, change));
    }
    this.#touched.clear();
    if (changes.length === 0 && !this.#toldCommands) return undefined;
    this.#toldCommands = false;
    this.#seq += 1;
    this.#snapshot = undefined;
    return this.#encode(atMs, changes);
  }

  /** Leaves out a number, which makes every screen ask for a snapshot. */
  skip(): void {
    this.#seq += 1;
    this.#snapshot = undefined;
  }

  /** Everything that was sent so far; only right after a flush. */
  snapshot(atMs: number): PropertySnapshot {
    if (this.#snapshot === undefined || atMs - this.#snapshot.atMs >= SNAPSHOT_HOLDS_MS) {
      const meters = this.#deps.source.meters(this.part) ?? [];
      const frame = this.#encode(
        atMs,
        meters.map((meter) => wholeChange(meter, atMs)),
      );
      this.#snapshot = { atMs, frame };
    }
    return {
      room: `property:${this.part.propertyId}`,
      epoch: this.#deps.epoch,
      seq: this.#seq,
      atMs: this.#snapshot.atMs,
      frame: this.#snapshot.frame,
      pulse: this.pulse(atMs),
    };
  }

  pulse(atMs: number): Pulse {
    const { epoch, release, source } = this.#deps;
    const { propertyId } = this.part;
    return { ...source.pulse(this.part), propertyId, epoch, seq: this.#seq, atMs, release };
  }

  #shows(buildingId: number | undefined): boolean {
    const { buildingIds } = this.part;
    return buildingIds === undefined || (buildingId !== undefined && buildingIds.includes(buildingId));
  }

  #encode(atMs: number, changes: readonly MeterChange[]): string {
    const bytes = encodeFrame({ propertyId: this.part.propertyId, seq: this.#seq, atMs, changes });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  }
}

/** One name for one part, so that screens with the same rights share a feed. */
export function feedKey({ propertyId, buildingIds }: FeedPart): string {
  return buildingIds === undefined ? `${propertyId}` : `${propertyId}/${buildingIds.join('+')}`;
}

function toSent(meter: LiveMeter): Sent {
  return {
    packedFacts: meter.packedFacts,
    link: meter.link,
    loadW: meter.loadW ?? null,
    balanceMinor: meter.balanceMinor ?? null,
    heard: meter.heardMs !== undefined,
  };
}

/** A load that was too close to the last one stays unsent, so that small steps add up to one that is sent. */
function sentAfter(before: Sent | undefined, meter: LiveMeter, change: MeterChange): Sent {
  const now = toSent(meter);
  return change.loadW === undefined && before !== undefined ? { ...now, loadW: before.loadW } : now;
}

function wholeChange(meter: LiveMeter, atMs: number): MeterChange {
  return {
    meterId: meter.meterId,
    packedFacts: meter.packedFacts,
    loadW: meter.loadW ?? null,
    balanceMinor: meter.balanceMinor ?? null,
    heardAgoS: heardAgoS(meter, atMs),
  };
}

function changeOf(before: Sent | undefined, meter: LiveMeter, atMs: number): MeterChange | undefined {
  if (before === undefined) return wholeChange(meter, atMs);
  const now = toSent(meter);
  const packedFacts = now.packedFacts === before.packedFacts ? undefined : now.packedFacts;
  const loadW = isSameLoad(before.loadW, now.loadW) ? undefined : now.loadW;
  const balanceMinor = now.balanceMinor === before.balanceMinor ? undefined : now.balanceMinor;
  // When it was heard changes all the time; the screen needs the first time and each change of the link, and computes in between.
  const told = now.link === before.link && now.heard === before.heard;
  if (told && packedFacts === undefined && loadW === undefined && balanceMinor === undefined) return undefined;
  return {
    meterId: meter.meterId,
    packedFacts,
    loadW,
    balanceMinor,
    heardAgoS: told ? undefined : heardAgoS(meter, atMs),
  };
}

/** No load and zero load are always told apart from some load. */
function isSameLoad(sent: number | null, now: number | null): boolean {
  if (sent === null || now === null || sent === 0 || now === 0) return sent === now;
  const step = Math.max(LOAD_STEP_W, Math.abs(sent) * LOAD_STEP_RATIO);
  return Math.abs(now - sent) < step;
}

function heardAgoS({ heardMs }: LiveMeter, atMs: number): number | null {
  return heardMs === undefined ? null : Math.round((atMs - heardMs) / 1_000);
}
