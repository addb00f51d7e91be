export const zh = { title: '网关与表计', newTitle: '新增网关', oneTitle: '网关' };
export const en: typeof zh = { title: 'Gateways & meters', newTitle: 'New gateway', oneTitle: 'Gateway' };
