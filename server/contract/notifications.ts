import { type Static, Type } from 'typebox';
import { ALARM_KINDS, type AlarmKind } from './alarms.ts';
import { closed, Empty, Id, Instant, page, pageQuery, Version } from './common.ts';
import { route } from './route.ts';

const tag = 'notifications';

export const NOTIFY_CHANNELS = ['push', 'email', 'webhook'] as const;
export type NotifyChannel = (typeof NOTIFY_CHANNELS)[number];

/**
 * `waiting`: not tried yet. `failed`: tried and to be tried again. `sent`: the other side took it. `givenUp`: tried often
 * enough, or refused for good. `suppressed`: not to be sent, see `reason`. `bundled`: went as a part of another message.
 */
export const DELIVERY_STATES = ['waiting', 'failed', 'sent', 'givenUp', 'suppressed', 'bundled'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why something was not sent. Texts: catalogue key `notifications.reason.<reason>`. */
export const SUPPRESSIONS = ['quietHours', 'late', 'noMailServer', 'noRight', 'receiverGone', 'turnedOff'] as const;
export type Suppression = (typeof SUPPRESSIONS)[number];

export const DELIVERY_SUBJECTS = ['raised', 'returned', 'bundle', 'test'] as const;
export type DeliverySubject = (typeof DELIVERY_SUBJECTS)[number];

const Language = Type.Union([Type.Literal('zh'), Type.Literal('en')]);
const Kind = Type.Enum(Object.keys(ALARM_KINDS) as AlarmKind[]);
const Email = Type.String({
  maxLength: 200,
  pattern: '^[^\\s@<>(),;:"\\\\\\[\\]]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*$',
  description: 'one address, name@host',
});
/** IANA name of a zone. */
const TimeZone = Type.String({ minLength: 1, maxLength: 64 });
const Minute = Type.Integer({ minimum: 0, maximum: 1_439 });

/** Which alarms; left out = all. What somebody may not see is never told, whatever stands here. */
const Wanted = {
  propertyIds: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 500, uniqueItems: true })),
  /** This severity and above: 1 low, 2 medium, 3 high. */
  severity: Type.Integer({ minimum: 1, maximum: 3 }),
  kinds: Type.Optional(Type.Array(Kind, { minItems: 1, uniqueItems: true })),
  /** Also when the condition is gone. */
  returned: Type.Boolean(),
};

/** Every day from `fromMinute` up to `toMinute` of the person's clock, over midnight where the end is the smaller one. */
export const QuietHours = Type.Object(
  { fromMinute: Minute, toMinute: Minute, exceptHigh: Type.Boolean({ description: 'high alarms come through' }) },
  closed,
);

export const NotifyWishes = Type.Object(
  {
    language: Language,
    timeZone: TimeZone,
    email: Type.Optional(Email),
    emailOn: Type.Boolean(),
    ...Wanted,
    quiet: Type.Optional(QuietHours),
  },
  closed,
);
export type NotifyWishes = Static<typeof NotifyWishes>;

export const PushDevice = Type.Object({
  id: Id,
  name: Type.String(),
  /** By which a browser finds itself in the list. */
  endpoint: Type.String(),
  createdAt: Instant,
  lastSentAt: Type.Optional(Instant),
});
export type PushDevice = Static<typeof PushDevice>;

export const MyNotifications = Type.Object({
  /** 0: nothing is stored yet, these are the defaults. */
  version: Type.Integer(),
  wishes: NotifyWishes,
  devices: Type.Array(PushDevice),
  /** What a browser subscribes with (VAPID public key, base64url). */
  pushKey: Type.String(),
  /** Whether the server can send e-mail at all. */
  mailConfigured: Type.Boolean(),
});
export type MyNotifications = Static<typeof MyNotifications>;

export const getMyNotifications = route({
  method: 'GET',
  path: '/api/notifications/mine',
  access: 'self',
  tag,
  summary: 'What I am told of, and by which ways',
  response: MyNotifications,
});
export const putMyNotifications = route({
  method: 'PUT',
  path: '/api/notifications/mine',
  access: 'self',
  tag,
  summary: 'Set what I am told of, all of it at once',
  body: Type.Object({ version: Version, wishes: NotifyWishes }, closed),
  response: MyNotifications,
});
export const addPushDevice = route({
  method: 'POST',
  path: '/api/notifications/devices',
  access: 'self',
  tag,
  status: 201,
  summary: 'Tell this browser too; a device that another user had becomes mine',
  body: Type.Object(
    {
      endpoint: Type.String({ minLength: 10, maxLength: 1_000, pattern: '^https://[^\\s]+$' }),
      keys: Type.Object(
        {
          p256dh: Type.String({ minLength: 87, maxLength: 90, pattern: '^[A-Za-z0-9_=-]+$' }),
          auth: Type.String({ minLength: 22, maxLength: 30, pattern: '^[A-Za-z0-9_=-]+$' }),
        },
        closed,
      ),
      name: Type.String({ minLength: 1, maxLength: 80 }),
      language: Language,
      timeZone: TimeZone,
    },
    closed,
  ),
  response: PushDevice,
});
export const removePushDevice = route({
  method: 'DELETE',
  path: '/api/notifications/devices/:deviceId',
  access: 'self',
  tag,
  status: 204,
  summary: 'Tell that browser no longer',
  params: Type.Object({ deviceId: Id }),
  response: Empty,
});

/** How a test ended: it is tried once, while the caller waits. */
export const TestOutcome = Type.Object({
  deliveryId: Type.String(),
  state: Type.Union([Type.Literal('sent'), Type.Literal('givenUp'), Type.Literal('suppressed')]),
  reason: Type.Optional(Type.Enum([...SUPPRESSIONS])),
  error: Type.Optional(Type.String({ description: 'what the other side said' })),
});
export type TestOutcome = Static<typeof TestOutcome>;

export const testMyNotifications = route({
  method: 'POST',
  path: '/api/notifications/mine/test',
  access: 'self',
  tag,
  summary: 'Send myself a test message now; once in ten seconds',
  body: Type.Union([
    Type.Object({ channel: Type.Literal('email') }, closed),
    Type.Object({ channel: Type.Literal('push'), deviceId: Id }, closed),
  ]),
  response: TestOutcome,
});

const WebhookFields = {
  name: Type.String({ minLength: 1, maxLength: 80 }),
  url: Type.String({ minLength: 10, maxLength: 1_000, pattern: '^https?://[^\\s]+$' }),
  /** Of the words in it. */
  language: Language,
  ...Wanted,
};

export const Webhook = Type.Object({
  id: Id,
  version: Type.Integer(),
  ...WebhookFields,
  disabled: Type.Boolean(),
  createdAt: Instant,
  /** The last message that was tried. */
  last: Type.Optional(
    Type.Object({ at: Instant, state: Type.Enum([...DELIVERY_STATES]), error: Type.Optional(Type.String()) }),
  ),
});
export type Webhook = Static<typeof Webhook>;

const WithSecret = Type.Object({
  webhook: Webhook,
  secret: Type.String({ description: 'shown this once; signs every message' }),
});
const webhookParams = Type.Object({ webhookId: Id });

export const listWebhooks = route({
  method: 'GET',
  path: '/api/notifications/webhooks',
  access: 'notify.settings',
  tag,
  summary: 'Webhooks of the properties where I have the right',
  query: Type.Object({ ...pageQuery }),
  response: page(Webhook),
});
export const createWebhook = route({
  method: 'POST',
  path: '/api/notifications/webhooks',
  access: 'notify.settings',
  tag,
  status: 201,
  summary: 'Add a webhook; without properties it is told of the whole group, which needs a right on all of it',
  body: Type.Object(WebhookFields, closed),
  response: WithSecret,
});
export const updateWebhook = route({
  method: 'PUT',
  path: '/api/notifications/webhooks/:webhookId',
  access: 'notify.settings',
  tag,
  summary: 'Set a webhook, all of it at once but for the secret',
  params: webhookParams,
  body: Type.Object({ version: Version, ...WebhookFields, disabled: Type.Boolean() }, closed),
  response: Webhook,
});
export const rotateWebhookSecret = route({
  method: 'POST',
  path: '/api/notifications/webhooks/:webhookId/secret',
  access: 'notify.settings',
  tag,
  summary: 'Make a new secret; the old one signs nothing more',
  params: webhookParams,
  response: WithSecret,
});
export const deleteWebhook = route({
  method: 'DELETE',
  path: '/api/notifications/webhooks/:webhookId',
  access: 'notify.settings',
  tag,
  status: 204,
  summary: 'Remove a webhook; what waits for it is not sent',
  params: webhookParams,
  response: Empty,
});
export const testWebhook = route({
  method: 'POST',
  path: '/api/notifications/webhooks/:webhookId/test',
  access: 'notify.settings',
  tag,
  summary: 'Send a test message now; once in ten seconds',
  params: webhookParams,
  response: TestOutcome,
});

export const MailState = Type.Object({
  configured: Type.Boolean(),
  /** Host and port, without user and password. */
  server: Type.Optional(Type.String()),
  from: Type.Optional(Type.String()),
  last: Type.Optional(
    Type.Object({ at: Instant, state: Type.Enum([...DELIVERY_STATES]), error: Type.Optional(Type.String()) }),
  ),
});
export type MailState = Static<typeof MailState>;

export const getMailState = route({
  method: 'GET',
  path: '/api/notifications/mail',
  access: 'notify.settings',
  tag,
  summary: 'Whether e-mail is set up (SMTP_URL, SMTP_FROM), and how the last one went',
  response: MailState,
});
export const testMail = route({
  method: 'POST',
  path: '/api/notifications/mail/test',
  access: 'notify.settings',
  tag,
  summary: 'Send a test message to an address now; needs the right on the whole group; once in ten seconds',
  body: Type.Object({ to: Email, language: Language }, closed),
  response: TestOutcome,
});

export const Delivery = Type.Object({
  id: Type.String(),
  key: Type.String({ description: 'idempotency key; the Message-ID of an e-mail begins with it' }),
  what: Type.Enum([...DELIVERY_SUBJECTS]),
  channel: Type.Enum([...NOTIFY_CHANNELS]),
  address: Type.String(),
  user: Type.Optional(Type.String()),
  propertyId: Type.Optional(Id),
  alarmId: Type.Optional(Id),
  kind: Type.Optional(Kind),
  state: Type.Enum([...DELIVERY_STATES]),
  reason: Type.Optional(Type.Enum([...SUPPRESSIONS])),
  attempts: Type.Integer(),
  /** Of the next attempt, where there will be one. */
  nextAt: Type.Optional(Instant),
  error: Type.Optional(Type.String()),
  madeAt: Instant,
  endedAt: Type.Optional(Instant),
  /** Messages that went in it. */
  bundled: Type.Optional(Type.Integer()),
  bundleId: Type.Optional(Type.String()),
});
export type Delivery = Static<typeof Delivery>;

export const listDeliveries = route({
  method: 'GET',
  path: '/api/notifications/deliveries',
  access: 'notify.settings',
  tag,
  summary: 'What was delivered and what was not, newest first',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    channel: Type.Optional(Type.Enum([...NOTIFY_CHANNELS])),
    state: Type.Optional(Type.Enum([...DELIVERY_STATES])),
    what: Type.Optional(Type.Enum([...DELIVERY_SUBJECTS])),
    alarmId: Type.Optional(Id),
    bundleId: Type.Optional(Id),
    q: Type.Optional(Type.String({ maxLength: 80, description: 'part of an address or a user' })),
    ...pageQuery,
  }),
  response: page(Delivery),
});
export const retryDelivery = route({
  method: 'POST',
  path: '/api/notifications/deliveries/:deliveryId/retry',
  access: 'notify.settings',
  tag,
  summary: 'Try again what was given up; its attempts begin anew, its key stays',
  params: Type.Object({ deliveryId: Id }),
  response: Delivery,
});
