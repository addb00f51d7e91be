import { type Static, type TSchema, Type } from 'typebox';

/** Small whole numbers identify rows; they are stable and travel compactly on the live feed. */
export const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

/** Version of a row as it was read; a change names it, so that nobody overwrites what they have not seen. */
export const Version = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });

/** Money: minor units (0.01 of the property's currency) as decimal text, since JSON numbers are not exact. */
export const MinorUnits = Type.String({
  pattern: '^-?(0|[1-9][0-9]{0,17})$',
  description: 'minor units, e.g. "-1240" = −12.40',
});

/** An instant, ISO 8601 in UTC. */
export const Instant = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?Z$',
  description: 'ISO 8601, UTC',
});

/** A name in one or both languages of the screens; at least one must be given. */
export const Names = Type.Object(
  {
    zh: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    en: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type Names = Static<typeof Names>;

/** A page of a list: pass `nextCursor` back as `cursor`; absent on the last page. */
export const page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Optional(Type.String()) });

/** Query fields of every paged list. */
export const pageQuery = {
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
};

export const Empty = Type.Object({}, { additionalProperties: false });

/** Bodies take no field that they do not know. */
export const closed = { additionalProperties: false } as const;

/** A field of a change: left out = as it was, null = taken away. */
export const orNothing = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

/** A key that the client makes; the same one again gets the same answer. */
export const RequestId = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'a UUID made by the client, the same for every repetition of the request',
});

/** How money changes hands. */
export const PAY_METHODS = ['cash', 'wechat', 'alipay', 'bankCard', 'transfer'] as const;
export const PaymentMethod = Type.Enum([...PAY_METHODS]);
export type PaymentMethod = (typeof PAY_METHODS)[number];
