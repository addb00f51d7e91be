import {
  type BodyOf,
  BUILT_IN_ROLES,
  type createUser,
  type Grant,
  type User,
  type updateUser,
} from '#contract/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, toPage } from '#server/platform/http/index.ts';
import { audit } from './audit.ts';
import { hashPassword } from './password.ts';
import { type HeldGrant, mayGrant, type PlaceLookup } from './rights.ts';
import { heldGrants, type Revocation } from './sessions.ts';
import * as store from './store.ts';

export interface UserDeps {
  readonly db: Db;
  readonly placeOf: PlaceLookup;
  readonly revoke: (revocation: Revocation) => void;
}

/** Users that this actor may manage: those who hold nothing that the actor could not give. */
export async function listUsers(deps: UserDeps, actor: Actor, query: { cursor?: string; limit?: number }) {
  const limit = query.limit ?? PAGE_ROWS;
  const rows = await store.selectUsers(deps.db, cursorId(query.cursor) ?? 0, limit + 1);
  const page = toPage(
    rows,
    limit,
    (row) => row.id,
    (row) => row,
  );
  return { ...page, items: page.items.filter((row) => mayManage(deps, actor, row)).map(toUser) };
}

/** Adds a user. Throws `conflict.duplicate`, or `permission.missing` for a grant that the actor could not use. */
export async function addUser(deps: UserDeps, actor: Actor, body: BodyOf<typeof createUser>): Promise<User> {
  const passwordHash = await hashPassword(body.password);
  return deps.db.tx(async (tx) => {
    await store.lockUsers(tx);
    if ((await store.selectUserByName(tx, body.user)) !== undefined) {
      throw new AppError('conflict.duplicate', `There is a user ${body.user} already.`, [
        { field: 'user', message: 'is taken' },
      ]);
    }
    await demandGrants(tx, deps, actor, body.grants);
    const userId = await store.insertUser(tx, {
      name: body.user,
      displayName: body.displayName,
      passwordHash,
      demo: false,
      kiosk: false,
    });
    if (userId === undefined) throw new Error('insert gave no user id');
    await store.replaceGrants(tx, userId, body.grants);
    const user = toUser(await mustFind(tx, userId));
    await audit(tx, { actor, action: 'user.create', subjectKind: 'user', subjectId: userId, after: user });
    return user;
  });
}

/** Changes a user; disabling, a new password or other rights end their sessions. */
export async function changeUser(
  deps: UserDeps,
  actor: Actor,
  userId: number,
  body: BodyOf<typeof updateUser>,
): Promise<User> {
  const passwordHash = body.password === undefined ? null : await hashPassword(body.password);
  return deps.db.tx(async (tx) => {
    await store.lockUsers(tx);
    const before = await store.selectUser(tx, userId);
    if (before === undefined || before.kiosk || !mayManage(deps, actor, before))
      throw new AppError('not-found', 'There is no such user.');
    await store.updateUserRow(tx, userId, {
      displayName: body.displayName ?? null,
      passwordHash,
      disabled: body.disabled ?? null,
    });
    if (body.grants !== undefined) {
      await demandGrants(tx, deps, actor, body.grants);
      await store.replaceGrants(tx, userId, body.grants);
    }
    if ((await store.countAdministrators(tx)) === 0) {
      throw new AppError('access.last-administrator', 'This is the last administrator: make another one first.');
    }
    const after = toUser(await mustFind(tx, userId));
    const password = passwordHash === null ? {} : { password: 'changed' };
    await audit(tx, {
      actor,
      action: 'user.update',
      subjectKind: 'user',
      subjectId: userId,
      before: toUser(before),
      after: { ...after, ...password },
    });
    if (body.disabled === true || passwordHash !== null) await store.deleteSessionsOfUser(tx, userId, null);
    if (body.disabled === true || passwordHash !== null || body.grants !== undefined) {
      tx.afterCommit(() => deps.revoke({ kind: 'user', userId, exceptSessionId: undefined }));
    }
    return after;
  });
}

/** The roles of the program, at every start. */
export async function storeBuiltInRoles(db: Db): Promise<void> {
  await db.tx(async (tx) => {
    for (const [name, permissions] of Object.entries(BUILT_IN_ROLES))
      await store.upsertBuiltInRole(tx, name, permissions);
  });
}

/** The demo plant's administrator with this password. Leaves alone a user of that name whom people made. */
export async function prepareDemoUser(db: Db, password: string): Promise<'ready' | 'name-taken'> {
  const passwordHash = await hashPassword(password);
  return db.tx(async (tx) => {
    await store.lockUsers(tx);
    const present = await store.selectUserByName(tx, 'demo');
    if (present !== undefined && !present.demo) return 'name-taken';
    const userId =
      present?.id ??
      (await store.insertUser(tx, { name: 'demo', displayName: 'Demo', passwordHash, demo: true, kiosk: false }));
    if (userId === undefined) throw new Error('insert gave no user id');
    await store.updateUserRow(tx, userId, { displayName: null, passwordHash, disabled: false });
    await store.replaceGrants(tx, userId, [{ role: 'administrator', scope: 'group' }]);
    return 'ready';
  });
}

/** Outside the demo plant its user may not sign in. */
export async function retireDemoUser(db: Db): Promise<void> {
  await db.tx((tx) => store.disableDemoUsers(tx));
}

/** Makes `admin` where there is nobody yet. True when made. */
export async function prepareFirstAdministrator(db: Db, password: string): Promise<boolean> {
  if ((await store.countUsersWithoutDemo(db)) > 0) return false;
  const passwordHash = await hashPassword(password);
  return db.tx(async (tx) => {
    await store.lockUsers(tx);
    if ((await store.countUsersWithoutDemo(tx)) > 0) return false;
    const userId = await store.insertUser(tx, {
      name: 'admin',
      displayName: 'Administrator',
      passwordHash,
      demo: false,
      kiosk: false,
    });
    if (userId === undefined) throw new Error('insert gave no user id');
    await store.replaceGrants(tx, userId, [{ role: 'administrator', scope: 'group' }]);
    return true;
  });
}

function mayManage(deps: UserDeps, actor: Actor, user: store.StoredUser): boolean {
  // Someone without any grant is within nobody's property: for those who manage the whole group.
  if (user.grants.length === 0) return actor.scope('user.manage').all;
  return heldGrants(user).every((held) => mayGrant(actor, held, deps.placeOf));
}

/** Every grant must name a known role and place, and be the actor's to give. */
async function demandGrants(tx: Tx, deps: UserDeps, actor: Actor, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0 && !actor.scope('user.manage').all) {
    throw new AppError(
      'request.invalid',
      'Give at least one right: only administrators of the group may leave them out.',
      [{ field: 'grants', message: 'must have at least one entry' }],
    );
  }
  for (const [index, grant] of grants.entries()) {
    const held = await toHeldGrant(tx, deps, grant, `grants.${index}`);
    if (!mayGrant(actor, held, deps.placeOf)) {
      throw new AppError('permission.missing', `The role ${grant.role} in this place is not yours to give.`);
    }
  }
}

async function toHeldGrant(tx: Tx, deps: UserDeps, grant: Grant, field: string): Promise<HeldGrant> {
  const wrong = (name: string, message: string) =>
    new AppError('request.invalid', `The request is not valid: ${field}.${name} ${message}.`, [
      { field: `${field}.${name}`, message },
    ]);
  const permissions = await store.selectRolePermissions(tx, grant.role);
  if (permissions === undefined) throw wrong('role', 'is no role');
  const place = grant.placeId === undefined ? undefined : deps.placeOf(grant.placeId);
  if (grant.scope === 'group' && grant.placeId !== undefined)
    throw wrong('placeId', 'does not go with the scope group');
  if (grant.scope !== 'group' && place?.kind !== grant.scope) throw wrong('placeId', `must be a ${grant.scope}`);
  return { grant, permissions };
}

async function mustFind(tx: Tx, userId: number): Promise<store.StoredUser> {
  const user = await store.selectUser(tx, userId);
  if (user === undefined) throw new Error(`user ${userId} vanished in its own transaction`);
  return user;
}

function toUser(row: store.StoredUser): User {
  return {
    id: row.id,
    user: row.name,
    displayName: row.display_name,
    disabled: row.disabled,
    grants: heldGrants(row).map(({ grant }) => grant),
    createdAt: row.created_at.toISOString(),
  };
}
