import type { AnyRoute, BodyOf, ErrorBody, ParamsOf, QueryOf, ResponseOf, Session } from '#contract/index.ts';
import { signIn } from '#contract/index.ts';

/** What a route wants; parts that its contract does not name may be left out. */
export interface ApiRequest<R extends AnyRoute> {
  readonly params?: ParamsOf<R>;
  readonly query?: Partial<QueryOf<R>>;
  readonly body?: BodyOf<R>;
}

/** An answer that is not 2xx. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}: ${message}`);
    this.status = status;
    this.code = code;
  }
}

/** A signed-in user of the HTTP API. */
export interface Api {
  readonly session: Session;
  readonly cookie: string;
  /** Calls a route by its contract. Throws `ApiFailure` on any answer but 2xx. */
  call<R extends AnyRoute>(route: R, request?: ApiRequest<R>): Promise<ResponseOf<R>>;
}

/** Signs in at `url` and keeps the session's cookie. */
export async function signInTo(url: string, user: string, password: string): Promise<Api> {
  const response = await send(url, signIn, { body: { user, password } }, undefined);
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const session = (await response.json()) as Session;
  return {
    session,
    cookie,
    async call<R extends AnyRoute>(route: R, request: ApiRequest<R> = {}): Promise<ResponseOf<R>> {
      const answer = await send(url, route, request, cookie);
      return (answer.status === 204 ? {} : await answer.json()) as ResponseOf<R>;
    },
  };
}

async function send<R extends AnyRoute>(
  url: string,
  route: R,
  request: ApiRequest<R>,
  cookie: string | undefined,
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (cookie !== undefined) headers['cookie'] = cookie;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(new URL(pathOf(route, request), url), {
    method: route.method,
    headers,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  if (response.ok) return response;
  const { code = 'unknown', message = response.statusText } = (await response
    .json()
    .catch(() => ({}))) as Partial<ErrorBody>;
  throw new ApiFailure(response.status, code, `${route.method} ${route.path}: ${message}`);
}

function pathOf<R extends AnyRoute>(route: R, request: ApiRequest<R>): string {
  const params: Record<string, unknown> = { ...request.params };
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries<unknown>({ ...request.query })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
