import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  { path: '/jobs', name: 'jobs', component: () => import('./JobsPage.vue'), meta: { title: 'jobs.title' } },
  {
    path: '/jobs/:batchId([0-9a-f-]{36})',
    name: 'job',
    component: () => import('./BatchPage.vue'),
    meta: { title: 'jobs.title' },
  },
  {
    path: '/jobs/sheets/:batchId([0-9a-f-]{36})',
    name: 'sheet',
    component: () => import('./SheetPage.vue'),
    meta: { title: 'jobs.title' },
  },
];
