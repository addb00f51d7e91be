import { type Static, Type } from 'typebox';

/** Every code that an answer may carry, with its HTTP status. Texts for people live in the client's catalogue. */
export const ERROR_CODES = {
  'request.invalid': 400,
  'request.not-json': 400,
  'request.wrong-method': 405,
  'request.wrong-origin': 403,
  'session.required': 401,
  'session.wrong-credentials': 401,
  'session.too-many-attempts': 429,
  'permission.missing': 403,
  'not-found': 404,
  'conflict.duplicate': 409,
  'conflict.in-use': 409,
  'conflict.changed-meanwhile': 409,
  'access.last-administrator': 409,
  'place.wrong-parent': 409,
  'line.address-taken': 409,
  'meter.not-answering': 504,
  'meter.line-stopped': 503,
  'request.too-large': 413,
  'request.too-many': 429,
  'telemetry.away': 503,
  'server.busy': 503,
  'server.error': 500,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Body of every answer that is not 2xx. `details` names the fields at fault. */
export const ErrorBody = Type.Object({
  code: Type.String(),
  message: Type.String({ description: 'One English sentence: what happened and what to do.' }),
  details: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  /** Only on 5xx: find it in the log. */
  errorId: Type.Optional(Type.String()),
});
export type ErrorBody = Static<typeof ErrorBody>;
