export { openSpool, type SpoolOptions } from './spool.ts';
export { createStoreQueue, type StoreQueue, type StoreQueueFigures } from './storeQueue.ts';
export type { Spool, SpoolFigures } from './types.ts';
