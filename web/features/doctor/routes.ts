import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/doctor',
    name: 'doctor',
    component: () => import('./DoctorPage.vue'),
    meta: { title: 'doctor.title' },
  },
  {
    path: '/doctor/lines/:lineId(\\d+)',
    name: 'doctor-line',
    component: () => import('./LinePage.vue'),
    meta: { title: 'doctor.title' },
  },
];
