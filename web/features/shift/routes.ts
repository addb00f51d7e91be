import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/alarms/shift',
    name: 'shift',
    component: () => import('./ShiftPage.vue'),
    meta: { title: 'shift.title' },
  },
];
