import type { TestProject } from 'vitest/node';
import { startTestCluster } from './postgresCluster.ts';

/** Starts the run's Postgres and tells the tests where it is; the returned function ends it. */
export default async function clusterSetup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startTestCluster();
  project.provide('postgresUrl', cluster.url);
  return () => cluster.stop();
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the run's throw-away cluster, without a database name. */
    postgresUrl: string;
  }
}
