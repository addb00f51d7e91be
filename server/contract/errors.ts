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
  'request.key-reused': 409,
  'place.wrong-parent': 409,
  'line.address-taken': 409,
  'account.meter-taken': 409,
  'account.wrong-state': 409,
  'account.busy': 409,
  'account.custody-refused': 409,
  'account.no-price': 409,
  'approval.same-person': 409,
  'command.not-supported': 409,
  'command.not-waiting': 409,
  'command.nothing-to-retry': 409,
  'meter.not-answering': 504,
  'meter.line-stopped': 503,
  'tariff.too-late': 409,
  'vend.no-account': 409,
  'vend.account-not-open': 409,
  'vend.amount-out-of-range': 409,
  'vend.hoarding': 409,
  'vend.meter-cannot': 409,
  'vend.meter-unproven': 409,
  'vend.replacement-running': 409,
  'vend.not-open': 409,
  'vend.needs-other-person': 409,
  'vend.not-confirmed': 409,
  'vend.evidence-missing': 409,
  'refund.exceeds-balance': 409,
  'refund.exceeds-purchases': 409,
  'refund.not-possible': 409,
  'reversal.exceeds-balance': 409,
  'reversal.already': 409,
  'reversal.of-reversal': 409,
  'reversal.not-same-day': 409,
  'ledger.limit': 409,
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
