import { HttpError, InfluxDB, setLogger } from '@influxdata/influxdb-client';
import type { Clock } from '#drivers/core/index.ts';
import type { InfluxSettings } from './settings.ts';

const WRITE_MS_MAX = 10_000;
const READ_MS_MAX = 15_000;

/** One series of an answer; times are ms since epoch, in the column `time`. */
export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (string | number | null)[])[];
}

interface QueryAnswer {
  readonly results?: readonly {
    /** 1.x leaves `values` out where a list is empty. */
    readonly series?: readonly (Omit<InfluxSeries, 'values'> & Partial<Pick<InfluxSeries, 'values'>>)[];
    readonly error?: string;
  }[];
  readonly error?: string;
}

interface HttpAnswer {
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly limitMs: number;
}

/** InfluxDB answered a question with an error. */
export class InfluxQueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InfluxQueryError';
  }
}

/**
 * What is said to InfluxDB, through the official client's transport. Its own batching is left aside: it sends a full
 * batch unawaited, and neither flush nor close waits for that.
 */
export class InfluxClient {
  readonly #settings: InfluxSettings;
  readonly #clock: Clock;
  readonly #influx: InfluxDB;
  readonly #underWay = new Set<AbortController>();
  #closed = false;

  constructor(settings: InfluxSettings, clock: Clock) {
    // The client writes to the console otherwise.
    setLogger({ error() {}, warn() {} });
    this.#settings = settings;
    this.#clock = clock;
    // Limits are kept here: the client's own leave the socket open. Its default of 10 s must not come first.
    this.#influx = new InfluxDB({ url: settings.url, headers: authorization(settings), timeout: 2 * READ_MS_MAX });
  }

  /** The version that the server says it is, e.g. `1.6.7` or `v2.7.11`; undefined when it says none. Rejects when it is down. */
  async ping(limitMs: number): Promise<string | undefined> {
    const { headers } = await this.#send({ method: 'GET', path: '/ping', limitMs });
    const version = headers['x-influxdb-version'];
    return typeof version === 'string' ? version : undefined;
  }

  /** Writes lines of line protocol (ms). Rejects with the client's `HttpError` when the server refuses them. */
  async write(database: string, lines: readonly string[]): Promise<void> {
    const path = this.#writePath(database);
    const body = lines.join('\n');
    await this.#send({ method: 'POST', path, body, contentType: 'text/plain; charset=utf-8', limitMs: WRITE_MS_MAX });
  }

  /** Asks in InfluxQL. Nothing that people typed goes into a question, names of databases excepted (see `quoted`). */
  async query(database: string | undefined, influxQl: string): Promise<readonly InfluxSeries[]> {
    const db = database === undefined ? '' : `&db=${encodeURIComponent(database)}`;
    const { text } = await this.#send({
      method: 'POST',
      path: `/query?epoch=ms${db}`,
      body: `q=${encodeURIComponent(influxQl)}`,
      contentType: 'application/x-www-form-urlencoded',
      limitMs: READ_MS_MAX,
    });
    const answer: QueryAnswer = JSON.parse(text);
    const error = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error;
    if (error !== undefined) throw new InfluxQueryError(error);
    return (answer.results?.[0]?.series ?? []).map((series) => ({ ...series, values: series.values ?? [] }));
  }

  /** A request of the management API of 2.x or 3.x; the answer's JSON, undefined for none. */
  async manage(method: HttpRequest['method'], path: string, body?: unknown): Promise<unknown> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const { text } = await this.#send({ method, path, ...json, contentType: 'application/json', limitMs: READ_MS_MAX });
    return text.startsWith('{') ? JSON.parse(text) : undefined;
  }

  /** Gives up what is under way and takes nothing more. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#underWay) controller.abort();
  }

  #writePath(database: string): string {
    const name = encodeURIComponent(database);
    switch (this.#settings.version) {
      case 1:
        return `/write?db=${name}&precision=ms`;
      case 2:
        return `/api/v2/write?org=${encodeURIComponent(this.#settings.org)}&bucket=${name}&precision=ms`;
      case 3:
        return `/api/v2/write?bucket=${name}&precision=ms`;
    }
  }

  async #send({ method, path, body = '', contentType, limitMs }: HttpRequest): Promise<HttpAnswer> {
    if (this.#closed) throw new Error('the connection to InfluxDB is closed');
    const controller = new AbortController();
    this.#underWay.add(controller);
    let late = false;
    const timer = this.#clock.after(limitMs, () => {
      late = true;
      controller.abort();
    });
    try {
      const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
      return await this.#exchange(path, body, { method, headers, signal: controller.signal });
    } catch (error) {
      if (late) throw new Error(`InfluxDB did not answer within ${limitMs / 1_000} s`, { cause: error });
      throw error;
    } finally {
      timer.cancel();
      this.#underWay.delete(controller);
    }
  }

  #exchange(path: string, body: string, options: Parameters<InfluxDB['transport']['send']>[2]): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let headers: HttpAnswer['headers'] = {};
      this.#influx.transport.send(path, body, options, {
        responseStarted(started) {
          headers = started;
        },
        next(chunk) {
          chunks.push(chunk);
        },
        complete: () => resolve({ text: Buffer.concat(chunks).toString('utf8'), headers }),
        error: reject,
      });
    });
  }
}

/** The status of a refusal; undefined for anything else, e.g. a connection that was cut. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof HttpError ? error.statusCode : undefined;
}

/** A name as InfluxQL wants it in double quotes. */
export function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, String.raw`\$&`)}"`;
}

function authorization(settings: InfluxSettings): Record<string, string> {
  switch (settings.version) {
    case 1: {
      const { user, password = '' } = settings;
      // 1.x takes no `Token user:password` before 1.8.
      if (user === undefined) return {};
      return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
    }
    case 2:
      return { authorization: `Token ${settings.token}` };
    case 3:
      return { authorization: `Bearer ${settings.token}` };
  }
}
