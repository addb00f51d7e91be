import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { refuse } from './errors.ts';

/** A probe that does not answer in this time counts as down. */
const PROBE_MS_MAX = 2_000;

export interface HealthOptions {
  readonly release: string;
  /** Of the monotonic clock. */
  readonly startedMs: number;
  readonly monotonicMs: () => number;
  /** Resolves when the database answers. */
  readonly probeDatabase: () => Promise<unknown>;
  readonly metrics: Registry;
  /** Bearer token of /metrics; without one only this machine may read it. */
  readonly metricsToken: string | undefined;
}

/** `GET /healthz` for supervisors and load balancers, `GET /metrics` for Prometheus. */
export function addHealth(app: FastifyInstance, options: HealthOptions): void {
  app.get('/healthz', async (_request, reply) => {
    const up = await withinTime(options.probeDatabase());
    return reply
      .code(up ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: up ? 'ok' : 'failing',
        database: up ? 'up' : 'down',
        uptimeS: Math.floor((options.monotonicMs() - options.startedMs) / 1_000),
        release: options.release,
      });
  });
  app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(request, options.metricsToken)) {
      return refuse(reply, 'permission.missing', 'Metrics are for this machine, or for the bearer of METRICS_TOKEN.');
    }
    return reply.type(options.metrics.contentType).send(await options.metrics.metrics());
  });
}

async function withinTime(probe: Promise<unknown>): Promise<boolean> {
  const answered = probe.then(
    () => true,
    () => false,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PROBE_MS_MAX, false);
  });
  try {
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(timer);
  }
}

function mayReadMetrics(request: FastifyRequest, token: string | undefined): boolean {
  if (token !== undefined) return sameText(request.headers.authorization ?? '', `Bearer ${token}`);
  // A proxy on this machine is loopback too; what it forwards is not.
  const forwarded = request.headers['x-forwarded-for'] !== undefined;
  return !forwarded && ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.ip);
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
