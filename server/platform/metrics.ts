import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of its own with the figures of the process. Modules register theirs in it. */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
