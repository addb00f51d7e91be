import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/gateways',
    name: 'gateways',
    component: () => import('./GatewaysPage.vue'),
    meta: { title: 'gateways.title' },
  },
  {
    path: '/gateways/new',
    name: 'gateway-new',
    component: () => import('./GatewayNewPage.vue'),
    meta: { title: 'gateways.newTitle' },
  },
  {
    path: '/gateways/:gatewayId(\\d+)',
    name: 'gateway',
    component: () => import('./GatewayPage.vue'),
    meta: { title: 'gateways.oneTitle' },
  },
];
