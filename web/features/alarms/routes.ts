import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  { path: '/alarms', name: 'alarms', component: () => import('./AlarmsPage.vue'), meta: { title: 'alarms.title' } },
];
