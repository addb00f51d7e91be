import { type Static, Type } from 'typebox';
import { closed, Instant } from './common.ts';
import { route } from './route.ts';

const tag = 'commands';

/** What a meter was found to do with money, see drivers/core. */
export const Capabilities = Type.Object(
  {
    seqChecked: Type.Boolean(),
    dupReported: Type.Boolean(),
    readRecord: Type.Boolean(),
    readCumulative: Type.Boolean(),
    readBalance: Type.Boolean(),
    zeroPurchase: Type.Boolean(),
    refundCommand: Type.Boolean(),
    setAbsolute: Type.Boolean(),
    secondTariffSet: Type.Boolean(),
  },
  closed,
);
const CapabilityFields = {
  modelId: Type.String({ minLength: 1, maxLength: 60 }),
  /** As the meter or its maker tells it; `any` where nobody knows. */
  firmware: Type.String({ minLength: 1, maxLength: 60 }),
  simulated: Type.Boolean(),
  capabilities: Capabilities,
  note: Type.Optional(Type.String({ maxLength: 2_000 })),
};
export const MeterCapability = Type.Object({ ...CapabilityFields, foundAt: Instant, foundBy: Type.String() });
export type MeterCapability = Static<typeof MeterCapability>;
export const listCapabilities = route({
  method: 'GET',
  path: '/api/meter-capabilities',
  access: 'meter.view',
  tag,
  summary: 'What models were found to do with money; a model that is not listed is trusted with nothing',
  response: Type.Object({ items: Type.Array(MeterCapability) }),
});
export const putCapability = route({
  method: 'PUT',
  path: '/api/meter-capabilities',
  access: 'money.settings',
  tag,
  summary: 'Record what a bench test found of a model and firmware; for those whose right covers the whole group',
  body: Type.Object(CapabilityFields, closed),
  response: MeterCapability,
});
