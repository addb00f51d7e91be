import type { RouteRecordRaw } from 'vue-router';

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/books',
    name: 'books',
    component: () => import('./BooksPage.vue'),
    meta: { title: 'books.title' },
  },
];
