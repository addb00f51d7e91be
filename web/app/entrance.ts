import type { RouteLocationNormalized } from 'vue-router';
import { ApiError } from '../api/client.ts';
import type { useEstate } from './estate.ts';
import { keepApp, keptApp } from './kept.ts';
import type { useServerReach } from './serverReach.ts';
import type { useSession } from './session.ts';

export interface EntranceDeps {
  readonly session: ReturnType<typeof useSession>;
  readonly estate: ReturnType<typeof useEstate>;
  readonly server: ReturnType<typeof useServerReach>;
  /** The session is over: to the sign-in page. */
  readonly leave: () => void;
  /** The page stands on what this browser kept, and the server is there again: is it of this release? */
  readonly renew: () => void;
  readonly nowMs: () => number;
}

/** Lets people in: who is signed in, and the estate that they see; without signal from what this browser kept. */
export function createEntrance({ session, estate, server, leave, renew, nowMs }: EntranceDeps) {
  async function enter(): Promise<boolean> {
    if (!session.signedIn && !(await session.load())) return false;
    if (!estate.loaded) await estate.load();
    if (session.session?.kiosk !== true && session.session !== undefined)
      keepApp({ session: session.session, properties: estate.properties });
    return true;
  }

  /** The server has the last word as soon as it is reached: the session may be over, the estate another. */
  async function confirm(): Promise<void> {
    const isMine = await server.untilReached(async () => {
      if (!(await session.load())) return false;
      await estate.load();
      return true;
    });
    if (isMine) renew();
    else leave();
  }

  function enterWithoutSignal(): boolean {
    const app = keptApp(nowMs());
    if (app === undefined) return false;
    session.adopt(app.session);
    estate.adopt(app.properties);
    // Refusals other than "no session" are answered to the page's own questions as well.
    confirm().catch(leave);
    return true;
  }

  /** True when somebody is let in. Waits for a server that does not answer, since a wall recovers by itself. */
  return async (to: RouteLocationNormalized): Promise<boolean> => {
    if (session.signedIn && estate.loaded) return true;
    if (to.meta.withoutSignal !== true) return server.untilReached(enter);
    try {
      return await enter();
    } catch (error) {
      const isAway = error instanceof ApiError && error.code === 'network.unreachable';
      return (isAway && enterWithoutSignal()) || server.untilReached(enter);
    }
  };
}
