import { type Static, Type } from 'typebox';
import { COMMAND_STATES, COMMAND_WHYS } from './commands.ts';
import { Id, Instant, MinorUnits, page, pageQuery, RequestId } from './common.ts';
import { route } from './route.ts';
import { VendBatch } from './vendSheets.ts';

/** Where each meter of a batch stands, as columns of equal length in the order in which they were given. */
export const BatchMeters = Type.Object({
  batchId: RequestId,
  meterId: Type.Array(Id),
  state: Type.Array(Type.Enum([...COMMAND_STATES])),
  why: Type.Array(Type.Array(Type.Enum([...COMMAND_WHYS]))),
  /** One English sentence where there is more to say; empty where there is not. */
  detail: Type.Array(Type.String()),
  finishedAt: Type.Array(Type.Union([Instant, Type.Null()])),
});
export type BatchMeters = Static<typeof BatchMeters>;
export const getBatchMeters = route({
  method: 'GET',
  path: '/api/command-batches/:batchId/meters',
  access: 'meter.view',
  tag: 'commands',
  summary: 'Every meter of a batch with the state of its command; live changes follow as `command`',
  params: Type.Object({ batchId: RequestId }),
  response: BatchMeters,
});

/** A sheet of refunds or makeups without its rows. */
export const VendBatchSummary = Type.Object({
  batchId: VendBatch.properties.batchId,
  propertyId: Id,
  kind: VendBatch.properties.kind,
  state: VendBatch.properties.state,
  reason: Type.String(),
  givenBy: Type.String(),
  givenById: Id,
  givenAt: Instant,
  decidedBy: Type.Optional(Type.String()),
  total: Type.Integer(),
  accepted: Type.Integer(),
  refused: Type.Integer(),
  acceptedMinor: MinorUnits,
});
export type VendBatchSummary = Static<typeof VendBatchSummary>;
export const listVendBatches = route({
  method: 'GET',
  path: '/api/vend-batches',
  access: 'account.view',
  tag: 'vending',
  summary: 'Sheets of refunds and makeups, newest first',
  query: Type.Object({
    propertyId: Type.Optional(Id),
    /** Only those that wait for a second person. */
    waiting: Type.Optional(Type.Boolean()),
    ...pageQuery,
  }),
  response: page(VendBatchSummary),
});
