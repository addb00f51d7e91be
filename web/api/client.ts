import { type InjectionKey, inject } from 'vue';
import type { AnyRoute, BodyOf, ParamsOf, QueryOf, ResponseOf } from '#contract/route.ts';
import { fileNameOf, saveFile, takeBytes } from './download.ts';

type Part<Name extends string, Value> = unknown extends Value
  ? { readonly [K in Name]?: undefined }
  : keyof Value extends never
    ? { readonly [K in Name]?: undefined }
    : object extends Value
      ? { readonly [K in Name]?: Value }
      : { readonly [K in Name]: Value };

/** A contract may want a body without fields: then it is sent, empty. */
type BodyPart<Value> = unknown extends Value
  ? { readonly body?: undefined }
  : keyof Value extends never
    ? { readonly body: Readonly<Record<string, never>> }
    : { readonly body: Value };

/** What a route wants: params, query and body as its contract names them. */
export type CallRequest<R extends AnyRoute> = Part<'params', ParamsOf<R>> &
  Part<'query', QueryOf<R>> &
  BodyPart<BodyOf<R>>;

/** A field at fault, as the server names it. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/**
 * An answer that is not 2xx, or none at all. `code` is a code of the contract, or `network.unreachable` when nothing
 * answered. Texts for people: catalogue key `error.<code>`.
 */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: readonly FieldError[];
  readonly errorId: string | undefined;
  /** How long to wait before the next attempt, s (Retry-After). */
  readonly retryAfterS: number | undefined;

  constructor(fault: {
    code: string;
    status: number;
    message: string;
    details?: readonly FieldError[];
    errorId?: string | undefined;
    retryAfterS?: number | undefined;
  }) {
    super(fault.message);
    this.name = 'ApiError';
    this.code = fault.code;
    this.status = fault.status;
    this.details = fault.details ?? [];
    this.errorId = fault.errorId;
    this.retryAfterS = fault.retryAfterS;
  }
}

export interface ApiClient {
  /**
   * Calls a route of the contract: `call(getMeter, { params: { meterId: 7 } })`.
   * Rejects with `ApiError`; an aborted signal rejects with the signal's reason.
   */
  call<R extends AnyRoute>(
    route: R,
    request: CallRequest<R>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ResponseOf<R>>;
  /**
   * Fetches a file and puts it among the downloads under the name that the server gives it; nothing is saved unless all of
   * it came. Rejects as `call` does, with `file.broken` when the connection broke on the way.
   */
  download<R extends AnyRoute & { readonly file: 'xlsx' }>(
    route: R,
    request: CallRequest<R>,
    options?: DownloadOptions,
  ): Promise<SavedFile>;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Told how many bytes came so far. */
  readonly onBytes?: (bytes: number) => void;
}

export interface SavedFile {
  readonly name: string;
  readonly bytes: number;
}

export interface ApiDeps {
  readonly fetch: typeof fetch;
  /** A session ended or never was: the app goes to the sign-in page and comes back. */
  readonly onSessionRequired: () => void;
  /** READ_MS_MAX, or less. */
  readonly readMsMax?: number;
}

/** A question that has no answer by then, or only half of one, is as good as lost: the network swallowed it. */
export const READ_MS_MAX = 45_000;

interface LooseRequest {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
}

/** The client of the HTTP API; the contract's types are its types. */
export function createApiClient(deps: ApiDeps): ApiClient {
  async function good(response: Response): Promise<Response> {
    if (response.ok) return response;
    const error = await errorOf(response);
    if (error.code === 'session.required') deps.onSessionRequired();
    throw error;
  }
  return {
    async download(route, request, { signal, onBytes = () => undefined } = {}) {
      const response = await good(await send(deps, route, request, signal));
      const file = await takeBytes(response, onBytes).catch((cause: unknown) => {
        if (signal?.aborted) throw cause;
        throw new ApiError({ code: 'file.broken', status: response.status, message: 'The file broke off on its way.' });
      });
      const name = fileNameOf(response.headers.get('content-disposition'));
      saveFile(name, file);
      return { name, bytes: file.size };
    },
    async call<R extends AnyRoute>(
      route: R,
      request: CallRequest<R>,
      options: { readonly signal?: AbortSignal } = {},
    ): Promise<ResponseOf<R>> {
      const loose: LooseRequest = request;
      const response = await good(await send(deps, route, loose, options.signal));
      if (response.status === 204) return {} as ResponseOf<R>;
      return (await response.json().catch((cause: unknown) => {
        if (options.signal?.aborted) throw cause;
        throw unreachable();
      })) as ResponseOf<R>;
    },
  };
}

async function send(
  deps: ApiDeps,
  route: AnyRoute,
  request: LooseRequest,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const init: RequestInit = {
    method: route.method,
    credentials: 'same-origin',
    headers: { accept: 'application/json' },
  };
  // Only what changes nothing may be given up: what became of anything else must be known.
  const deadline =
    route.method === 'GET' && route.file === undefined ? AbortSignal.timeout(deps.readMsMax ?? READ_MS_MAX) : undefined;
  const signals = [signal, deadline].filter((one) => one !== undefined);
  if (signals.length > 0) init.signal = AbortSignal.any(signals);
  if (request.body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
    init.body = JSON.stringify(request.body);
  }
  try {
    return await deps.fetch(addressOf(route.path, request), init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable();
  }
}

function unreachable(): ApiError {
  return new ApiError({ code: 'network.unreachable', status: 0, message: 'The server cannot be reached.' });
}

/** Fills `:name` parts of the path and appends the query; undefined query fields are left out. */
export function addressOf(path: string, request: LooseRequest): string {
  const filled = path.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(String(request.params?.[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

async function errorOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('retry-after'));
  const retryAfterS = retryAfter > 0 ? retryAfter : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  const status = response.status;
  if (!isErrorBody(body)) {
    // A proxy answers for a server that is away: for people that is the same as no answer.
    const code = status >= 502 && status <= 504 ? 'network.unreachable' : 'server.error';
    return new ApiError({ code, status, message: response.statusText, retryAfterS });
  }
  return new ApiError({
    code: body.code,
    status,
    message: body.message,
    details: body.details ?? [],
    errorId: body.errorId,
    retryAfterS,
  });
}

function isErrorBody(
  body: unknown,
): body is { code: string; message: string; details?: readonly FieldError[]; errorId?: string } {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    'message' in body &&
    typeof body.message === 'string'
  );
}

export const API_KEY: InjectionKey<ApiClient> = Symbol('api');

/** The API client of this app; only inside setup functions and stores. */
export function useApi(): ApiClient {
  const api = inject(API_KEY);
  if (api === undefined) throw new Error('no API client was provided');
  return api;
}
