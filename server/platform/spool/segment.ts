import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findHeader, HEADER_BYTES, type RecordHeader, readHeader } from './record.ts';

/** One file of records. `records` and `items` are those that were not delivered yet. */
export interface Segment {
  /** Counts up and is never used again: a delivered position can only mean this very file. */
  readonly sequence: number;
  readonly path: string;
  bytes: number;
  records: number;
  items: number;
}

/** What stands at a place of a segment. `end`: nothing more, save perhaps the torn tail of a write that never ended. */
export type Step =
  | { readonly kind: 'record'; readonly header: RecordHeader; readonly end: number }
  | { readonly kind: 'damage'; readonly end: number }
  | { readonly kind: 'end' };

const NAME = /^(\d{12})\.segment$/;

export function segmentPath(dir: string, sequence: number): string {
  return join(dir, `${String(sequence).padStart(12, '0')}.segment`);
}

/** The numbers of the segments in the folder, oldest first. */
export async function listSegments(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Looks at the place `at` of a segment that is `bytes` long. */
export async function stepAt(file: FileHandle, at: number, bytes: number): Promise<Step> {
  if (bytes - at < HEADER_BYTES) return { kind: 'end' };
  const header = readHeader(await readBytes(file, at, HEADER_BYTES), 0);
  if (header === undefined) {
    const rest = await readBytes(file, at, bytes - at);
    return { kind: 'damage', end: at + (findHeader(rest, 1) ?? rest.length) };
  }
  const end = at + HEADER_BYTES + header.length;
  return end > bytes ? { kind: 'end' } : { kind: 'record', header, end };
}

/** Opens a segment that a former process left; `from` is where its undelivered part begins. */
export async function surveySegment(path: string, sequence: number, from: number): Promise<Segment> {
  const file = await open(path, 'r');
  try {
    const segment = { sequence, path, bytes: (await file.stat()).size, records: 0, items: 0 };
    let at = from;
    for (let step = await stepAt(file, at, segment.bytes); step.kind !== 'end'; ) {
      if (step.kind === 'record') {
        segment.records += 1;
        segment.items += step.header.items;
      }
      at = step.end;
      step = await stepAt(file, at, segment.bytes);
    }
    return segment;
  } finally {
    await file.close();
  }
}

/** Is this place the beginning of a record, or the end of the file? */
export async function isBoundary(path: string, at: number): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return at === size || (at < size && (await stepAt(file, at, size)).kind === 'record');
  } finally {
    await file.close();
  }
}

export async function readBytes(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
