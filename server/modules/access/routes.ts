import * as contract from '#contract/index.ts';
import { AppError, type RouteServer, SESSION_COOKIE } from '#server/platform/http/index.ts';
import { listAuditRows } from './audit.ts';
import { addKioskLink, type KioskDeps, listKioskLinks, openKiosk, revokeKioskLink } from './kiosk.ts';
import { proveAudit } from './sealing.ts';
import { SESSION_MS_MAX, type Sessions } from './sessions.ts';
import { addUser, changeUser, listUsers, type UserDeps } from './users.ts';

/** Sign-in, own session, users, links of kiosks and the audit log. */
export function addAccessRoutes(routes: RouteServer, sessions: Sessions, users: UserDeps, kiosks: KioskDeps): void {
  routes.add(contract.signIn, async ({ body, ip, setCookie }) => {
    const { token, session } = await sessions.signIn(body, ip);
    setCookie(SESSION_COOKIE, token, SESSION_MS_MAX / 1_000);
    return session;
  });
  routes.add(contract.getSession, ({ actor }) => sessions.current(actor));
  routes.add(contract.signOut, async ({ actor, setCookie }) => {
    await sessions.signOut(actor);
    setCookie(SESSION_COOKIE, '', 0);
    return {};
  });
  routes.add(contract.changePassword, async ({ actor, body }) => {
    if (body.next === body.current) {
      throw new AppError('request.invalid', 'The new password is the old one: choose another.', [
        { field: 'next', message: 'must differ from the current password' },
      ]);
    }
    await sessions.changePassword(actor, body.current, body.next);
    return {};
  });
  routes.add(contract.listUsers, ({ actor, query }) => listUsers(users, actor, query));
  routes.add(contract.createUser, ({ actor, body }) => addUser(users, actor, body));
  routes.add(contract.updateUser, ({ actor, params, body }) => changeUser(users, actor, params.userId, body));
  routes.add(contract.listKioskLinks, ({ actor, query }) => listKioskLinks(kiosks, actor, query));
  routes.add(contract.createKioskLink, ({ actor, body }) => addKioskLink(kiosks, actor, body));
  routes.add(contract.revokeKioskLink, ({ actor, params }) => revokeKioskLink(kiosks, actor, params.linkId));
  routes.add(contract.openKiosk, async ({ actor, body, ip, setCookie }) => {
    const { token, ...opened } = await openKiosk(kiosks, actor, body.token, ip);
    setCookie(SESSION_COOKIE, token, SESSION_MS_MAX / 1_000);
    return opened;
  });
  routes.add(contract.listAudit, ({ actor, query }) => listAuditRows(users.db, actor.scope('audit.view'), query));
  routes.add(contract.proveAuditLog, () => proveAudit(users.db));
}
