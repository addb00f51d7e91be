export { answers, type DbOptions, openDb, refusesRows, SERVER_ROLE, sqlStateOf, violatedConstraint } from './db.ts';
export { createDbWatch, type DbWatch } from './dbWatch.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';
export { MIGRATIONS_DIR, migrate } from './migrate.ts';
export type { Db, Queryable, Tx } from './types.ts';
