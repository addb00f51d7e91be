import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Permission } from '#contract/permissions.ts';
import { getSession, type Session, signIn, signOut } from '#contract/session.ts';
import { ApiError, useApi } from '../api/client.ts';
import { forgetKept } from './kept.ts';

/** Who sits at this screen, and what they may do. */
export const useSession = defineStore('session', () => {
  const api = useApi();
  const session = shallowRef<Session>();
  return {
    session,
    signedIn: computed(() => session.value !== undefined),
    may: (permission: Permission) => session.value?.permissions.includes(permission) ?? false,
    /** Asks the server who we are; false = nobody. Rejects when the server cannot say. */
    async load(): Promise<boolean> {
      try {
        session.value = await api.call(getSession, {});
        return true;
      } catch (error) {
        if (error instanceof ApiError && error.code === 'session.required') return false;
        throw error;
      }
    },
    async signIn(user: string, password: string): Promise<void> {
      session.value = await api.call(signIn, { body: { user, password } });
    },
    /** A session that came another way than by a password. */
    adopt(opened: Session) {
      session.value = opened;
    },
    async signOut(): Promise<void> {
      await api.call(signOut, {});
      session.value = undefined;
      forgetKept();
    },
    /** The server says that the session is over. */
    end() {
      session.value = undefined;
      forgetKept();
    },
  };
});
