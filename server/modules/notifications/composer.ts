import { PUSH_BYTES_MAX } from '#server/platform/notify/index.ts';
import { ALARMS_PATH, alarmPath, alarmTexts, bundleTexts, type Texts, testTexts } from './templates.ts';
import type { AlarmFacts, Claimed, Language } from './types.ts';

/** Alarms that a webhook is told of in one message; the number of all of them stands beside. */
export const WEBHOOK_ALARMS_MAX = 100;

/** What a message tells. */
export interface Content {
  readonly what: Claimed['what'];
  readonly items: readonly AlarmFacts[];
  readonly count: number;
}

export function textsOf({ what, items, count }: Content, language: Language, origin: string | undefined): Texts {
  const [only] = items;
  if (what === 'test' || only === undefined) return testTexts({ language, origin });
  return count === 1 ? alarmTexts(only, { language, origin }) : bundleTexts(items, count, { language, origin });
}

/** What our service worker shows: messages about one alarm replace each other. */
export function pushPayload(key: string, content: Content, language: Language): { payload: string; topic: string } {
  const { title, line } = textsOf(content, language, undefined);
  const [only] = content.items;
  const single = content.count === 1 && only !== undefined;
  const topic = single ? `alarm-${only.alarmId}` : content.what;
  const urgent = isUrgent(content);
  const message = (body: string) =>
    JSON.stringify({ key, title, body, tag: topic, url: single ? alarmPath(only.alarmId) : ALARMS_PATH, urgent });
  const payload = message(line);
  // Place names may be long; what a push service takes is not.
  const tooLong = Buffer.byteLength(payload) > PUSH_BYTES_MAX;
  return { payload: tooLong ? message('') : payload, topic };
}

/** Somebody must come now: shown until a hand touches it. */
export function isUrgent({ items }: Content): boolean {
  return items.some(({ severity, what }) => severity >= 3 && what === 'raised');
}

export function webhookBody(
  { key, attempts, madeAtMs }: Pick<Claimed, 'key' | 'attempts' | 'madeAtMs'>,
  content: Content,
  language: Language,
  origin: string | undefined,
): string {
  const { title, line } = textsOf(content, language, origin);
  const alarms = content.items.map(({ alarmId, what, ...facts }) => ({
    id: alarmId,
    event: what,
    ...facts,
    ...(origin === undefined ? {} : { link: `${origin}${alarmPath(alarmId)}` }),
  }));
  return JSON.stringify({
    key,
    attempt: attempts,
    madeAt: new Date(madeAtMs).toISOString(),
    event: content.what,
    count: content.count,
    title,
    text: line,
    alarms,
  });
}
