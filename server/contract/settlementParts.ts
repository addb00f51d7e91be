import { Type } from 'typebox';
import { Names } from './common.ts';

/** Ids of rows that grow without end, as decimal text. */
export const RowId = Type.String({ pattern: '^[1-9][0-9]{0,17}$', description: 'id of a row, decimal text' });
export const EnergyWh = Type.String({ description: 'Wh (or litres) on the primary side, decimal text' });
export const Month = Type.String({ pattern: '^\\d{4}-\\d{2}$', description: 'month of the property, 2026-11' });
export const Reason = Type.String({ minLength: 3, maxLength: 300, pattern: '\\S' });
export const Price = Type.String({ description: 'per kWh or m³, eight decimals' });

export const Medium = Type.Union([Type.Literal('electricity'), Type.Literal('water')]);

/** What is called how now: a meter that is gone has no room, a row of an account that is gone no customer. */
export const subject = {
  meterNumber: Type.Optional(Type.String()),
  room: Type.Optional(Names),
  customerName: Type.Optional(Type.String()),
};
