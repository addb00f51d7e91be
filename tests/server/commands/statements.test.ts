import { afterAll, beforeAll, expect, test } from 'vitest';
import * as batchStore from '#server/modules/commands/batchStore.ts';
import { NO_CAPABILITIES } from '#server/modules/commands/capabilities.ts';
import * as capabilityStore from '#server/modules/commands/capabilityStore.ts';
import type { CommandRow } from '#server/modules/commands/rows.ts';
import * as store from '#server/modules/commands/store.ts';
import * as wishStore from '#server/modules/commands/wishStore.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { prepareAll } from '../../support/statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = new Date(0);
const id = '00000000-0000-4000-8000-000000000000';
const everything = { all: true, propertyIds: [], buildingIds: [] };
const somewhere = { all: false, propertyIds: [1], buildingIds: [2] };
const row: CommandRow = {
  ...{ id, number: 1n, batch_id: null, property_id: 1, building_id: null, meter_id: 1, line_id: 1, kind: 'trip' },
  ...{ command_order: { kind: 'trip' }, reason: 'x', state: 'verified', why: [], detail: null },
  ...{ relay_mode: 'forcedOpen', attempts: 1, reads: 1, failed_reads: 0, unreached: 0, given_by: null },
  ...{ given_name: 'x', rule: null, given_at: at, due_at: at, expires_at: at, approve_before: null },
  ...{ decided_name: null, decided_at: null, sent_at: null, finished_at: null },
};

test('every statement of commands fits the schema', async () => {
  const giving: store.Giving = {
    ...{ batchId: undefined, propertyId: 1, kind: 'trip', order: { kind: 'trip' }, reason: 'x', urgency: 1 },
    ...{ givenBy: undefined, givenName: 'x', rule: undefined, at, expiresAt: at, approveBefore: undefined },
  };
  const fresh = {
    id,
    meterId: 1,
    buildingId: undefined,
    lineId: 1,
    state: 'queued',
    why: [],
    detail: undefined,
    weighed: undefined,
  } as const;
  const filter = { propertyId: 1, meterId: 1, batchId: id, kind: 'trip', state: 'queued' } as const;
  const counts = await prepareAll(database.db, store, {
    insertCommands: [giving, [fresh]],
    selectCommand: [id],
    lockCommand: [id],
    selectCommands: [somewhere, filter, 5, 10],
    releaseCommands: [[id], { by: 1, name: 'x', at, expiresAt: at }],
    stopCommands: [{ batchId: id }, ['queued'], 'stoppedByPerson', at],
    sendNoMore: [{ batchId: id }, at],
    stopSuperseded: [[id], at],
    selectHungryLines: [at],
    claimQueued: [[{ lineId: 1, places: 1 }], [1], at],
    claimUnread: [1, at, at],
    hastenUnread: [[1], at],
    changeCommands: [[row], [{ id, state: 'verified', why: [] }]],
    selectNewerRelay: [[{ id }]],
    distrustUnderWay: [at],
    selectMoving: [],
    selectFailedDownloads: [at],
  });
  expect(Object.values(counts)).not.toContain(0);
});

test('every statement of batches, wishes, protection and capabilities fits the schema', async () => {
  const batch: batchStore.NewBatch = {
    ...{ id, propertyId: 1, buildingId: undefined, kind: 'trip', order: { kind: 'trip' }, reason: 'x', meterIds: [1] },
    ...{ approveBefore: undefined, retryOf: undefined, givenBy: 1, givenName: 'x', at },
  };
  const batches = await prepareAll(database.db, batchStore, {
    insertBatch: [batch],
    selectBatch: [id],
    selectBatchMeters: [id],
    lockBatch: [id],
    selectBatches: [everything, { propertyId: 1, waiting: true }, 5, 10],
    countStates: [[id]],
    decideBatchRow: [id, { approval: 'agreed', by: 1, name: 'x', reason: undefined, at }],
    stopBatchRow: [id, { by: 1, name: 'x', at }],
    selectUnapproved: [at],
    selectMetersInStates: [id, ['failed']],
  });
  const protection = {
    ...{ id, meterId: 1, propertyId: 1, buildingId: undefined, reason: 'x', at, until: undefined },
    ...{ givenBy: 1, givenName: 'x' },
  };
  const wishes = await prepareAll(database.db, wishStore, {
    selectWishes: [],
    wish: [[row], at],
    selectOpenBy: [[1], [id]],
    forgetWishes: [[1]],
    beginProtections: [[protection]],
    endProtections: [[1], { at, by: 1, name: 'x' }],
    selectProtections: [[1]],
    listProtectionRows: [somewhere, 1],
  });
  const capabilities = await prepareAll(database.db, capabilityStore, {
    selectCapabilities: [],
    putCapabilityRow: [
      {
        ...{ modelId: 'x', firmware: 'x', simulated: false, capabilities: NO_CAPABILITIES, note: undefined },
        ...{ at, by: 1, name: 'x' },
      },
    ],
  });
  for (const counts of [batches, wishes, capabilities]) expect(Object.values(counts)).not.toContain(0);
});
