import type { Delivery, MailState } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, toPage } from '#server/platform/http/index.ts';
import type { MailSender } from '#server/platform/notify/index.ts';
import {
  type DeliveryFilter,
  type DeliveryRow,
  type LastAttempt,
  reviveDelivery,
  selectDeliveries,
  selectDelivery,
  selectLastAttempt,
} from './logStore.ts';

export interface LogDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly mail: Pick<MailSender, 'server' | 'from'> | undefined;
}

type DeliveryQuery = DeliveryFilter & { readonly cursor?: string | undefined; readonly limit?: number | undefined };

/** What belongs to no property is for those with the right on the whole group. */
export async function listLog({ db }: LogDeps, actor: Actor, query: DeliveryQuery) {
  const limit = query.limit ?? PAGE_ROWS;
  const rows = await selectDeliveries(db, actor.scope('notify.settings'), query, cursorId(query.cursor), limit + 1);
  return toPage(rows, limit, (row) => row.id, toDelivery);
}

/** Throws `not-found`, `conflict.changed-meanwhile` for what was not given up. */
export async function retry({ db, nowMs }: LogDeps, actor: Actor, deliveryId: number): Promise<Delivery> {
  const scope = actor.scope('notify.settings');
  return db.tx(async (tx) => {
    const before = await selectDelivery(tx, scope, deliveryId);
    if (before === undefined) throw new AppError('not-found', 'There is no such delivery.');
    if (!(await reviveDelivery(tx, deliveryId, new Date(nowMs())))) {
      throw new AppError('conflict.changed-meanwhile', 'Only what was given up can be tried again, and no test.');
    }
    await audit(tx, {
      ...{ actor, action: 'delivery.retry', subjectKind: 'delivery', subjectId: deliveryId },
      ...(before.property_id === null ? {} : { propertyId: before.property_id }),
      before: { state: before.state, attempts: before.attempts },
      after: { state: 'waiting' },
    });
    const after = await selectDelivery(tx, scope, deliveryId);
    return toDelivery(after ?? before);
  });
}

export async function mailState({ db, mail }: LogDeps): Promise<MailState> {
  const last = await selectLastAttempt(db, { channel: 'email' });
  return {
    configured: mail !== undefined,
    ...(mail === undefined ? {} : { server: mail.server, from: mail.from }),
    ...(last === undefined ? {} : { last: toLast(last) }),
  };
}

export function toLast({ at, state, last_error }: LastAttempt) {
  const failed = last_error !== null && state !== 'sent';
  return { at: at.toISOString(), state, ...(failed ? { error: last_error } : {}) };
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: String(row.id),
    key: row.key,
    what: row.what,
    channel: row.channel,
    address: row.address,
    state: row.state,
    attempts: row.attempts,
    madeAt: row.made_at.toISOString(),
    ...(row.user_name === null ? {} : { user: row.user_name }),
    ...(row.property_id === null ? {} : { propertyId: row.property_id }),
    ...(row.alarm_id === null ? {} : { alarmId: row.alarm_id }),
    ...(row.kind === null ? {} : { kind: row.kind }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.state === 'waiting' || row.state === 'failed' ? { nextAt: row.next_at.toISOString() } : {}),
    ...(row.last_error === null ? {} : { error: row.last_error }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(row.what === 'bundle' ? { bundled: row.bundled } : {}),
    ...(row.bundle_id === null ? {} : { bundleId: String(row.bundle_id) }),
  };
}
