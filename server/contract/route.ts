import type { Static, TObject, TSchema } from 'typebox';
import type { RouteAccess } from './permissions.ts';

/**
 * One HTTP route as a flat value: it validates requests, documents them and types the client.
 * `params` and `query` arrive as text and are converted to the schema's types; bodies are never converted,
 * and an unknown body field is an error.
 */
export interface RouteContract<
  Params extends TObject = TObject,
  Query extends TObject = TObject,
  Body extends TSchema = TSchema,
  Response extends TSchema = TSchema,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify syntax: `/api/meters/:meterId`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly tag: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly response: Response;
  /** Status of a good answer; 200 by default. */
  readonly status?: 200 | 201 | 202 | 204;
}

/** Keeps the exact types of a contract value. */
export function route<
  Params extends TObject = TObject<{}>,
  Query extends TObject = TObject<{}>,
  Body extends TSchema = TSchema,
  Response extends TSchema = TSchema,
>(contract: RouteContract<Params, Query, Body, Response>): RouteContract<Params, Query, Body, Response> {
  return contract;
}

export type AnyRoute = RouteContract<any, any, any, any>;
export type ParamsOf<R> = R extends RouteContract<infer P, any, any, any> ? Static<P> : never;
export type QueryOf<R> = R extends RouteContract<any, infer Q, any, any> ? Static<Q> : never;
export type BodyOf<R> = R extends RouteContract<any, any, infer B, any> ? Static<B> : never;
export type ResponseOf<R> = R extends RouteContract<any, any, any, infer S> ? Static<S> : never;
