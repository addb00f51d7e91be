import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import type { AnyRoute } from '#contract/index.ts';
import type { Log } from '../log.ts';
import { errorHandler, NOTHING_THERE, refuse } from './errors.ts';
import { openApiDocument } from './openApi.ts';
import { originAllowed } from './origin.ts';
import { requestCounts } from './requestCounts.ts';
import { createRouteServer } from './routeServer.ts';
import type { Actor, RouteServer } from './types.ts';
import { answerUnknown, serveWebClient } from './webClient.ts';

/** A gateway with 32 lines of 247 meters is 2.5 MB. */
const BODY_BYTES_MAX = 4_194_304;
/** A request must have arrived completely within this time. */
const REQUEST_MS_MAX = 30_000;
/** Per address and minute. A wall asks rarely; a hundred desks behind one address stay far below. */
export const REQUESTS_PER_MINUTE_MAX = 6_000;
/** Addresses that the limiter remembers. */
const ADDRESSES_MAX = 5_000;
const COMPRESS_BYTES_MIN = 1_024;

const CONTENT_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  // Inline style attributes: chart tooltips and overlays are placed by them. No inline script anywhere.
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
].join('; ');

export interface HttpOptions {
  readonly log: Log;
  /** Who holds this cookie value; undefined for nobody. */
  readonly authenticate: (token: string, ip: string) => Promise<Actor | undefined>;
  /** `https://meters.example.com` where a proxy ends TLS; makes the cookie Secure. */
  readonly publicOrigin: string | undefined;
  /** Addresses whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly webDir: string;
  readonly release: string;
  readonly metrics: Registry;
  readonly monotonicMs: () => number;
  /** In tests and watch mode answers are checked against their contracts. */
  readonly checkResponses: boolean;
}

export interface Http {
  readonly app: FastifyInstance;
  readonly routes: RouteServer;
  /** Every contract that `routes.add` has seen, in order. */
  readonly contracts: readonly AnyRoute[];
  /** Closes the list of routes and listens; returns the address that people type. */
  listen(host: string, port: number): Promise<string>;
  close(): Promise<void>;
}

/** Builds the HTTP side: security headers, limits, JSON errors, routes by contract, documents, the web client. */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    // An address that cannot be decoded (`/%`).
    frameworkErrors: (_error, _request, reply) => void refuse(reply, 'not-found', NOTHING_THERE),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 100 },
  });
  acceptJsonOnly(app);
  app.setErrorHandler(errorHandler(options.log));
  addSecurity(app, options.publicOrigin);
  measure(app, options.metrics);
  await app.register(fastifyCookie);
  await app.register(fastifyCompress, { threshold: COMPRESS_BYTES_MIN, encodings: ['br', 'gzip'] });
  await app.register(fastifyRateLimit, {
    max: REQUESTS_PER_MINUTE_MAX,
    timeWindow: '1 minute',
    store: requestCounts(options.monotonicMs, ADDRESSES_MAX),
  });
  const contracts: AnyRoute[] = [];
  const routes = createRouteServer(app, contracts, options);
  await serveWebClient(app, options.webDir);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const others = contracts.filter((contract) => matches(contract, path)).map((contract) => contract.method);
    if (others.length === 0) return answerUnknown(options.webDir, request, reply);
    void reply.header('allow', others.join(', '));
    return refuse(reply, 'request.wrong-method', `This address answers ${others.join(', ')}, not ${request.method}.`);
  });
  return {
    app,
    routes,
    contracts,
    async listen(host, port) {
      await addDocuments(app, contracts, options.release);
      await app.listen({ host, port });
      return visibleAddress(app, host);
    },
    close: () => app.close(),
  };
}

/** No other body than JSON: a form of another site cannot make one. An empty body is no body. */
function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body.toString(), done);
  });
}

function addSecurity(app: FastifyInstance, publicOrigin: string | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'content-security-policy': CONTENT_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      ...(publicOrigin?.startsWith('https:') === true ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    });
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!reads && !originAllowed(request.headers, publicOrigin)) {
      return refuse(reply, 'request.wrong-origin', 'A page of another origin may not change anything here.');
    }
    return undefined;
  });
}

function measure(app: FastifyInstance, metrics: Registry): void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to answer, by route',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.01, 0.05, 0.2, 1, 5],
    registers: [metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
  });
}

/** The machine-readable document and a page to read it. Both work offline under our own content policy. */
async function addDocuments(app: FastifyInstance, contracts: readonly AnyRoute[], release: string): Promise<void> {
  const document = openApiDocument(contracts, release);
  const text = JSON.stringify(document);
  app.get('/api/openapi.json', (_request, reply) => reply.type('application/json').send(text));
  await app.register(fastifySwagger, { mode: 'static', specification: { document: JSON.parse(text) } });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/api/docs',
    uiConfig: { docExpansion: 'list', url: '/api/openapi.json' },
  });
}

function matches(contract: AnyRoute, path: string): boolean {
  const wanted = contract.path.split('/');
  const given = path.replace(/\/$/, '').split('/');
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith(':') || part === given[index]);
}

/** `0.0.0.0` is no address that a browser opens; the loopback one always works on this machine. */
function visibleAddress(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
