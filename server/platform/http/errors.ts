import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES, type ErrorBody, type ErrorCode } from '#contract/index.ts';
import type { Log } from '../log.ts';
import { TelemetryAwayError } from '../telemetry/awayError.ts';
import { AppError } from './types.ts';

/** Said of every address that is none. */
export const NOTHING_THERE = 'There is nothing at this address.';

interface Answer {
  readonly status: number;
  readonly body: ErrorBody;
}

/** The one place where a thrown thing becomes an answer. Unknown things say nothing but an id that is in the log. */
export function errorHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { status, body } = toAnswer(error);
    if (body.errorId !== undefined) {
      const route = `${request.method} ${request.routeOptions.url ?? request.url}`;
      log.error('request failed', { errorId: body.errorId, route, error });
    }
    if (error instanceof AppError && error.retryAfterS !== undefined) {
      void reply.header('retry-after', Math.ceil(error.retryAfterS));
    }
    void reply.code(status).send(body);
  };
}

/** Sends a refusal without throwing. */
export function refuse(reply: FastifyReply, code: ErrorCode, message: string): FastifyReply {
  return reply.code(ERROR_CODES[code]).send({ code, message } satisfies ErrorBody);
}

function toAnswer(error: unknown): Answer {
  if (error instanceof AppError) {
    const details = error.details === undefined ? {} : { details: [...error.details] };
    const errorId = ERROR_CODES[error.code] === 500 ? { errorId: randomUUID() } : {};
    return answer(error.code, error.message, { ...details, ...errorId });
  }
  const { code, statusCode } = facts(error);
  // Names that no file can have (NUL, a way out of the folder) are refused by whoever serves files.
  if (statusCode === 403) return answer('not-found', NOTHING_THERE);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return answer('request.too-large', 'The body is too large: send less at a time.');
  if (statusCode === 429) return answer('request.too-many', 'Too many requests from this address: wait a moment.');
  if (statusCode === 415 || statusCode === 400) {
    return answer('request.not-json', 'The body is not valid JSON: send JSON with content-type application/json.');
  }
  if (error instanceof TelemetryAwayError) return answer('telemetry.away', error.message);
  if (error instanceof Error && error.message === 'timeout exceeded when trying to connect') {
    return answer('server.busy', 'The server has too much to do: try again in a moment.', { errorId: randomUUID() });
  }
  return answer('server.error', 'Something went wrong here; the error id finds it in the log.', {
    errorId: randomUUID(),
  });
}

function answer(code: ErrorCode, message: string, more: Omit<ErrorBody, 'code' | 'message'> = {}): Answer {
  return { status: ERROR_CODES[code], body: { code, message, ...more } };
}

/** Fastify's own errors carry a code and a status. */
function facts(error: unknown): { readonly code: unknown; readonly statusCode: unknown } {
  if (!(error instanceof Error)) return { code: undefined, statusCode: undefined };
  return { code: Reflect.get(error, 'code'), statusCode: Reflect.get(error, 'statusCode') };
}
