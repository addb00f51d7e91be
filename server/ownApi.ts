import type { AnyRoute, BodyOf, ErrorBody, ParamsOf, QueryOf, ResponseOf } from '#contract/index.ts';
import { signIn, signOut } from '#contract/index.ts';
import type { Http } from './platform/http/index.ts';

/** What a route wants; parts that its contract does not name may be left out. */
export interface OwnRequest<R extends AnyRoute> {
  readonly params?: ParamsOf<R>;
  readonly query?: Partial<QueryOf<R>>;
  readonly body?: BodyOf<R>;
}

/** An answer that is not 2xx. */
export class OwnApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, { code, message }: Pick<ErrorBody, 'code' | 'message'>) {
    super(message);
    this.name = 'OwnApiError';
    this.status = status;
    this.code = code;
  }
}

/** A user of this program's own API, without a socket. */
export interface OwnApi {
  /** Calls a route by its contract: rights, checks and audit as for everybody. Throws `OwnApiError` on any answer but 2xx. */
  call<R extends AnyRoute>(route: R, request?: OwnRequest<R>): Promise<ResponseOf<R>>;
  signOut(): Promise<void>;
}

/** Signs in as a user. Throws `OwnApiError` where that user may not. */
export async function openOwnApi(app: Http['app'], user: string, password: string): Promise<OwnApi> {
  const session = await send(app, signIn, { body: { user, password } }, '');
  const cookie = session.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  return {
    async call<R extends AnyRoute>(route: R, request: OwnRequest<R> = {}): Promise<ResponseOf<R>> {
      const answer = await send(app, route, request, cookie);
      return (answer.statusCode === 204 ? {} : answer.json()) as ResponseOf<R>;
    },
    signOut: async () => void (await send(app, signOut, {}, cookie)),
  };
}

async function send<R extends AnyRoute>(app: Http['app'], route: R, request: OwnRequest<R>, cookie: string) {
  const params: Record<string, unknown> = { ...request.params };
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const answer = await app.inject({
    method: route.method,
    url: path,
    query: textsOf({ ...request.query }),
    headers: { cookie, ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(request.body === undefined ? {} : { payload: JSON.stringify(request.body) }),
  });
  if (answer.statusCode < 300) return answer;
  throw new OwnApiError(answer.statusCode, answer.json());
}

function textsOf(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}
