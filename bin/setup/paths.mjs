import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone's root folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Things that can be made again; ignored by git. */
export const CACHE = join(ROOT, '.cache');
