import { createHash, randomBytes } from 'node:crypto';
import type { Session } from '#contract/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { audit } from './audit.ts';
import { createGate, type Gate } from './gate.ts';
import { hashPassword, passwordMatches } from './password.ts';
import { type HeldGrant, permissionsOf, scopeOf } from './rights.ts';
import type { SignInLimit } from './signInLimit.ts';
import * as store from './store.ts';

/** A session ends when unused for so long, and in any case after so long. */
export const SESSION_IDLE_MS = 12 * 3_600_000;
export const SESSION_MS_MAX = 7 * 86_400_000;
/** How exact the idle time is kept; every request would otherwise be a write. */
const SEEN_EVERY_MS = 60_000;
const SESSIONS_PER_USER_MAX = 50;
const TOKEN_BYTES = 32;
/** scrypt takes 32 MB and a core each: so many at once, so many waiting, the rest are told to come later. */
const PASSWORD_CHECKS_AT_ONCE = 2;
const PASSWORD_CHECKS_WAITING_MAX = 50;

/** Sessions that ended before their time; live connections of theirs must be cut. */
export type Revocation =
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'user'; readonly userId: number; readonly exceptSessionId: string | undefined };

export interface SessionDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly limit: SignInLimit;
  readonly revoke: (revocation: Revocation) => void;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface Sessions {
  /** Throws `session.wrong-credentials` or `session.too-many-attempts`. The token is for the cookie only. */
  signIn(credentials: Credentials, ip: string): Promise<{ readonly token: string; readonly session: Session }>;
  authenticate(token: string, ip: string): Promise<Actor | undefined>;
  current(actor: Actor): Promise<Session>;
  signOut(actor: Actor): Promise<void>;
  changePassword(actor: Actor, current: string, next: string): Promise<void>;
}

/** Server-side sessions: the browser holds 256 random bits, the database their sha256. */
export function createSessions(deps: SessionDeps): Sessions {
  const gate = createGate(PASSWORD_CHECKS_AT_ONCE, PASSWORD_CHECKS_WAITING_MAX);
  return {
    signIn: (credentials, ip) => signIn(deps, gate, credentials, ip),
    async authenticate(token, ip) {
      if (!/^[\w-]{43}$/.test(token)) return undefined;
      const row = await store.selectSession(deps.db, hashToken(token));
      const nowMs = deps.nowMs();
      if (row === undefined || row.disabled || endMs(row) <= nowMs) return undefined;
      if (nowMs - row.seen_at.getTime() > SEEN_EVERY_MS)
        await store.touchSession(deps.db, row.session_id, new Date(nowMs));
      return toActor(row, row.session_id, ip);
    },
    async current(actor) {
      const user = await store.selectUser(deps.db, actor.userId);
      const times = await store.selectSessionTimes(deps.db, actor.sessionId);
      if (user === undefined || times === undefined)
        throw new AppError('session.required', 'The session has ended: sign in.');
      return toSession(user, endMs(times));
    },
    async signOut(actor) {
      await deps.db.tx(async (tx) => {
        await store.deleteSession(tx, actor.sessionId);
        await audit(tx, { actor, action: 'session.sign-out', subjectKind: 'session' });
        tx.afterCommit(() => deps.revoke({ kind: 'session', sessionId: actor.sessionId }));
      });
    },
    changePassword: (actor, current, next) => changePassword(deps, gate, actor, current, next),
  };
}

async function signIn(deps: SessionDeps, gate: Gate, { user, password }: Credentials, ip: string) {
  const name = user.normalize('NFKC').toLowerCase();
  attempt(deps.limit, name, ip);
  const stored = await store.selectCredentials(deps.db, name);
  const good = await gate.run(() => passwordMatches(password, stored?.password_hash));
  if (!good || stored === undefined || stored.disabled) {
    // What was typed as a name may be a password: it is not written down unless it names someone.
    const named = stored === undefined ? {} : { subjectId: stored.id };
    await deps.db.tx((tx) =>
      audit(tx, { actor: undefined, action: 'session.sign-in-failed', subjectKind: 'user', ip, ...named }),
    );
    throw new AppError('session.wrong-credentials', 'User or password is wrong.');
  }
  deps.limit.succeeded(name, ip);
  return deps.db.tx((tx) =>
    openSession(tx, { userId: stored.id, nowMs: deps.nowMs(), ip }, (actor) =>
      audit(tx, { actor, action: 'session.sign-in', subjectKind: 'user', subjectId: stored.id }),
    ),
  );
}

/** Makes a session and says so by `note`, in the same transaction. The token is for the cookie only. */
export async function openSession(
  tx: Tx,
  { userId, nowMs, ip }: { readonly userId: number; readonly nowMs: number; readonly ip: string },
  note: (actor: Actor) => Promise<void>,
): Promise<{ readonly token: string; readonly session: Session }> {
  const token = newToken();
  const at = new Date(nowMs);
  const ended = { created: new Date(nowMs - SESSION_MS_MAX), seen: new Date(nowMs - SESSION_IDLE_MS) };
  await store.pruneSessions(tx, userId, ended.created, ended.seen, SESSIONS_PER_USER_MAX - 1);
  await store.insertSession(tx, { tokenHash: hashToken(token), userId, at, ip });
  const row = await store.selectSession(tx, hashToken(token));
  if (row === undefined) throw new Error('a session vanished in its own transaction');
  await note(toActor(row, row.session_id, ip));
  return { token, session: toSession(row, endMs(row)) };
}

async function changePassword(
  deps: SessionDeps,
  gate: Gate,
  actor: Actor,
  current: string,
  next: string,
): Promise<void> {
  attempt(deps.limit, actor.user.toLowerCase(), actor.ip);
  const stored = await store.selectCredentials(deps.db, actor.user);
  if (!(await gate.run(() => passwordMatches(current, stored?.password_hash)))) {
    throw new AppError('session.wrong-credentials', 'The current password is wrong.', [
      { field: 'current', message: 'is not the current password' },
    ]);
  }
  deps.limit.succeeded(actor.user.toLowerCase(), actor.ip);
  const passwordHash = await gate.run(() => hashPassword(next));
  await deps.db.tx(async (tx) => {
    await store.updateUserRow(tx, actor.userId, { passwordHash, displayName: null, disabled: null });
    await store.deleteSessionsOfUser(tx, actor.userId, actor.sessionId);
    await audit(tx, { actor, action: 'user.change-password', subjectKind: 'user', subjectId: actor.userId });
    tx.afterCommit(() => deps.revoke({ kind: 'user', userId: actor.userId, exceptSessionId: actor.sessionId }));
  });
}

function attempt(limit: SignInLimit, user: string, ip: string): void {
  const waitMs = limit.begin(user, ip);
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new AppError(
    'session.too-many-attempts',
    `Too many wrong passwords: try again in ${seconds} s.`,
    undefined,
    seconds,
  );
}

/** 256 random bits as text: for a cookie, or for the link of a kiosk. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What the database keeps of a token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function endMs(times: store.SessionTimes): number {
  return Math.min(times.seen_at.getTime() + SESSION_IDLE_MS, times.session_created_at.getTime() + SESSION_MS_MAX);
}

/** The grants of a row as the rights know them. */
export function heldGrants(user: store.StoredUser): HeldGrant[] {
  return user.grants.map(({ role, scope, placeId, permissions }) => ({
    grant: { role, scope, ...(placeId === null ? {} : { placeId }) },
    permissions,
  }));
}

function toActor(user: store.StoredUser, sessionId: string, ip: string): Actor {
  const held = heldGrants(user);
  return {
    userId: user.id,
    user: user.name,
    displayName: user.display_name,
    sessionId,
    ip,
    scope: (permission) => scopeOf(held, permission),
  };
}

function toSession(user: store.StoredUser, expiresMs: number): Session {
  const held = heldGrants(user);
  return {
    userId: user.id,
    user: user.name,
    displayName: user.display_name,
    permissions: permissionsOf(held),
    grants: held.map(({ grant }) => grant),
    expiresAt: new Date(expiresMs).toISOString(),
    demo: user.demo,
    ...(user.kiosk ? { kiosk: true as const } : {}),
  };
}
