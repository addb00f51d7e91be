import { onScopeDispose, shallowRef, watch } from 'vue';
import { type KioskTour, openKiosk } from '#contract/kiosk.ts';
import type { ResponseOf } from '#contract/route.ts';
import { getSession, type Session } from '#contract/session.ts';
import { ApiError, READ_MS_MAX, useApi } from '../../api/client.ts';
import { useEstate } from '../../app/estate.ts';
import { useServerReach } from '../../app/serverReach.ts';
import { useSession } from '../../app/session.ts';

/** Far below the week after which every session ends. */
const RENEW_MS = 86_400_000;
const LOOK_MS = 60_000;
/** A link that opens nothing may open something again: a database that was restored, a clock that was set. */
const REFUSED_RETRY_MS = 60_000;

/** The session of a wall that nobody signs in to: opened by its link, renewed before it ends, opened again when it ended. */
export function useKioskSession(token: () => string | undefined) {
  const api = useApi();
  const session = useSession();
  const estate = useEstate();
  const server = useServerReach();
  const opened = shallowRef<{ readonly name: string; readonly tour: KioskTour }>();
  /** The last refusal; a wall that stands keeps standing. */
  const refused = shallowRef<unknown>();
  /** Somebody is signed in at this browser: opening the link would sign them out. */
  const taken = shallowRef(false);
  const propertyIds = shallowRef<readonly number[]>([]);
  let openedMs = 0;
  let busy = false;
  let closed = false;

  async function open(): Promise<void> {
    const text = token();
    if (busy || closed || text === undefined) return;
    busy = true;
    try {
      const answer = await openAndLoad(text);
      const ids = estate.properties.map((place) => place.id);
      if (ids.join() !== propertyIds.value.join()) propertyIds.value = ids;
      opened.value = { name: answer.name, tour: answer.tour };
      refused.value = undefined;
      taken.value = false;
      openedMs = Date.now();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.value = error;
      setTimeout(() => void open(), REFUSED_RETRY_MS);
    } finally {
      busy = false;
    }
  }

  /** Opens again what ended meanwhile: a refusal of the session before may come late, and would end the new one here. */
  async function openAndLoad(text: string): Promise<ResponseOf<typeof openKiosk>> {
    for (;;) {
      // Opening twice harms nobody, so that an attempt without an answer is given up like a read.
      const answer = await server.untilReached(() =>
        api.call(openKiosk, { body: { token: text } }, { signal: AbortSignal.timeout(READ_MS_MAX) }),
      );
      session.adopt(answer.session);
      await server.untilReached(() => estate.load());
      if (session.signedIn) return answer;
    }
  }

  /** Who is signed in at this browser; undefined for nobody and for a wall. */
  async function person(): Promise<Session | undefined> {
    try {
      const found = session.session ?? (await api.call(getSession, {}));
      return found.kiosk === true ? undefined : found;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'session.required') return undefined;
      throw error;
    }
  }

  /** Opens, unless a person is signed in here. */
  async function begin(): Promise<void> {
    const found = await server.untilReached(person);
    taken.value = found !== undefined;
    // The session that this wall had is not taken up: opening ends it, and a live feed that asks with it is refused.
    if (found === undefined) await open();
    else session.adopt(found);
  }

  void begin();
  watch(
    () => session.signedIn,
    (signedIn) => {
      if (!signedIn && opened.value !== undefined) void open();
    },
  );
  const timer = setInterval(() => {
    if (opened.value !== undefined && Date.now() - openedMs > RENEW_MS) void open();
  }, LOOK_MS);
  onScopeDispose(() => {
    closed = true;
    clearInterval(timer);
  });
  return { opened, refused, taken, propertyIds, open: () => void open() };
}
