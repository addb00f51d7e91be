import type { RouteRecordRaw } from 'vue-router';

const wall = { public: true, bare: true, title: 'kiosk.title' };

export const routes: readonly RouteRecordRaw[] = [
  { path: '/kiosk/:token?', name: 'kiosk', component: () => import('./KioskPage.vue'), meta: wall },
  {
    path: '/kiosk-links',
    name: 'kiosk-links',
    component: () => import('./KioskLinksPage.vue'),
    meta: { title: 'kiosk.linksTitle' },
  },
];
