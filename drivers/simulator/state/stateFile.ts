import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PathRecord } from './pathRecord.ts';
import type { Plain } from './plain.ts';

/** A line of the journal: a write that a meter accepted, or the plant time that was reached. */
export type JournalEntry =
  | { readonly kind: 'write'; readonly atMs: number; readonly meterNumber: string; readonly write: Plain }
  | { readonly kind: 'reached'; readonly plantMs: number };

/** What was kept before a restart. */
export interface KeptState {
  /** Plant time that must not be fallen below. */
  readonly plantMs: number;
  readonly paths: readonly PathRecord[];
  /** Writes after the snapshot, oldest first. */
  readonly writes: readonly Extract<JournalEntry, { kind: 'write' }>[];
}

interface Snapshot {
  readonly version: 2;
  readonly generation: number;
  readonly plantMs: number;
  readonly paths: readonly PathRecord[];
}

/**
 * The plant's memory: a snapshot, replaced in one rename, and a journal of what came after it. Everything else a meter
 * does is worked out again from the snapshot, so that a kill between two writes loses nothing.
 *
 * The journal is handed to the operating system line by line and not synced: it survives a kill of the process; what a
 * power cut may take is a simulated purchase.
 */
export class StateFile {
  readonly #folder: string;
  readonly #name: string;
  #generation = 0;

  /** @param name told apart by estate and seed: one plant never takes up another's state */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    mkdirSync(folder, { recursive: true });
  }

  /** What was kept, or undefined at the first start. An unreadable snapshot is put aside and counts as none. */
  load(): KeptState | undefined {
    const snapshot = this.#readSnapshot();
    if (snapshot === undefined) return undefined;
    this.#generation = snapshot.generation;
    const entries = this.#readJournal();
    let { plantMs } = snapshot;
    const writes: Extract<JournalEntry, { kind: 'write' }>[] = [];
    for (const entry of entries) {
      plantMs = Math.max(plantMs, entry.kind === 'write' ? entry.atMs : entry.plantMs);
      if (entry.kind === 'write') writes.push(entry);
    }
    return { plantMs, paths: snapshot.paths, writes };
  }

  append(entry: JournalEntry): void {
    appendFileSync(this.#journal(this.#generation), `${JSON.stringify(entry)}\n`);
  }

  /** Replaces snapshot and journal. The old journal is removed only when the new snapshot stands. */
  save(plantMs: number, paths: readonly PathRecord[]): void {
    const snapshot: Snapshot = { version: 2, generation: this.#generation + 1, plantMs, paths };
    const draft = `${this.#snapshot()}.draft`;
    const file = openSync(draft, 'w');
    try {
      writeFileSync(file, JSON.stringify(snapshot));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // A journal of this generation can only be left over from a plant that was put aside.
    rmSync(this.#journal(snapshot.generation), { force: true });
    renameSync(draft, this.#snapshot());
    rmSync(this.#journal(this.#generation), { force: true });
    this.#generation = snapshot.generation;
  }

  #readSnapshot(): Snapshot | undefined {
    const path = this.#snapshot();
    const text = readIfThere(path);
    if (text === undefined) return undefined;
    const snapshot = parse(text) as Snapshot | undefined;
    if (snapshot?.version === 2 && Array.isArray(snapshot.paths)) return snapshot;
    renameSync(path, `${path}.unreadable`);
    return undefined;
  }

  #readJournal(): readonly JournalEntry[] {
    const lines = (readIfThere(this.#journal(this.#generation)) ?? '').split('\n');
    const entries: JournalEntry[] = [];
    for (const line of lines) {
      const entry = parse(line) as JournalEntry | undefined;
      // A kill may tear the last line; nothing after it was ever acknowledged.
      if (entry === undefined) break;
      entries.push(entry);
    }
    return entries;
  }

  #snapshot(): string {
    return join(this.#folder, `${this.#name}.snapshot.json`);
  }

  #journal(generation: number): string {
    return join(this.#folder, `${this.#name}.${generation}.journal`);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
