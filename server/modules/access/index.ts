import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, type RouteServer, sessionCookie } from '#server/platform/http/index.ts';
import type { PlaceLookup } from './rights.ts';
import { addAccessRoutes } from './routes.ts';
import { createSessions, type Revocation } from './sessions.ts';
import { createSignInLimit } from './signInLimit.ts';
import { prepareDemoUser, prepareFirstAdministrator, retireDemoUser, storeBuiltInRoles } from './users.ts';

export { type AuditEntry, audit } from './audit.ts';
export { type Holder, holdersOf, scopesOf } from './holderStore.ts';
export { startSealer } from './sealing.ts';
export type { Revocation } from './sessions.ts';

export interface AccessDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly placeOf: PlaceLookup;
}

export interface Access {
  /** Stores the program's roles; once, before anyone signs in. */
  start(): Promise<void>;
  addRoutes(routes: RouteServer): void;
  /** Who holds this session token. */
  authenticate(token: string, ip: string): Promise<Actor | undefined>;
  /** The same for a raw Cookie header, as a socket's handshake carries it. */
  authenticateCookie(cookieHeader: string | undefined, ip: string): Promise<Actor | undefined>;
  /** Told after sessions ended or rights changed before their time; returns the way to stop listening. */
  onRevoked(listener: (revocation: Revocation) => void): () => void;
  prepareDemoUser(password: string): Promise<'ready' | 'name-taken'>;
  retireDemoUser(): Promise<void>;
  prepareFirstAdministrator(password: string): Promise<boolean>;
}

/** Users, sessions, rights and the audit log. */
export function createAccess(deps: AccessDeps): Access {
  const listeners = new Set<(revocation: Revocation) => void>();
  const revoke = (revocation: Revocation) => {
    for (const listener of listeners) listener(revocation);
  };
  const { db, clock } = deps;
  const limit = createSignInLimit(() => clock.monotonicMs());
  const sessions = createSessions({ db, nowMs: () => clock.nowMs(), limit, revoke });
  return {
    start: () => storeBuiltInRoles(db),
    addRoutes(routes) {
      const users = { db, placeOf: deps.placeOf, revoke };
      addAccessRoutes(routes, sessions, users, { ...users, nowMs: () => clock.nowMs() });
    },
    authenticate: sessions.authenticate,
    async authenticateCookie(cookieHeader, ip) {
      const token = sessionCookie(cookieHeader);
      return token === undefined ? undefined : sessions.authenticate(token, ip);
    },
    onRevoked(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    prepareDemoUser: (password) => prepareDemoUser(db, password),
    retireDemoUser: () => retireDemoUser(db),
    prepareFirstAdministrator: (password) => prepareFirstAdministrator(db, password),
  };
}
