import type { RouteRecordRaw } from 'vue-router';
import { useOutboxSender } from './useOutboxSender.ts';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/alarms',
    name: 'alarms',
    component: () => import('./AlarmsPage.vue'),
    meta: { title: 'alarms.title', withoutSignal: true },
  },
];

export const everywhere = useOutboxSender;
