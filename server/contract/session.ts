import { type Static, Type } from 'typebox';
import { Empty, Id, Instant, page, pageQuery } from './common.ts';
import { PERMISSIONS } from './permissions.ts';
import { route } from './route.ts';

const tag = 'access';
const PermissionName = Type.Enum(PERMISSIONS);
const UserName = Type.String({ minLength: 1, maxLength: 60, pattern: '^[^\\s]+$' });
const Password = Type.String({ minLength: 10, maxLength: 200 });

/** A right: a role within a part of the estate. `group` means everything. */
export const Grant = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 40 }),
    scope: Type.Union([Type.Literal('group'), Type.Literal('property'), Type.Literal('building')]),
    /** Place id of the property or building; absent for `group`. */
    placeId: Type.Optional(Id),
  },
  { additionalProperties: false },
);
export type Grant = Static<typeof Grant>;

export const Session = Type.Object({
  userId: Id,
  user: Type.String(),
  displayName: Type.String(),
  /** Permissions held anywhere; what is shown depends on these, what is answered on the scope. */
  permissions: Type.Array(PermissionName),
  grants: Type.Array(Grant),
  expiresAt: Instant,
  /** True for the demo plant's user. */
  demo: Type.Boolean(),
  /** Present where nobody signed in: a screen that was opened by its link, and only looks. */
  kiosk: Type.Optional(Type.Literal(true)),
});
export type Session = Static<typeof Session>;

export const signIn = route({
  method: 'POST',
  path: '/api/session',
  access: 'public',
  tag,
  status: 201,
  summary: 'Sign in; sets an HttpOnly cookie',
  body: Type.Object(
    { user: Type.String({ maxLength: 60 }), password: Type.String({ maxLength: 200 }) },
    { additionalProperties: false },
  ),
  response: Session,
});
export const getSession = route({
  method: 'GET',
  path: '/api/session',
  access: 'self',
  tag,
  summary: 'Who am I',
  response: Session,
});
export const signOut = route({
  method: 'DELETE',
  path: '/api/session',
  access: 'self',
  tag,
  summary: 'Sign out',
  status: 204,
  response: Empty,
});
export const changePassword = route({
  method: 'PUT',
  path: '/api/session/password',
  access: 'self',
  tag,
  status: 204,
  summary: 'Change the own password; ends all other sessions of the user',
  body: Type.Object({ current: Type.String({ maxLength: 200 }), next: Password }, { additionalProperties: false }),
  response: Empty,
});

export const User = Type.Object({
  id: Id,
  user: Type.String(),
  displayName: Type.String(),
  disabled: Type.Boolean(),
  grants: Type.Array(Grant),
  createdAt: Instant,
});
export type User = Static<typeof User>;

export const listUsers = route({
  method: 'GET',
  path: '/api/users',
  access: 'user.manage',
  tag,
  summary: 'Users',
  query: Type.Object({ ...pageQuery }),
  response: page(User),
});
export const createUser = route({
  method: 'POST',
  path: '/api/users',
  access: 'user.manage',
  tag,
  status: 201,
  summary: 'Add a user',
  body: Type.Object(
    {
      user: UserName,
      displayName: Type.String({ minLength: 1, maxLength: 80 }),
      password: Password,
      grants: Type.Array(Grant, { maxItems: 50 }),
    },
    { additionalProperties: false },
  ),
  response: User,
});
export const updateUser = route({
  method: 'PATCH',
  path: '/api/users/:userId',
  access: 'user.manage',
  tag,
  summary: 'Change a user; disabling ends the sessions',
  params: Type.Object({ userId: Id }),
  body: Type.Object(
    {
      displayName: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
      password: Type.Optional(Password),
      disabled: Type.Optional(Type.Boolean()),
      grants: Type.Optional(Type.Array(Grant, { maxItems: 50 })),
    },
    { additionalProperties: false, minProperties: 1 },
  ),
  response: User,
});

export const AuditRow = Type.Object({
  id: Type.String(),
  at: Instant,
  user: Type.Optional(Type.String()),
  ip: Type.Optional(Type.String()),
  action: Type.String(),
  subjectKind: Type.String(),
  subjectId: Type.Optional(Type.String()),
  propertyId: Type.Optional(Id),
  before: Type.Unknown(),
  after: Type.Unknown(),
});
export type AuditRow = Static<typeof AuditRow>;
export const listAudit = route({
  method: 'GET',
  path: '/api/audit',
  access: 'audit.view',
  tag,
  summary: 'Who did what to what, newest first',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    subjectKind: Type.Optional(Type.String()),
    subjectId: Type.Optional(Type.String()),
    ...pageQuery,
  }),
  response: page(AuditRow),
});

export const AuditProof = Type.Object({
  /** Rows under a seal. */
  rows: Type.Integer(),
  seals: Type.Integer(),
  /** Rows that the sealer has not come to yet. */
  unsealed: Type.Integer(),
  /** The hash that stands for all of them: kept elsewhere, it proves the log even against who can write seals. */
  head: Type.Optional(Type.String()),
  sealedAt: Type.Optional(Instant),
  /** Seals that do not fit the rows below them; empty = proven. Ids are those of rows of the log. */
  faults: Type.Array(Type.Object({ seal: Type.String(), firstId: Type.String(), lastId: Type.String() })),
});
export type AuditProof = Static<typeof AuditProof>;
export const proveAuditLog = route({
  method: 'GET',
  path: '/api/audit/proof',
  access: 'audit.view',
  tag,
  summary: 'Compute the seals of the audit log again: a changed, missing or slipped in row is found',
  response: AuditProof,
});
