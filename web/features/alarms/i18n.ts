export const zh = { title: '报警' };
export const en: typeof zh = { title: 'Alarms' };
