export { openSpool, type SpoolOptions } from './spool.ts';
export type { Spool, SpoolFigures } from './types.ts';
