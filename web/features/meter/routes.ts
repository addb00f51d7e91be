import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/meters/:meterId(\\d+)',
    name: 'meter',
    component: () => import('./MeterPage.vue'),
    meta: { title: 'meter.title' },
  },
];
