import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { StartError } from '../../startError.ts';
import type { Log } from '../log.ts';
import { type Position, PositionFile } from './position.ts';
import { encodeRecord, isWhole } from './record.ts';
import { isBoundary, listSegments, readBytes, type Segment, segmentPath, stepAt, surveySegment } from './segment.ts';
import type { Spool, SpoolFigures } from './types.ts';

/** A full spool loses a sixteenth of itself at a time, never more than this. */
const SEGMENT_BYTES_MAX = 8 * 1024 * 1024;
const SEGMENTS_MIN = 16;

export interface SpoolOptions {
  /** Made when missing. One process at a time: the lock of DATA_DIR sees to that. */
  readonly dir: string;
  readonly maxBytes: number;
  readonly log: Log;
}

/** Opens the spool of a folder with what waits in it. Rejects with a `StartError` when the folder cannot be used. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, log } = options;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const { file, position } = await PositionFile.open(dir);
    const found = await surveyFolder(dir, position);
    const spool = new SegmentSpool(options, file, found);
    const { records, bytes } = spool.figures();
    if (records > 0) log.info('a former start left what was not stored yet', { records, bytes, dir });
    return spool;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(
      `The folder ${dir} cannot be used (${reason}): make it a folder that the account of the server may write.`,
      { cause },
    );
  }
}

interface Found {
  readonly segments: Segment[];
  /** Where the undelivered part of the first one begins. */
  readonly headAt: number;
  readonly nextSequence: number;
}

async function surveyFolder(dir: string, position: Position | undefined): Promise<Found> {
  const sequences = await listSegments(dir);
  const segments: Segment[] = [];
  let headAt = 0;
  for (const sequence of sequences) {
    const path = segmentPath(dir, sequence);
    if (position !== undefined && sequence < position.sequence) {
      await unlink(path);
      continue;
    }
    const trusted = sequence === position?.sequence && (await isBoundary(path, position.at));
    const from = trusted ? position.at : 0;
    if (segments.length === 0) headAt = from;
    segments.push(await surveySegment(path, sequence, from));
  }
  return { segments, headAt, nextSequence: Math.max(position?.sequence ?? 0, sequences.at(-1) ?? 0) + 1 };
}

interface Tail {
  readonly segment: Segment;
  readonly file: FileHandle;
}

interface Peeked {
  readonly segment: Segment;
  readonly payload: Uint8Array;
  readonly items: number;
  readonly end: number;
}

/** Append-only segments; the oldest ones go when they were delivered, or when room is needed. */
class SegmentSpool implements Spool {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  readonly #position: PositionFile;
  /** Oldest first; the last one is the tail while this process appends to it. */
  readonly #segments: Segment[];
  #headAt: number;
  #nextSequence: number;
  /** Every process begins a segment of its own: what a killed one left torn is never written over. */
  #tail: Tail | undefined;
  #peeked: Peeked | undefined;
  #droppedRecords = 0;
  #droppedItems = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: SpoolOptions, position: PositionFile, { segments, headAt, nextSequence }: Found) {
    this.#options = options;
    this.#segmentBytes = Math.min(SEGMENT_BYTES_MAX, Math.floor(options.maxBytes / SEGMENTS_MIN));
    this.#position = position;
    this.#segments = segments;
    this.#headAt = headAt;
    this.#nextSequence = nextSequence;
  }

  append(record: Uint8Array, items: number): Promise<void> {
    return this.#inTurn(() => this.#append(encodeRecord(record, items), items));
  }

  peek(): Promise<Uint8Array | undefined> {
    return this.#inTurn(() => this.#peek());
  }

  shift(): Promise<void> {
    return this.#inTurn(() => this.#shift());
  }

  figures(): SpoolFigures {
    const sum = (of: (segment: Segment) => number) => this.#segments.reduce((total, segment) => total + of(segment), 0);
    return {
      records: sum(({ records }) => records),
      items: sum(({ items }) => items),
      bytes: this.#diskBytes() - this.#headAt,
      maxBytes: this.#options.maxBytes,
      droppedRecords: this.#droppedRecords,
      droppedItems: this.#droppedItems,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#inTurn(async () => {
      this.#closed = true;
      await this.#tail?.file.close();
      await this.#position.close();
    });
  }

  /** One thing at a time, in the order asked. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(() => {
      if (this.#closed) throw new Error(`The spool ${this.#options.dir} is closed.`);
      return work();
    });
    this.#turn = run.catch(() => undefined);
    return run;
  }

  #diskBytes(): number {
    return this.#segments.reduce((total, { bytes }) => total + bytes, 0);
  }

  async #append(record: Buffer, items: number): Promise<void> {
    const { maxBytes } = this.#options;
    if (record.length > maxBytes)
      throw new RangeError(`A record of ${record.length} bytes does not fit into a spool of ${maxBytes}.`);
    await this.#makeRoom(record.length);
    const { segment, file } = await this.#tailFor(record.length);
    try {
      await file.appendFile(record);
      await file.datasync();
    } catch (error) {
      await this.#leaveTail();
      throw error;
    }
    segment.bytes += record.length;
    segment.records += 1;
    segment.items += items;
  }

  async #makeRoom(bytes: number): Promise<void> {
    while (this.#diskBytes() + bytes > this.#options.maxBytes) {
      const oldest = this.#segments[0];
      if (oldest === undefined) return;
      if (oldest === this.#tail?.segment) await this.#endTail();
      this.#droppedRecords += oldest.records;
      this.#droppedItems += oldest.items;
      if (oldest.records > 0) {
        const { records, items } = oldest;
        this.#options.log.warn('the spool is full, its oldest part goes', { dir: this.#options.dir, records, items });
      }
      await this.#remove(oldest);
    }
  }

  async #tailFor(bytes: number): Promise<Tail> {
    const tail = this.#tail;
    if (tail !== undefined && tail.segment.bytes + bytes <= this.#segmentBytes) return tail;
    if (tail !== undefined) await this.#endTail();
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const path = segmentPath(this.#options.dir, sequence);
    const file = await open(path, 'ax', 0o600);
    const begun = { segment: { sequence, path, bytes: 0, records: 0, items: 0 }, file };
    try {
      await syncFolder(this.#options.dir);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#segments.push(begun.segment);
    this.#tail = begun;
    return begun;
  }

  async #endTail(): Promise<void> {
    const tail = this.#tail;
    this.#tail = undefined;
    await tail?.file.close();
  }

  /** After a failed write nobody knows what is on the disk: what is there ends with the last good record. */
  async #leaveTail(): Promise<void> {
    const tail = this.#tail;
    this.#tail = undefined;
    await tail?.file.truncate(tail.segment.bytes).catch(() => undefined);
    await tail?.file.close().catch(() => undefined);
  }

  async #peek(): Promise<Uint8Array | undefined> {
    while (this.#peeked === undefined) {
      const oldest = this.#segments[0];
      if (oldest === undefined) return undefined;
      const atEnd = !(await this.#look(oldest));
      if (!atEnd) continue;
      if (oldest === this.#tail?.segment) return undefined;
      await this.#remove(oldest);
    }
    return this.#peeked.payload;
  }

  /** Takes the record at the head into `#peeked`, or steps over damage; false at the end of the segment. */
  async #look(segment: Segment): Promise<boolean> {
    const file = await open(segment.path, 'r');
    try {
      const step = await stepAt(file, this.#headAt, segment.bytes);
      if (step.kind === 'end') return false;
      if (step.kind === 'damage') {
        this.#skip(segment, step.end, 0, 0);
        return true;
      }
      const { header, end } = step;
      const payload = await readBytes(file, end - header.length, header.length);
      if (isWhole(payload, header)) this.#peeked = { segment, payload, items: header.items, end };
      else this.#skip(segment, end, 1, header.items);
      return true;
    } finally {
      await file.close();
    }
  }

  /** A damaged record. One whose header is damaged was never counted among those of the segment. */
  #skip(segment: Segment, end: number, counted: number, items: number): void {
    this.#options.log.error('a damaged record is skipped', { path: segment.path, at: this.#headAt, items });
    this.#droppedRecords += 1;
    this.#droppedItems += items;
    segment.records -= counted;
    segment.items -= items;
    this.#headAt = end;
  }

  async #shift(): Promise<void> {
    const peeked = this.#peeked;
    if (peeked === undefined) return;
    const { segment, items, end } = peeked;
    this.#peeked = undefined;
    segment.records -= 1;
    segment.items -= items;
    this.#headAt = end;
    await this.#position.write({ sequence: segment.sequence, at: end });
  }

  /** Removes the oldest segment. */
  async #remove(oldest: Segment): Promise<void> {
    await unlink(oldest.path).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
    this.#segments.shift();
    this.#headAt = 0;
    this.#peeked = undefined;
  }
}

/** A new file's name is on the disk when its folder was synced. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
