import type { MeterCommand, PurseCapabilities } from '#drivers/core/index.ts';
import { FENCE_MINOR } from './evidence.ts';
import type { FenceKind, VendFacts, VendPath } from './types.ts';

/** How an amount can be delivered to a meter, or why it cannot. */
export type DeliveryPlan =
  | { readonly ok: true; readonly path: VendPath; readonly fence: FenceKind }
  | { readonly ok: false; readonly why: 'unproven' | 'unreadable' | 'noRefund' };

/** A meter of which not a single thing is known was never tried. */
export function wasTried(capabilities: PurseCapabilities | undefined): capabilities is PurseCapabilities {
  return capabilities !== undefined && Object.values(capabilities).some(Boolean);
}

/**
 * Chooses by what the meter is known to do. `allowWriteOnce`: the property sells to meters whose firmware is not proven
 * to check the purchase count. One that was never tried is then written to once; its count and balance, which every model
 * with a purse tells, are read before and after, and where they cannot be read nothing is written.
 */
export function planDelivery(
  amountMinor: bigint,
  capabilities: PurseCapabilities | undefined,
  allowWriteOnce: boolean,
): DeliveryPlan {
  if (!wasTried(capabilities)) {
    if (!allowWriteOnce) return { ok: false, why: 'unproven' };
    return amountMinor < 0n ? { ok: false, why: 'noRefund' } : { ok: true, path: 'writeOnce', fence: 'quiet' };
  }
  const { seqChecked, zeroPurchase, refundCommand, setAbsolute } = capabilities;
  if (!capabilities.readBalance && !capabilities.readRecord && !capabilities.readCumulative)
    return { ok: false, why: 'unreadable' };
  if (amountMinor < 0n && !refundCommand) {
    return setAbsolute ? { ok: true, path: 'absolute', fence: 'quiet' } : { ok: false, why: 'noRefund' };
  }
  if (seqChecked) return { ok: true, path: 'checked', fence: zeroPurchase ? 'zero' : 'cent' };
  return allowWriteOnce ? { ok: true, path: 'writeOnce', fence: 'quiet' } : { ok: false, why: 'unproven' };
}

/** How an amount is brought to a meter that something is known of. What the meter cannot do by itself is written once. */
export function wayOf(
  amountMinor: bigint,
  capabilities: PurseCapabilities | undefined,
  allowWriteOnce: boolean,
): Pick<VendFacts, 'path' | 'fence'> | undefined {
  if (!wasTried(capabilities)) return undefined;
  const plan = planDelivery(amountMinor, capabilities, allowWriteOnce);
  return plan.ok ? { path: plan.path, fence: plan.fence } : { path: 'writeOnce', fence: 'quiet' };
}

/**
 * The facts by what is known of the meter now: it may have been tried since the vend was asked for. Until it is bound a vend goes any
 * way; a frame that was sent because the meter checks the count is sent no more where the meter does not, or may not.
 */
export function asKnownNow(facts: VendFacts, now: Pick<VendFacts, 'path' | 'fence'> | undefined): VendFacts {
  if (now === undefined || facts.path === 'wallet') return facts;
  if (facts.state === 'QUEUED') return { ...facts, path: now.path, fence: now.fence };
  const overtaken = facts.state === 'UNKNOWN' && facts.path === 'checked' && now.path !== 'checked';
  return overtaken ? { ...facts, path: 'writeOnce', fence: 'quiet' } : facts;
}

/** The frame of a bound vend: the same one each time. */
export function frameOf(facts: VendFacts): MeterCommand {
  const { seq, balanceMinor } = boundOf(facts);
  const { amountMinor, path } = facts;
  if (path === 'absolute') return { kind: 'setPurse', balanceMinor: balanceMinor + amountMinor, count: seq };
  return amountMinor > 0n
    ? { kind: 'purchase', amountMinor, count: seq }
    : { kind: 'refund', amountMinor: -amountMinor, count: seq };
}

/** The frame that uses up the count of a vend. */
export function fenceFrameOf(facts: VendFacts): MeterCommand {
  return { kind: 'purchase', amountMinor: FENCE_MINOR[facts.fence], count: boundOf(facts).seq };
}

function boundOf({ bound }: VendFacts): NonNullable<VendFacts['bound']> {
  if (bound === undefined) throw new RangeError('a vend without a purchase count has no frame');
  return bound;
}

/** How long to wait before the next read: steps, then the last one for ever. `tries` counts from 0. */
export function backOffMs(stepsMs: readonly number[], tries: number): number {
  return stepsMs[Math.min(tries, stepsMs.length - 1)] ?? 0;
}
