import {
  createRouter,
  createWebHistory,
  type RouteLocationNormalized,
  type RouteLocationRaw,
  type RouteRecordRaw,
} from 'vue-router';

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    readonly public?: boolean;
    /** The page paints its own frame: no header, no navigation. */
    readonly bare?: boolean;
    /** Opens without signal with what this browser kept; other pages wait for the server. */
    readonly withoutSignal?: boolean;
    /** Catalogue key of the window's title. */
    readonly title?: string;
  }
}

/** What `features/<folder>/routes.ts` exports. */
export interface FeatureRoutes {
  readonly routes: readonly RouteRecordRaw[];
  /** Set up once in the frame of every page: what goes on whichever page is open. */
  readonly everywhere?: () => void;
}

export const features = import.meta.glob<FeatureRoutes>('../features/*/routes.ts', { eager: true });

/** Where a sign-in leads: only a path of this site, never the sign-in page itself. */
export function returnPath(query: unknown): string {
  return typeof query === 'string' && query.startsWith('/') && !query.startsWith('//') && !query.startsWith('/sign-in')
    ? query
    : '/';
}

/** To the sign-in page and back to where one was. */
export function signInFor(target: RouteLocationNormalized): RouteLocationRaw {
  return target.fullPath === '/' ? { name: 'sign-in' } : { name: 'sign-in', query: { return: target.fullPath } };
}

/**
 * The routes of all features; `ensureSession` answers whether somebody is signed in, `home` where those begin who have
 * no wall to look at.
 */
export function createAppRouter(
  ensureSession: (to: RouteLocationNormalized) => Promise<boolean>,
  home: () => RouteLocationRaw | undefined,
) {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      ...Object.values(features).flatMap((feature) => feature.routes),
      {
        path: '/:path(.*)*',
        name: 'not-found',
        component: () => import('./NotFoundPage.vue'),
        meta: { title: 'notFound.title' },
      },
    ],
  });
  router.beforeEach(async (to) => {
    if (to.meta.public === true) return true;
    if (!(await ensureSession(to))) return signInFor(to);
    return (to.path === '/' ? home() : undefined) ?? true;
  });
  return router;
}
