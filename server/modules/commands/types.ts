import type { MeterPrices, MeterSettings } from '#drivers/core/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';

/** What people, schedules and rules ask for; the driver's words are in drivers/core/command.ts. */
export type CommandOrder =
  | { readonly kind: 'trip' }
  | { readonly kind: 'close' }
  /** Forced closed whatever the balance (保电). */
  | { readonly kind: 'protect'; readonly untilMs?: number }
  /** Back to automatic cut on arrears (恢复预付费). */
  | { readonly kind: 'restorePrepaid' }
  | {
      readonly kind: 'prices';
      readonly tariffVersionId: number;
      readonly prices: MeterPrices;
      readonly switchAtMs?: number;
    }
  | { readonly kind: 'settings'; readonly settings: MeterSettings }
  | { readonly kind: 'clock' }
  | { readonly kind: 'read' };
export type CommandKind = CommandOrder['kind'];

/**
 * awaitingApproval  a second person must agree
 * queued, sent, confirming → verified | rejected (the meter holds something else) | failed (nothing reached it) | inDoubt
 * held      the guard forbids it now; `reason` says why
 * stopped   taken back before it was sent
 */
export const COMMAND_STATES = [
  'awaitingApproval',
  'queued',
  'sent',
  'confirming',
  'verified',
  'rejected',
  'failed',
  'inDoubt',
  'held',
  'stopped',
] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/** Who gives an order: a signed-in person, or a rule of the platform with its name. */
export type Giver =
  | { readonly actor: Actor }
  | { readonly rule: 'arrears' | 'restoreAfterPayment' | 'protectionEnded' | 'account' | 'replacement' };

export interface CommandEvent {
  readonly commandId: string;
  readonly batchId: string | undefined;
  readonly meterId: number;
  readonly propertyId: number;
  readonly kind: CommandKind;
  readonly state: CommandState;
  readonly reason: string | undefined;
}

export interface Commands {
  /** One order for one meter in the caller's transaction. The same id again answers what it has become. */
  order(
    tx: Tx,
    request: {
      readonly commandId: string;
      readonly meterId: number;
      readonly order: CommandOrder;
      readonly giver: Giver;
      readonly reason: string;
    },
  ): Promise<{ readonly state: CommandState; readonly reason: string | undefined }>;
  /** What the relay was last told to be, as far as it was verified or is under way. */
  wantedRelay(meterId: number): 'closed' | 'open' | undefined;
  inFlight(meterId: number): boolean;
  isProtected(meterId: number): boolean;
  /** Who knows of money under way: an open vend or an unverified payment always holds a cut. */
  setVendSource(openVend: (tx: Tx, meterIds: readonly number[]) => Promise<ReadonlySet<number>>): void;
  listen(listener: (event: CommandEvent) => void): () => void;
}
