import { createHash } from 'node:crypto';
import type { AuditProof } from '#contract/index.ts';
import { canonicalJson } from '#domain/canonicalJson.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { Db, Queryable } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import {
  countRowsAfter,
  insertSeal,
  type SealedRow,
  selectHorizon,
  selectLastSeal,
  selectSealedRows,
  selectSeals,
} from './sealStore.ts';

/** Before the first row. */
export const GENESIS = '0'.repeat(64);
/** A row is sealed by the second look after it was written, so that no slower transaction can come in before it. */
const LOOK_EVERY_MS = 60_000;
/** Rows under one seal, and seals that are looked at in one go. */
const BLOCK_ROWS = 1_000;
const SEALS_AT_ONCE = 100;
/** Faults that a proof tells; who finds so many need not count them. */
const FAULTS_MAX = 100;

/** The hash of a record over the one before it: SHA-256 of both with a line feed between, in hexadecimal. */
export function chainHash(previous: string, canonical: string): string {
  return createHash('sha256').update(`${previous}\n${canonical}`, 'utf8').digest('hex');
}

function chained(previous: string, rows: readonly SealedRow[]): string {
  return rows.reduce((hash, row) => chainHash(hash, canonicalJson(row)), previous);
}

/**
 * Seals what the audit log has come to, in blocks, beside the work: who writes a row waits for nobody. A later change of a
 * sealed row, a missing one and one that was slipped in are found by `proveAudit`, also where the append-only trigger was
 * away for a moment.
 */
export function createSealer({ db, clock }: { readonly db: Db; readonly clock: Pick<Clock, 'nowMs'> }) {
  let safe: { readonly lastId: bigint; readonly next: bigint } | undefined;

  /** One block; false when nothing was left up to there. */
  function sealBlock(toId: bigint): Promise<boolean> {
    return db.tx(async (tx) => {
      const last = await selectLastSeal(tx);
      const rows = await selectSealedRows(tx, last?.lastId ?? 0n, toId, BLOCK_ROWS);
      const [first, end] = [rows[0], rows.at(-1)];
      if (first === undefined || end === undefined) return false;
      await insertSeal(tx, {
        ...{ no: (last?.no ?? 0n) + 1n, firstId: BigInt(first.id), lastId: BigInt(end.id), rows: rows.length },
        hash: Buffer.from(chained(last?.hash.toString('hex') ?? GENESIS, rows), 'hex'),
        sealedAt: new Date(clock.nowMs()),
      });
      return rows.length === BLOCK_ROWS;
    });
  }

  return {
    /** Seals what stood at the last call, once every transaction of that time has ended. */
    async look(): Promise<void> {
      const horizon = await selectHorizon(db);
      if (safe !== undefined && horizon.oldestRunning < safe.next) return;
      const toId = safe?.lastId ?? 0n;
      safe = horizon;
      while (await sealBlock(toId));
    },
  };
}

export function startSealer(deps: { readonly db: Db; readonly clock: Clock; readonly log: Log }): Repetition {
  const sealer = createSealer(deps);
  return repeat(deps.clock, {
    everyMs: LOOK_EVERY_MS,
    startNow: true,
    work: () => sealer.look(),
    failed: (error) => deps.log.error('the audit log was not sealed and is at the next look', { error }),
  });
}

/** Computes every seal of the audit log again. They stand over all properties at once, and tell nothing but ids and counts. */
export async function proveAudit(db: Queryable): Promise<AuditProof> {
  const faults: AuditProof['faults'] = [];
  let [rows, seals, lastId, hash, no] = [0, 0, 0n, GENESIS, 0n];
  let sealedAt: Date | undefined;
  for (;;) {
    const block = await selectSeals(db, no, SEALS_AT_ONCE);
    for (const seal of block) {
      // One more than there should be: what was slipped in is seen, too.
      const found = await selectSealedRows(db, lastId, seal.lastId, seal.rows + 1);
      const isWhole = seal.no === no + 1n && found.length === seal.rows;
      if ((!isWhole || chained(hash, found) !== seal.hash.toString('hex')) && faults.length < FAULTS_MAX)
        faults.push({ seal: String(seal.no), firstId: String(seal.firstId), lastId: String(seal.lastId) });
      // The chain goes on from what was sealed, so that one changed row is one fault.
      [hash, no, lastId, sealedAt] = [seal.hash.toString('hex'), seal.no, seal.lastId, seal.sealedAt];
      rows += seal.rows;
      seals += 1;
    }
    if (block.length < SEALS_AT_ONCE) break;
  }
  return {
    ...{ rows, seals, unsealed: await countRowsAfter(db, lastId), faults },
    ...(seals === 0 ? {} : { head: hash }),
    ...(sealedAt === undefined ? {} : { sealedAt: sealedAt.toISOString() }),
  };
}
