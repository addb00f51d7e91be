import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/charges',
    name: 'charges',
    component: () => import('./ChargesPage.vue'),
    meta: { title: 'charges.title' },
  },
];
