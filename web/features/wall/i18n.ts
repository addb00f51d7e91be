export const zh = { title: '大屏' };

export const en: typeof zh = { title: 'Wall' };
