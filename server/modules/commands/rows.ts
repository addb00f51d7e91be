import type { Command, CommandBatch, Protection } from '#contract/index.ts';
import type { RelayMode } from '#drivers/core/index.ts';
import { type StoredOrder, toBody } from './orders.ts';
import type { CommandKind, CommandState, CommandWhy, GiverRule } from './types.ts';

export interface CommandRow {
  readonly id: string;
  readonly number: bigint;
  readonly batch_id: string | null;
  readonly property_id: number;
  readonly building_id: number | null;
  readonly meter_id: number;
  readonly line_id: number;
  readonly kind: CommandKind;
  readonly command_order: StoredOrder;
  readonly reason: string;
  readonly state: CommandState;
  readonly why: CommandWhy[];
  readonly detail: string | null;
  readonly relay_mode: RelayMode | null;
  readonly attempts: number;
  readonly reads: number;
  readonly failed_reads: number;
  readonly unreached: number;
  readonly given_by: number | null;
  readonly given_name: string;
  readonly rule: string | null;
  readonly given_at: Date;
  readonly due_at: Date;
  readonly expires_at: Date;
  readonly approve_before: Date | null;
  readonly decided_name: string | null;
  readonly decided_at: Date | null;
  readonly sent_at: Date | null;
  readonly finished_at: Date | null;
}

/** What the road itself needs of a command: all that screens, alarms and lines are told of a change. */
export type RoadRow = Pick<
  CommandRow,
  | 'id'
  | 'number'
  | 'batch_id'
  | 'property_id'
  | 'building_id'
  | 'meter_id'
  | 'line_id'
  | 'kind'
  | 'command_order'
  | 'rule'
  | 'state'
  | 'why'
  | 'relay_mode'
  | 'attempts'
  | 'failed_reads'
  | 'unreached'
  | 'expires_at'
>;

export interface BatchRow {
  readonly id: string;
  readonly number: bigint;
  readonly property_id: number;
  readonly building_id: number | null;
  readonly kind: CommandKind;
  readonly command_order: StoredOrder;
  readonly reason: string;
  readonly total: number;
  readonly approval: CommandBatch['approval'];
  readonly approve_before: Date | null;
  readonly decided_name: string | null;
  readonly decided_at: Date | null;
  readonly decision_reason: string | null;
  readonly stopped_name: string | null;
  readonly stopped_at: Date | null;
  readonly retry_of: string | null;
  readonly given_by: number | null;
  readonly given_name: string;
  readonly given_at: Date;
}

export interface ProtectionRow {
  readonly id: string;
  readonly meter_id: number;
  readonly property_id: number;
  readonly building_id: number | null;
  readonly reason: string;
  readonly from_at: Date;
  readonly until_at: Date | null;
  /** Null: a rule, whose name is `given_name`. */
  readonly given_by: number | null;
  readonly given_name: string;
  readonly ended_at: Date | null;
  readonly ended_name: string | null;
}

/** Leaves out what is null: absent in the contract, null in the database. */
function present<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: Exclude<T[K], null> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== null);
  // The filter is what this type says; Object.fromEntries cannot carry it.
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], null> };
}

const text = (at: Date | null): string | null => at?.toISOString() ?? null;

export function toCommand(row: CommandRow, meterNumber: string | undefined): Command {
  return {
    id: row.id,
    number: String(row.number),
    propertyId: row.property_id,
    meterId: row.meter_id,
    order: toBody(row.command_order),
    reason: row.reason,
    state: row.state,
    why: row.why,
    attempts: row.attempts,
    reads: row.reads,
    givenBy: row.given_name,
    givenAt: row.given_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...present({
      batchId: row.batch_id,
      givenById: row.given_by,
      meterNumber: meterNumber ?? null,
      detail: row.detail,
      rule: row.rule,
      approveBefore: text(row.approve_before),
      decidedBy: row.decided_name,
      decidedAt: text(row.decided_at),
      sentAt: text(row.sent_at),
      finishedAt: text(row.finished_at),
    }),
  };
}

/** States in which something will still happen by itself. */
export const MOVING_STATES: readonly CommandState[] = ['queued', 'sent', 'confirming', 'inDoubt'];

export type Counts = CommandBatch['counts'];

export function toBatch(row: BatchRow, counts: Counts): CommandBatch {
  const waits = row.approval === 'waiting';
  return {
    id: row.id,
    number: String(row.number),
    propertyId: row.property_id,
    order: toBody(row.command_order),
    reason: row.reason,
    approval: row.approval,
    givenBy: row.given_name,
    givenAt: row.given_at.toISOString(),
    total: row.total,
    counts,
    finished: !waits && MOVING_STATES.every((state) => (counts[state] ?? 0) === 0),
    ...present({
      givenById: row.given_by,
      approveBefore: text(row.approve_before),
      decidedBy: row.decided_name,
      decidedAt: text(row.decided_at),
      decisionReason: row.decision_reason,
      stoppedBy: row.stopped_name,
      stoppedAt: text(row.stopped_at),
      retryOf: row.retry_of,
    }),
  };
}

/** Does this place on the protective list only carry a meter over hours without cuts? Then no person wanted it. */
export function isForWindow({ given_by, given_name }: Pick<ProtectionRow, 'given_by' | 'given_name'>): boolean {
  return given_by === null && given_name === ('noCutWindow' satisfies GiverRule);
}

export function toProtection(row: ProtectionRow): Protection {
  return {
    id: row.id,
    meterId: row.meter_id,
    propertyId: row.property_id,
    reason: row.reason,
    from: row.from_at.toISOString(),
    givenBy: row.given_name,
    ...present({ until: text(row.until_at), endedAt: text(row.ended_at), endedBy: row.ended_name }),
  };
}
