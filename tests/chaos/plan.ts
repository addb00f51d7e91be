import { createHash } from 'node:crypto';
import type { Fault, FaultRequest } from '#drivers/simulator/faults/fault.ts';
import { chanceOf, wholeBetween } from '#drivers/simulator/seededChance.ts';
import type { ChaosOptions } from './options.ts';

/** A cancel is a sale that is cancelled at once, wherever its frame is by then; a reversal takes back the last sale that arrived. */
export const WISH_KINDS = ['sale', 'refund', 'replacement', 'reversal', 'cancel'] as const;
export type WishKind = (typeof WISH_KINDS)[number];

/** One thing that a person wants done. */
export interface Wish {
  readonly no: number;
  readonly id: string;
  readonly kind: WishKind;
  /** Which account, from 0. */
  readonly account: number;
  readonly amountMinor: bigint;
}

/** Frames of any fault are dead after this: so long after the last fault, nothing of it can land any more. */
export const FRAME_LIFE_MS = 6_000;

/** Of the plant's 32 on each line. */
export const METERS_PER_LINE = 8;

/** Out of a hundred wishes. */
const REFUNDS = 12;
const REPLACEMENTS = 3;
const REVERSALS = 4;
const CANCELS = 6;

/** What is asked as number `no`, by the seed alone; how many are asked depends on how many are refused. */
export function wishOf({ seed }: Pick<ChaosOptions, 'seed'>, accounts: number, no: number): Wish {
  const kind = kindOf(wholeBetween(0, 99, seed, no, 1));
  return {
    no,
    id: uuidOf(seed, no, 0),
    kind,
    account: wholeBetween(0, accounts - 1, seed, no, 2),
    // Often the same amounts: what looks alike must not be taken for each other.
    amountMinor:
      kind === 'refund'
        ? BigInt(wholeBetween(1, 9, seed, no, 3)) * 100n
        : (AMOUNTS[wholeBetween(0, 3, seed, no, 3)] ?? 10_000n),
  };
}

function kindOf(ofHundred: number): WishKind {
  let left = ofHundred;
  for (const [kind, share] of SHARES) {
    if (left < share) return kind;
    left -= share;
  }
  return 'sale';
}

const SHARES: readonly (readonly [WishKind, number])[] = [
  ['replacement', REPLACEMENTS],
  ['refund', REFUNDS],
  ['reversal', REVERSALS],
  ['cancel', CANCELS],
];

const AMOUNTS = [5_000n, 10_000n, 10_000n, 1_234n] as const;

/** The same for the same numbers; `again` counts new requests after a refusal. */
export function uuidOf(seed: number, no: number, again: number): string {
  const hex = createHash('sha256').update(`${seed} ${no} ${again}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Shares of exchanges that are struck: together a fifth. */
const STRIKES: readonly (readonly [Fault, number, FaultRequest['on']?])[] = [
  [{ kind: 'request-lost' }, 0.04],
  [{ kind: 'dropped' }, 0.05],
  [{ kind: 'corrupted' }, 0.01],
  [{ kind: 'delayed', delayMs: 900 }, 0.02],
  [{ kind: 'request-doubled' }, 0.04, 'writes'],
  [{ kind: 'request-late', delayMs: 1_500 }, 0.04, 'writes'],
  [{ kind: 'request-late', delayMs: 5_000 }, 0.02, 'writes'],
  [{ kind: 'lying-refusal' }, 0.04, 'writes'],
  [{ kind: 'stale-read' }, 0.04, 'reads'],
];

/** Faults of every gateway: chance strikes single exchanges, refusals come and go, the gateway itself drops. */
export function faultsOf(seed: number, gatewayCodes: readonly string[]): readonly FaultRequest[] {
  return gatewayCodes.flatMap((gatewayCode, index): FaultRequest[] => {
    const target = { kind: 'gateway', gatewayCode } as const;
    const strikes = STRIKES.map(([fault, probability, on]) => ({
      ...{ target, fault, probability },
      ...(on === undefined ? {} : { on }),
    }));
    const drop = { kind: chanceOf(seed, index, 7) < 0.5 ? 'down' : 'mute' } as const;
    return [
      ...strikes,
      { target, fault: { kind: 'hoarding' }, ...recurring(seed, index, 5, 12, 3) },
      { target, fault: drop, ...recurring(seed, index, 6, 45, 3) },
    ];
  });
}

function recurring(seed: number, index: number, of: number, everySeconds: number, durationSeconds: number) {
  return { afterSeconds: wholeBetween(1, everySeconds, seed, index, of), durationSeconds, everySeconds };
}

/** What is killed, and how long after the one before. */
export interface Kill {
  readonly what: 'server' | 'postgres';
  readonly afterMs: number;
}

/** The server lives for seconds, then it is killed where it stands; every third time Postgres is. */
export function* killsOf(seed: number): Generator<Kill> {
  for (let no = 0; ; no += 1) {
    yield { what: no % 3 === 1 ? 'postgres' : 'server', afterMs: wholeBetween(3_000, 14_000, seed, no, 9) };
  }
}
