import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/p/:propertyId(\\d+)/grid',
    name: 'grid',
    component: () => import('./GridPage.vue'),
    meta: { title: 'grid.title' },
  },
];
