import { type Static, type TObject, type TProperties, type TSchema, type TString, Type } from 'typebox';
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
  /** The good answer is a file of this kind, streamed; errors before its first byte are JSON as everywhere. */
  readonly file?: 'xlsx';
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

/** MIME types of the files that routes answer. */
export const FILE_TYPES = { xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' } as const;

/** Every route that answers a file takes the language of its words. */
export const fileQuery = {
  lang: Type.Optional(Type.Enum(['zh', 'en'] as const, { default: 'zh' })),
};

/** The query of a list without its pages, since a file holds all of it, and with what files want. */
export function filterOf<Properties extends TProperties>(list: RouteContract<any, TObject<Properties>, any, any>) {
  const paging: readonly string[] = ['cursor', 'limit'];
  const filter = Object.entries(list.query?.properties ?? {}).filter(([name]) => !paging.includes(name));
  // The rest of the same properties; a list of entries forgets their names.
  return Type.Object({ ...(Object.fromEntries(filter) as Omit<Properties, 'cursor' | 'limit'>), ...fileQuery });
}

/** A route whose good answer is a workbook; the client saves it by `useApi().download`. */
export type FileRoute<
  Params extends TObject = TObject,
  Query extends TObject = TObject,
  Body extends TSchema = TSchema,
> = RouteContract<Params, Query, Body, TString> & { readonly file: 'xlsx' };

/** Keeps the exact types of the contract of a file; `fileQuery` belongs into its query. */
export function fileRoute<
  Params extends TObject = TObject<{}>,
  Query extends TObject = TObject<{}>,
  Body extends TSchema = TSchema,
>(contract: Omit<FileRoute<Params, Query, Body>, 'response' | 'status' | 'file'>): FileRoute<Params, Query, Body> {
  return { ...contract, file: 'xlsx', response: Type.String({ format: 'binary' }) };
}

export type AnyRoute = RouteContract<any, any, any, any>;
export type ParamsOf<R> = R extends RouteContract<infer P, any, any, any> ? Static<P> : never;
export type QueryOf<R> = R extends RouteContract<any, infer Q, any, any> ? Static<Q> : never;
export type BodyOf<R> = R extends RouteContract<any, any, infer B, any> ? Static<B> : never;
export type ResponseOf<R> = R extends RouteContract<any, any, any, infer S> ? Static<S> : never;
