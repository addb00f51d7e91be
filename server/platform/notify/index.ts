export { createMailSender, type MailSender, type MailSettings, type MailTimes } from './mail.ts';
export { isInside } from './publicLookup.ts';
export type { Outcome } from './types.ts';
export { makeWebhookSecret, sendWebhook } from './webhook.ts';
export {
  arePushKeys,
  createPushSender,
  makePushKeys,
  PUSH_BYTES_MAX,
  type PushKeys,
  type PushNetwork,
  type PushSender,
} from './webPush.ts';
