import {
  type BodyOf,
  BUILT_IN_ROLES,
  type createKioskLink,
  DEFAULT_TOUR,
  type Grant,
  type KioskLink,
  type KioskTour,
  type Session,
} from '#contract/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, toPage } from '#server/platform/http/index.ts';
import { audit } from './audit.ts';
import * as kioskStore from './kioskStore.ts';
import { mayGrant, type PlaceLookup } from './rights.ts';
import { hashToken, newToken, openSession, type Revocation } from './sessions.ts';
import * as store from './store.ts';

export interface KioskDeps {
  readonly db: Db;
  readonly placeOf: PlaceLookup;
  readonly nowMs: () => number;
  readonly revoke: (revocation: Revocation) => void;
}

const ROLE = 'kiosk';
/** No password makes this: who holds a link cannot sign in besides. */
const NO_PASSWORD = 'none';

/** A page of the links that this actor could have made: every property of theirs is the actor's to give. */
export async function listKioskLinks(deps: KioskDeps, actor: Actor, query: { cursor?: string; limit?: number }) {
  const limit = query.limit ?? PAGE_ROWS;
  const rows = await kioskStore.selectKioskLinks(deps.db, cursorId(query.cursor) ?? null, limit + 1);
  const page = toPage(
    rows,
    limit,
    (row) => row.id,
    (row) => row,
  );
  return { ...page, items: page.items.filter((row) => mayManage(deps, actor, row.property_ids)).map(toLink) };
}

/** Makes a link with a holder of its own. Throws `not-found` for a property that is not the actor's to give. */
export async function addKioskLink(
  deps: KioskDeps,
  actor: Actor,
  body: BodyOf<typeof createKioskLink>,
): Promise<{ readonly link: KioskLink; readonly token: string }> {
  const foreign = body.propertyIds.findIndex((propertyId) => !mayShow(deps, actor, propertyId));
  if (foreign >= 0) {
    throw new AppError('not-found', 'There is no such property, or it is not yours to show.', [
      { field: `propertyIds.${foreign}`, message: 'is no property of yours' },
    ]);
  }
  const token = newToken();
  const link = await deps.db.tx(async (tx) => {
    await store.lockUsers(tx);
    const userId = await store.insertUser(tx, {
      name: `kiosk-${newToken().slice(0, 12)}`,
      displayName: body.name,
      passwordHash: NO_PASSWORD,
      demo: false,
      kiosk: true,
    });
    if (userId === undefined) throw new Error('insert gave no user id');
    await store.replaceGrants(tx, userId, body.propertyIds.map(grantOf));
    const linkId = await kioskStore.insertKioskLink(tx, {
      tokenHash: hashToken(token),
      userId,
      name: body.name,
      tour: body.tour ?? DEFAULT_TOUR,
      madeBy: actor.user,
      madeAt: new Date(deps.nowMs()),
    });
    if (linkId === undefined) throw new Error('insert gave no kiosk link');
    const made = toLink(await mustFind(tx, linkId));
    await auditEach(tx, actor, 'kiosk-link.create', made, { after: made });
    return made;
  });
  return { link, token };
}

/** Ends a link and every screen that it opened; a second time changes nothing. */
export function revokeKioskLink(deps: KioskDeps, actor: Actor, linkId: number): Promise<KioskLink> {
  return deps.db.tx(async (tx) => {
    const before = await kioskStore.lockKioskLink(tx, linkId);
    if (before === undefined || !mayManage(deps, actor, before.property_ids))
      throw new AppError('not-found', 'There is no such link.');
    if (before.revoked_at !== null) return toLink(before);
    await kioskStore.markRevoked(tx, linkId, actor.user, new Date(deps.nowMs()));
    await store.updateUserRow(tx, before.user_id, { displayName: null, passwordHash: null, disabled: true });
    await store.deleteSessionsOfUser(tx, before.user_id, null);
    const after = toLink(await mustFind(tx, linkId));
    await auditEach(tx, actor, 'kiosk-link.revoke', after, { before: toLink(before), after });
    tx.afterCommit(() => deps.revoke({ kind: 'user', userId: before.user_id, exceptSessionId: undefined }));
    return after;
  });
}

/**
 * A session for the screen that holds this link; one that the same screen had before ends. Throws `kiosk.unknown-link`. Wrong
 * links are not counted: 256 bits cannot be tried, and a count would lock out the walls behind one address.
 */
export function openKiosk(
  deps: KioskDeps,
  holder: Actor | undefined,
  linkToken: string,
  ip: string,
): Promise<{ readonly token: string; readonly session: Session; readonly name: string; readonly tour: KioskTour }> {
  return deps.db.tx(async (tx) => {
    const link = await kioskStore.selectKioskLinkByToken(tx, hashToken(linkToken));
    if (link === undefined)
      throw new AppError('kiosk.unknown-link', 'This link opens nothing, or no longer: ask for a new one.');
    if (holder?.userId === link.user_id) await store.deleteSession(tx, holder.sessionId);
    const nowMs = deps.nowMs();
    const opened = await openSession(tx, { userId: link.user_id, nowMs, ip }, (actor) =>
      audit(tx, { actor, action: 'kiosk-link.open', subjectKind: 'kiosk-link', subjectId: link.id }),
    );
    await kioskStore.markOpened(tx, link.id, new Date(nowMs));
    return { ...opened, name: link.name, tour: link.tour };
  });
}

function grantOf(propertyId: number): Grant {
  return { role: ROLE, scope: 'property', placeId: propertyId };
}

function mayShow(deps: KioskDeps, actor: Actor, propertyId: number): boolean {
  const held = { grant: grantOf(propertyId), permissions: BUILT_IN_ROLES[ROLE] };
  return deps.placeOf(propertyId)?.kind === 'property' && mayGrant(actor, held, deps.placeOf);
}

/** A link whose properties are all gone is for those who manage the whole group. */
function mayManage(deps: KioskDeps, actor: Actor, propertyIds: readonly number[]): boolean {
  if (propertyIds.length === 0) return actor.scope('user.manage').all;
  return propertyIds.every((propertyId) => mayShow(deps, actor, propertyId));
}

/** One row for each property, so that its own people find it in their log. */
async function auditEach(
  tx: Tx,
  actor: Actor,
  action: string,
  link: KioskLink,
  what: { readonly before?: KioskLink; readonly after: KioskLink },
): Promise<void> {
  for (const propertyId of link.propertyIds)
    await audit(tx, { actor, action, subjectKind: 'kiosk-link', subjectId: link.id, propertyId, ...what });
}

async function mustFind(tx: Tx, linkId: number): Promise<kioskStore.StoredKioskLink> {
  const link = await kioskStore.selectKioskLink(tx, linkId);
  if (link === undefined) throw new Error(`kiosk link ${linkId} vanished in its own transaction`);
  return link;
}

function toLink(row: kioskStore.StoredKioskLink): KioskLink {
  return {
    id: row.id,
    name: row.name,
    propertyIds: [...row.property_ids],
    tour: row.tour,
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
    ...(row.opened_at === null ? {} : { openedAt: row.opened_at.toISOString() }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
    ...(row.revoked_by === null ? {} : { revokedBy: row.revoked_by }),
  };
}
