import { type Static, Type } from 'typebox';
import { closed, Id, Instant, page, pageQuery } from './common.ts';
import { route } from './route.ts';
import { Session } from './session.ts';

const tag = 'kiosk';
/** Properties that one link may show: as many rooms as one screen may be in. */
export const KIOSK_PROPERTIES_MAX = 64;

/** How a wall that nobody touches moves about. Seconds. */
export const KioskTour = Type.Object(
  {
    /** Time at each stop (all properties, then each of them); 0 = stays where it is. */
    dwellS: Type.Integer({ minimum: 0, maximum: 3_600 }),
    /** Time that a new alarm is shown; 0 = alarms move nothing. */
    alarmS: Type.Integer({ minimum: 0, maximum: 3_600 }),
    /** Time that the wall stays after somebody touched it. */
    touchS: Type.Integer({ minimum: 5, maximum: 3_600 }),
  },
  closed,
);
export type KioskTour = Static<typeof KioskTour>;
export const DEFAULT_TOUR: KioskTour = { dwellS: 30, alarmS: 20, touchS: 90 };

const Name = Type.String({ minLength: 1, maxLength: 60 });

/** A link as administrators see it: never what opens it. */
export const KioskLink = Type.Object({
  id: Id,
  name: Type.String(),
  propertyIds: Type.Array(Id),
  tour: KioskTour,
  madeBy: Type.String(),
  madeAt: Instant,
  /** When a screen last opened it. */
  openedAt: Type.Optional(Instant),
  revokedBy: Type.Optional(Type.String()),
  revokedAt: Type.Optional(Instant),
});
export type KioskLink = Static<typeof KioskLink>;

export const listKioskLinks = route({
  method: 'GET',
  path: '/api/kiosk-links',
  access: 'user.manage',
  tag,
  summary: 'Links that open a wall without signing in, newest first',
  query: Type.Object({ ...pageQuery }),
  response: page(KioskLink),
});
export const createKioskLink = route({
  method: 'POST',
  path: '/api/kiosk-links',
  access: 'user.manage',
  tag,
  status: 201,
  summary: 'Make a link; what opens it is told this once',
  body: Type.Object(
    {
      name: Name,
      propertyIds: Type.Array(Id, { minItems: 1, maxItems: KIOSK_PROPERTIES_MAX, uniqueItems: true }),
      tour: Type.Optional(KioskTour),
    },
    closed,
  ),
  response: Type.Object({ link: KioskLink, token: Type.String() }),
});
export const revokeKioskLink = route({
  method: 'DELETE',
  path: '/api/kiosk-links/:linkId',
  access: 'user.manage',
  tag,
  summary: 'Revoke a link: its screens end at once',
  params: Type.Object({ linkId: Id }),
  response: KioskLink,
});
export const openKiosk = route({
  method: 'POST',
  path: '/api/kiosk/session',
  access: 'public',
  tag,
  status: 201,
  summary: 'Open a wall by its link; sets an HttpOnly cookie that may only look',
  body: Type.Object({ token: Type.String({ maxLength: 100 }) }, closed),
  response: Type.Object({ session: Session, name: Type.String(), tour: KioskTour }),
});
