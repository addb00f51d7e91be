import { type Static, Type } from 'typebox';
import { closed, Id, MinorUnits } from './common.ts';

/* What the routes of accounts share. */

export const tag = 'accounts';
export const params = Type.Object({ accountId: Id });

/** A register: Wh on the primary side, as decimal text. */
const EnergyWh = Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'Wh on the primary side' });
/** Every counter that the meter has, by its quantity. */
export const Registers = Type.Record(Type.String(), EnergyWh);
export const Reason = Type.String({ minLength: 3, maxLength: 300, pattern: '\\S' });

/** What two eyes read off a meter that does not answer. */
export const StatedRegisters = {
  energyWh: EnergyWh,
  energySharpWh: Type.Optional(EnergyWh),
  energyPeakWh: Type.Optional(EnergyWh),
  energyFlatWh: Type.Optional(EnergyWh),
  energyValleyWh: Type.Optional(EnergyWh),
  energyDeepValleyWh: Type.Optional(EnergyWh),
};
/** Registers said by hand where the meter does not answer. `balanceMinor`: what its display shows, where it holds money. */
export const StatedReading = Type.Object(
  { meterId: Id, ...StatedRegisters, balanceMinor: Type.Optional(MinorUnits), reason: Reason },
  closed,
);
export type StatedReading = Static<typeof StatedReading>;
export const stated = Type.Optional(Type.Array(StatedReading, { maxItems: 50 }));
