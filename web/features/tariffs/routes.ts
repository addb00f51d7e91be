import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/tariffs',
    name: 'tariffs',
    component: () => import('./TariffsPage.vue'),
    meta: { title: 'tariffs.title' },
  },
];
