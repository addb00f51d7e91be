import { afterAll, beforeAll, expect, test } from 'vitest';
import * as caseStore from '#server/modules/accounts/caseStore.ts';
import * as customerStore from '#server/modules/accounts/customerStore.ts';
import * as lastKnownStore from '#server/modules/accounts/lastKnownStore.ts';
import * as policyStore from '#server/modules/accounts/policyStore.ts';
import * as accountStore from '#server/modules/accounts/store.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { prepareAll } from '../../support/statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = new Date(0);
const uuid = '00000000-0000-4000-8000-000000000000';
const hash = Buffer.alloc(32);
const rules = {
  custody: 'meter',
  deduction: 'realTime',
  ...{ tariffId: 1, alarm1Minor: 2n, alarm2Minor: 1n, cutLineMinor: 0n },
  ...{ hoardingLimitMinor: undefined, overloadLimitW: undefined },
} as const;

test('every statement of accounts fits the schema', async () => {
  const epoch = { accountId: 1, meterId: 1, fromAt: at, ctRatio: 1, ptRatio: 1, registers: { energyWh: '1' } };
  const accounts = await prepareAll(database.db, accountStore, {
    selectAccounts: [],
    selectRunningEpochs: [],
    selectAccount: [1],
    lockAccountRow: [1],
    selectEpochs: [1],
    selectHeldMeters: [[1]],
    insertAccount: [{ ...rules, propertyId: 1, customerId: 1, openedAt: at }],
    updateAccountRow: [1, { ...rules, state: 'open', closedAt: undefined }],
    replacePlaces: [1, [1]],
    insertEpoch: [{ ...epoch, quality: 'measured', balanceMinor: 1n, count: 1 }],
    endEpoch: [1, 1, { at, registers: { energyWh: '1' }, quality: 'measured' }],
  });
  const cases = await prepareAll(database.db, caseStore, {
    insertCase: [
      {
        ...{ id: uuid, propertyId: 1, accountId: 1, kind: 'closing', state: 'running', step: 'settle', input: {} },
        ...{ inputHash: hash, facts: {}, reason: 'x', userId: 1, userName: 'x', at },
      },
    ],
    selectCase: [uuid],
    hasOpenCase: [1],
    selectOpenCases: [],
    selectCases: [1, undefined, 10],
    updateCase: [
      uuid,
      1,
      { state: 'running', step: 'payOut', facts: {}, waiting: undefined, approved: { userId: 2, name: 'y' }, at },
    ],
  });
  const names = { name: 'x', phone: undefined, note: undefined, initials: 'x' };
  const customers = await prepareAll(database.db, customerStore, {
    selectCustomers: [],
    insertCustomer: [{ ...names, requestId: uuid, requestHash: hash, propertyId: 1 }],
    selectCustomerByRequest: [uuid],
    updateCustomerRow: [1, 1, names],
  });
  const policies = await prepareAll(database.db, policyStore, { selectPolicies: [], upsertPolicy: [1, {}] });
  const known = await prepareAll(database.db, lastKnownStore, { selectLastDelivered: [1] });
  expect(Object.values({ ...accounts, ...cases, ...customers, ...policies, ...known })).not.toContain(0);
});
