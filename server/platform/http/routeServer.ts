import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AnyRoute, BodyOf, ParamsOf, QueryOf } from '#contract/index.ts';
import { createFileSender, type FileSenderDeps } from './files.ts';
import { sendKept } from './keptAnswers.ts';
import { scopeIsEmpty } from './scope.ts';
import {
  type Actor,
  type AnswerOf,
  AppError,
  type AskedOf,
  type Call,
  type FileAnswer,
  type RouteServer,
} from './types.ts';
import { compileRoute, type RawRequest } from './validation.ts';

/** Name of the session cookie. */
export const SESSION_COOKIE = 'mw_session';

/** The session token in a raw Cookie header (RFC 6265, 4.2.1); tokens are base64url, never quoted. */
export function sessionCookie(cookieHeader: string | undefined): string | undefined {
  const pairs = cookieHeader?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1);
}

export interface RouteServerOptions extends FileSenderDeps {
  readonly authenticate: (token: string, ip: string) => Promise<Actor | undefined>;
  readonly publicOrigin: string | undefined;
  readonly checkResponses: boolean;
}

type Handler = (call: Call<AnyRoute>) => Promise<unknown>;

function noCookie(): void {
  throw new Error('a route that is asked from inside sets no cookie');
}

/**
 * Routes by contract: session and permission first, so that a stranger learns nothing from validation; then the
 * request's shape; then the handler. What a handler may show within the permission is its own question of scope.
 */
export function createRouteServer(app: FastifyInstance, seen: AnyRoute[], options: RouteServerOptions): RouteServer {
  const files = createFileSender(options);
  app.addHook('preClose', async () => files.stop());
  const handlers = new Map<AnyRoute, Handler>();
  return {
    async ask<R extends AnyRoute>(contract: R, actor: Actor, request: AskedOf<R>): Promise<AnswerOf<R>> {
      const handler = handlers.get(contract);
      if (handler === undefined) throw new Error(`nobody answers ${contract.method} ${contract.path}`);
      demand(contract, actor);
      const parts: AskedOf<AnyRoute> = request;
      const { params = {}, query = {}, body } = parts;
      return handler({ params, query, body, actor, ip: actor.ip, setCookie: noCookie }) as Promise<AnswerOf<R>>;
    },
    add(contract, handler) {
      seen.push(contract);
      // What is asked of it by its contract has the contract's types; a map of all contracts cannot say so.
      handlers.set(contract, async (call) => handler(call as Call<typeof contract>));
      const checks = compileRoute(contract);
      app.route({
        method: contract.method,
        url: contract.path,
        // Nobody makes a whole file to learn its name.
        exposeHeadRoute: contract.file === undefined,
        handler: async (request, reply) => {
          const actor = await actorOf(request, options);
          demand(contract, actor);
          const valid = checks.request({ params: request.params, query: request.query, body: request.body });
          const make = async () => handler(toCall(contract, valid, actor, request, reply, options));
          if (contract.file !== undefined) return files.send(reply, contract, async () => fileOf(await make()));
          const answer = await make();
          if (contract.status === 204) return reply.code(204).send();
          if (options.checkResponses) checks.response(answer);
          void reply.code(contract.status ?? 200);
          return (await sendKept(request, reply, answer)) ?? reply.send(answer);
        },
      });
    },
  };
}

async function actorOf(request: FastifyRequest, options: RouteServerOptions): Promise<Actor | undefined> {
  const token = request.cookies[SESSION_COOKIE];
  return token === undefined ? undefined : options.authenticate(token, request.ip);
}

function demand(contract: AnyRoute, actor: Actor | undefined): void {
  if (contract.access === 'public') return;
  if (actor === undefined) throw new AppError('session.required', 'There is no session: sign in.');
  if (contract.access === 'self') return;
  if (scopeIsEmpty(actor.scope(contract.access))) {
    throw new AppError('permission.missing', `This needs the permission ${contract.access}: ask an administrator.`);
  }
}

function toCall<R extends AnyRoute>(
  _contract: R,
  valid: RawRequest,
  actor: Actor | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  options: RouteServerOptions,
): Call<R> {
  return {
    // The checks above made these what the contract says; the compiler cannot follow a runtime schema.
    params: valid.params as ParamsOf<R>,
    query: valid.query as QueryOf<R>,
    body: valid.body as BodyOf<R>,
    actor: actor as Call<R>['actor'],
    ip: request.ip,
    setCookie(name, value, maxAgeS) {
      const secure = options.publicOrigin?.startsWith('https:') === true;
      void reply.setCookie(name, value, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge: maxAgeS });
    },
  };
}

function fileOf(answer: unknown): FileAnswer {
  if (typeof answer === 'object' && answer !== null && 'chunks' in answer) return answer as FileAnswer;
  throw new Error('a route of a file answered something else');
}
