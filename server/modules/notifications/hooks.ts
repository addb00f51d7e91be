import type { BodyOf, createWebhook, TestOutcome, updateWebhook, Webhook } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db, Queryable, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, type Scope, toPage } from '#server/platform/http/index.ts';
import { makeWebhookSecret } from '#server/platform/notify/index.ts';
import { deleteHook, type HookContent, insertHook, lockHook, selectHooks, updateHook } from './hookStore.ts';
import { toLast } from './log.ts';
import { selectLastAttempt } from './logStore.ts';
import type { SendTest } from './testing.ts';
import type { Hook } from './types.ts';

/** Webhooks of one installation: each is asked for every alarm. */
export const WEBHOOKS_MAX = 200;

export interface HookDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly estate: Pick<EstateReader, 'place'>;
  readonly sendTest: SendTest;
}

type Fields = BodyOf<typeof createWebhook>;

export async function listHooks({ db }: HookDeps, actor: Actor, query: { cursor?: string; limit?: number }) {
  const limit = query.limit ?? PAGE_ROWS;
  const rows = await selectHooks(db, actor.scope('notify.settings'), cursorId(query.cursor) ?? 0, limit + 1);
  const page = toPage(
    rows,
    limit,
    ({ id }) => id,
    (hook) => hook,
  );
  return { ...page, items: await Promise.all(page.items.map((hook) => toWebhook(db, hook))) };
}

/** Throws `request.invalid`, `not-found` for a property out of sight, `permission.missing` for the whole group. */
export async function addHook({ db, nowMs, estate }: HookDeps, actor: Actor, body: Fields) {
  const scope = actor.scope('notify.settings');
  demandFields(estate, scope, body);
  return db.tx(async (tx) => {
    const all = await selectHooks(tx, { all: true, propertyIds: [], buildingIds: [] }, 0, WEBHOOKS_MAX);
    if (all.length >= WEBHOOKS_MAX)
      throw new AppError('request.invalid', `There are ${WEBHOOKS_MAX} webhooks: remove one first.`);
    const created = { secret: makeWebhookSecret(), disabled: false, createdAt: new Date(nowMs()) };
    const hook = await insertHook(tx, contentOf(body, created));
    await note(tx, actor, 'create', undefined, hook);
    return { webhook: await toWebhook(tx, hook), secret: hook.secret };
  });
}

/** Throws also `conflict.changed-meanwhile`. */
export async function changeHook(
  { db, estate }: HookDeps,
  actor: Actor,
  webhookId: number,
  body: BodyOf<typeof updateWebhook>,
): Promise<Webhook> {
  const scope = actor.scope('notify.settings');
  return db.tx(async (tx) => {
    const before = await mustLock(tx, scope, webhookId);
    demandFields(estate, scope, body);
    if (before.version !== body.version)
      throw new AppError('conflict.changed-meanwhile', 'The webhook was changed meanwhile: load it again.');
    const { secret, createdAt } = before;
    const after = await updateHook(tx, webhookId, contentOf(body, { secret, createdAt, disabled: body.disabled }));
    await note(tx, actor, 'update', before, after);
    return toWebhook(tx, after);
  });
}

export function rotateSecret({ db }: HookDeps, actor: Actor, webhookId: number) {
  return db.tx(async (tx) => {
    const before = await mustLock(tx, actor.scope('notify.settings'), webhookId);
    const after = await updateHook(tx, webhookId, { ...before, secret: makeWebhookSecret() });
    await note(tx, actor, 'rotate-secret', before, after);
    return { webhook: await toWebhook(tx, after), secret: after.secret };
  });
}

export function removeHook({ db }: HookDeps, actor: Actor, webhookId: number): Promise<Record<string, never>> {
  return db.tx(async (tx) => {
    const before = await mustLock(tx, actor.scope('notify.settings'), webhookId);
    await deleteHook(tx, webhookId);
    await note(tx, actor, 'delete', before, undefined);
    return {};
  });
}

export async function testHook({ db, sendTest }: HookDeps, actor: Actor, webhookId: number): Promise<TestOutcome> {
  const hook = await db.tx((tx) => mustLock(tx, actor.scope('notify.settings'), webhookId));
  return sendTest(actor, { channel: 'webhook', webhookId: hook.id, address: hook.name });
}

async function mustLock(tx: Tx, scope: Scope, webhookId: number): Promise<Hook> {
  const hook = await lockHook(tx, scope, webhookId);
  if (hook === undefined) throw new AppError('not-found', 'There is no such webhook.');
  return hook;
}

function demandFields(estate: HookDeps['estate'], scope: Scope, { url, propertyIds }: Fields): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const message = 'must be an http or https address without user and password';
  if (parsed === undefined || parsed.username !== '' || parsed.password !== '')
    throw new AppError('request.invalid', `The request is not valid: url ${message}.`, [{ field: 'url', message }]);
  if (propertyIds === undefined) {
    if (scope.all) return;
    throw new AppError(
      'permission.missing',
      'A webhook for the whole group needs the right on all of it: name properties.',
    );
  }
  for (const propertyId of propertyIds) {
    const visible = scope.all || scope.propertyIds.includes(propertyId);
    if (!visible || estate.place(propertyId)?.kind !== 'property')
      throw new AppError('not-found', 'There is no such property.', [{ field: 'propertyIds', message: 'unknown' }]);
  }
}

function contentOf(
  { name, url, language, severity, returned, propertyIds, kinds }: Fields,
  own: Pick<HookContent, 'secret' | 'disabled' | 'createdAt'>,
): HookContent {
  return { name, url, language, severity, returned, propertyIds, kinds, ...own };
}

async function note(tx: Tx, actor: Actor, verb: string, before: Hook | undefined, after: Hook | undefined) {
  const shown = (hook: Hook | undefined) => {
    if (hook === undefined) return undefined;
    const { secret: _secret, ...rest } = hook;
    return rest;
  };
  const about = after ?? before;
  const [only, ...others] = about?.propertyIds ?? [];
  await audit(tx, {
    ...{ actor, action: `webhook.${verb}`, subjectKind: 'webhook', subjectId: about?.id ?? 0 },
    ...(only === undefined || others.length > 0 ? {} : { propertyId: only }),
    ...(before === undefined ? {} : { before: shown(before) }),
    ...(after === undefined ? {} : { after: shown(after) }),
  });
}

async function toWebhook(db: Queryable, hook: Hook): Promise<Webhook> {
  const { secret: _secret, propertyIds, kinds, createdAt, ...rest } = hook;
  const last = await selectLastAttempt(db, { webhookId: hook.id });
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    ...(propertyIds === undefined ? {} : { propertyIds: [...propertyIds] }),
    ...(kinds === undefined ? {} : { kinds: [...kinds] as NonNullable<Webhook['kinds']> }),
    ...(last === undefined ? {} : { last: toLast(last) }),
  };
}
