import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  { path: '/', name: 'group', component: () => import('./WallPage.vue'), meta: { title: 'wall.title' } },
  {
    path: '/p/:propertyId(\\d+)/wall',
    name: 'wall',
    component: () => import('./WallPage.vue'),
    meta: { title: 'wall.title' },
  },
];
