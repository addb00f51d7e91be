import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** How one write is answered instead of being taken. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface FakeBucket {
  readonly id: string;
  readonly name: string;
  readonly orgID: string;
  retentionRules: readonly { readonly everySeconds: number }[];
  readonly lines: string[];
}

export interface FakeInfluxV2 {
  readonly url: string;
  readonly buckets: ReadonlyMap<string, FakeBucket>;
  /** Databases that InfluxQL knows. */
  readonly mapped: ReadonlySet<string>;
  readonly writes: readonly { readonly path: string; readonly authorization: string | undefined }[];
  /** Answers the next writes so, one after the other; `undefined` = takes it. A function sees the lines. */
  refuseNext(...refusals: readonly (Refusal | ((lines: readonly string[]) => Refusal | undefined))[]): void;
  stop(): Promise<void>;
}

export interface FakeInfluxV2Options {
  readonly org: string;
  readonly token: string;
  /** As `/ping` says it. */
  readonly version?: string;
  readonly buckets?: readonly string[];
}

/**
 * A stand-in for InfluxDB 2 (or 3, by its version), written after the documentation, since no real one can be had from a
 * distribution or from npm: organisation, buckets, mappings, tokens, and refusals on command. It keeps lines and answers no question but for
 * the names of measurements; everything that a real server can prove is tested against a real 1.6.7.
 */
export async function startFakeInfluxV2(options: FakeInfluxV2Options): Promise<FakeInfluxV2> {
  const fake = new Fake(options);
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => fake.answer(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    buckets: fake.buckets,
    mapped: fake.mapped,
    writes: fake.writes,
    refuseNext: (...refusals) => void fake.refusals.push(...refusals),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const ORG_ID = '0123456789abcdef';

class Fake {
  readonly buckets = new Map<string, FakeBucket>();
  readonly mapped = new Set<string>();
  readonly writes: { readonly path: string; readonly authorization: string | undefined }[] = [];
  readonly refusals: (Refusal | ((lines: readonly string[]) => Refusal | undefined))[] = [];
  readonly #options: FakeInfluxV2Options;

  constructor(options: FakeInfluxV2Options) {
    this.#options = options;
    for (const name of options.buckets ?? []) this.#makeBucket(name, []);
  }

  get #isThird(): boolean {
    return this.#options.version?.startsWith('3.') === true;
  }

  answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
    const { status, headers, body: answer } = this.#route(request, pathname, searchParams, body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(answer === undefined ? '' : JSON.stringify(answer));
  }

  #route(request: IncomingMessage, path: string, query: URLSearchParams, body: string): Refusal {
    if (path === '/ping') {
      return { status: 204, headers: { 'x-influxdb-version': this.#options.version ?? 'v2.7.11' } };
    }
    const scheme = this.#isThird ? 'Bearer' : 'Token';
    if (request.headers.authorization !== `${scheme} ${this.#options.token}`) {
      return { status: 401, body: { code: 'unauthorized', message: 'unauthorized access' } };
    }
    switch (`${request.method} ${path}`) {
      case 'POST /api/v2/write':
        return this.#write(request, query, body);
      case 'POST /api/v3/configure/database': {
        const { db, retention_period: period } = JSON.parse(body);
        const everySeconds = Number(/^(\d+)d$/.exec(period ?? '')?.[1] ?? 0) * 86_400;
        this.#makeBucket(db, everySeconds === 0 ? [] : [{ everySeconds }]);
        this.mapped.add(db);
        return { status: 200, body: {} };
      }
      case 'GET /api/v2/orgs':
        return query.get('org') === this.#options.org
          ? { status: 200, body: { orgs: [{ id: ORG_ID, name: this.#options.org }] } }
          : { status: 404, body: { code: 'not found', message: 'organization name not found' } };
      case 'GET /api/v2/buckets':
        return this.#find(query);
      case 'POST /api/v2/buckets': {
        const { name, retentionRules } = JSON.parse(body);
        return { status: 201, body: this.#makeBucket(name, retentionRules) };
      }
      case 'GET /api/v2/dbrps':
        return { status: 200, body: { content: this.mapped.has(query.get('db') ?? '') ? [{ id: '1' }] : [] } };
      case 'POST /api/v2/dbrps':
        this.mapped.add(JSON.parse(body).database);
        return { status: 201, body: {} };
      case 'POST /query':
        return this.#query(query);
      default:
        return this.#patch(request.method ?? '', path, body);
    }
  }

  #write(request: IncomingMessage, query: URLSearchParams, body: string): Refusal {
    this.writes.push({ path: request.url ?? '', authorization: request.headers.authorization });
    const lines = body.split('\n');
    const next = this.refusals.shift();
    const refusal = typeof next === 'function' ? next(lines) : next;
    if (refusal !== undefined) return refusal;
    const bucket = this.buckets.get(query.get('bucket') ?? '');
    if (bucket === undefined || (!this.#isThird && query.get('org') !== this.#options.org)) {
      return { status: 404, body: { code: 'not found', message: 'bucket not found' } };
    }
    bucket.lines.push(...lines);
    return { status: 204 };
  }

  #find(query: URLSearchParams): Refusal {
    const bucket = this.buckets.get(query.get('name') ?? '');
    const found = bucket === undefined || query.get('org') !== this.#options.org ? [] : [bucket];
    return { status: 200, body: { buckets: found } };
  }

  #query(query: URLSearchParams): Refusal {
    const name = query.get('db') ?? '';
    if (!this.mapped.has(name)) return { status: 404, body: { code: 'not found', message: 'no dbrp mapping found' } };
    const lines = this.buckets.get(name)?.lines ?? [];
    const names = [...new Set(lines.map((line) => /^[^, ]+/.exec(line)?.[0] ?? ''))];
    const series =
      names.length === 0
        ? {}
        : { series: [{ name: 'measurements', columns: ['name'], values: names.map((one) => [one]) }] };
    return { status: 200, body: { results: [{ statement_id: 0, ...series }] } };
  }

  #patch(method: string, path: string, body: string): Refusal {
    const bucket = [...this.buckets.values()].find(({ id }) => path === `/api/v2/buckets/${id}`);
    if (method !== 'PATCH' || bucket === undefined) return { status: 404, body: { code: 'not found', message: path } };
    bucket.retentionRules = JSON.parse(body).retentionRules;
    return { status: 200, body: bucket };
  }

  #makeBucket(name: string, retentionRules: FakeBucket['retentionRules']): FakeBucket {
    const bucket = { id: `b${this.buckets.size + 1}`, name, orgID: ORG_ID, retentionRules, lines: [] };
    this.buckets.set(name, bucket);
    return bucket;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
