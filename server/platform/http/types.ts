import type { AnyRoute, BodyOf, ErrorCode, ParamsOf, Permission, QueryOf, ResponseOf } from '#contract/index.ts';

/** Where a permission holds. `all` = the whole group; else the listed properties, and single buildings of others. */
export interface Scope {
  readonly all: boolean;
  readonly propertyIds: readonly number[];
  readonly buildingIds: readonly number[];
}

/** Who asks. Made by access from the cookie; passed to every use case that must not see everything. */
export interface Actor {
  readonly userId: number;
  readonly user: string;
  readonly displayName: string;
  readonly sessionId: string;
  readonly ip: string;
  /** The part of the estate where this actor holds `permission`; empty when nowhere. */
  scope(permission: Permission): Scope;
}

/** What a handler gets. `actor` is undefined on public routes only. */
export interface Call<R extends AnyRoute> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  readonly actor: R['access'] extends 'public' ? Actor | undefined : Actor;
  readonly ip: string;
  setCookie(name: string, value: string, maxAgeS: number): void;
}

/** A file as its bytes come; nothing is read before it is wanted. */
export interface FileAnswer {
  /** As people shall find it among their downloads, with its ending. */
  readonly name: string;
  readonly chunks: AsyncIterable<Buffer>;
}

/** What a handler answers: the contract's response, or a file where the contract says so. */
export type AnswerOf<R extends AnyRoute> = R extends { readonly file: 'xlsx' } ? FileAnswer : ResponseOf<R>;

/** `server.add(contract, handler)`: the only way a route comes into being, so that none forgets its permission. */
export interface RouteServer {
  add<R extends AnyRoute>(contract: R, handler: (call: Call<R>) => Promise<AnswerOf<R>> | AnswerOf<R>): void;
  /**
   * What the route of a contract would answer this actor, its permission checked: for whoever serves the same list in
   * another form. `request` must have passed a contract. Throws what the route throws.
   */
  ask<R extends AnyRoute>(contract: R, actor: Actor, request: AskedOf<R>): Promise<AnswerOf<R>>;
}

/** The parts of a request that a contract speaks of; those that it does not name may be left out. */
export interface AskedOf<R extends AnyRoute> {
  readonly params?: ParamsOf<R>;
  readonly query?: QueryOf<R>;
  readonly body?: BodyOf<R>;
}

/** An expected refusal. The HTTP layer turns it into `{code, message, details}` with the code's status. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly { field: string; message: string }[] | undefined;
  /** Seconds after which the same request may be tried again; sent as Retry-After. */
  readonly retryAfterS: number | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    details?: readonly { field: string; message: string }[],
    retryAfterS?: number,
  ) {
    super(message);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
    this.retryAfterS = retryAfterS;
  }
}
