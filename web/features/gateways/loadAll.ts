import type { Gateway, Meter } from '#contract/index.ts';
import { loadAll, type Page, type PageQuery } from '../../api/loadAll.ts';

/** Most gateways that the list shows at once; the demo of ten thousand meters has fewer. */
export const GATEWAYS_MAX = 2_000;
/** Most meters of one gateway: 32 lines of 247 addresses. */
export const METERS_MAX = 8_000;

/** Every gateway that the session may see, page by page, up to the bound. */
export const loadAllGateways = (load: (query: PageQuery) => Promise<Page<Gateway>>) => loadAll(load, GATEWAYS_MAX);

/** Every meter of a query, page by page, up to the bound. */
export const loadAllMeters = (load: (query: PageQuery) => Promise<Page<Meter>>) => loadAll(load, METERS_MAX);
