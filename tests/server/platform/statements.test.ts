import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as kioskStore from '#server/modules/access/kioskStore.ts';
import * as accessStore from '#server/modules/access/store.ts';
import * as plantStore from '#server/modules/estate/plantStore.ts';
import * as estateStore from '#server/modules/estate/store.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { prepareAll } from '../../support/statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = new Date(0);
const names = { en: 'x' };

test('every statement of access fits the schema', async () => {
  const uuid = '00000000-0000-4000-8000-000000000000';
  const counts = await prepareAll(database.db, accessStore, {
    upsertBuiltInRole: ['viewer', ['wall.view']],
    selectRolePermissions: ['viewer'],
    lockUsers: [],
    selectCredentials: ['li'],
    selectUser: [1],
    selectUserByName: ['li'],
    selectUsers: [0, 10],
    countUsersWithoutDemo: [],
    countAdministrators: [],
    insertUser: [{ name: 'li', displayName: 'Li', passwordHash: 'x', demo: false, kiosk: false }],
    updateUserRow: [1, { displayName: null, passwordHash: null, disabled: null }],
    replaceGrants: [1, []],
    disableDemoUsers: [],
    insertSession: [{ tokenHash: Buffer.alloc(32), userId: 1, at, ip: '::1' }],
    selectSession: [Buffer.alloc(32)],
    selectSessionTimes: [uuid],
    touchSession: [uuid, at],
    deleteSession: [uuid],
    deleteSessionsOfUser: [1, null],
    pruneSessions: [1, at, at, 5],
    insertAudit: [
      {
        userId: null,
        userName: null,
        ip: null,
        action: 'a',
        subjectKind: 'b',
        subjectId: null,
        propertyId: null,
        before: null,
        after: null,
      },
    ],
    selectAudit: [{ propertyIds: null, propertyId: null, subjectKind: null, subjectId: null, beforeId: null, rows: 1 }],
  });
  expect(Object.values(counts)).not.toContain(0);
});

test('every statement of kiosk links fits the schema', async () => {
  const link = { tokenHash: Buffer.alloc(32), userId: 1, name: 'x', madeBy: 'li', madeAt: at };
  const counts = await prepareAll(database.db, kioskStore, {
    selectKioskLinks: [null, 10],
    selectKioskLink: [1],
    lockKioskLink: [1],
    selectKioskLinkByToken: [Buffer.alloc(32)],
    insertKioskLink: [{ ...link, tour: { dwellS: 1, alarmS: 1, touchS: 5 } }],
    markOpened: [1, at],
    markRevoked: [1, 'li', at],
  });
  expect(Object.values(counts)).not.toContain(0);
});

test('every statement of the estate fits the schema', async () => {
  const place = { names, position: 1, shape: undefined, timeZone: undefined, currency: undefined, polling: undefined };
  const gateway = { code: 'x', names, placeId: undefined, polling: undefined, enabled: true };
  const serial = { baud: 9600, parity: 'none', stopBits: 1 } as const;
  const line = {
    name: 'x',
    transport: { kind: 'serial', path: '/dev/ttyS0' },
    serial,
    responseTimeoutMs: 1,
    turnaroundMs: 0,
  } as const;
  const meter = {
    propertyId: 1,
    lineId: 1,
    placeId: 1,
    modelId: 'x',
    unitAddress: 1,
    meterNumber: 'x',
    role: 'tenant',
    overloadLimitW: undefined,
  } as const;
  const counts = await prepareAll(database.db, estateStore, {
    selectPlaces: [],
    selectGateways: [],
    selectLines: [],
    selectMeters: [],
    insertPlace: [{ ...place, kind: 'property', parentId: undefined, propertyId: undefined }],
    updatePlaceRow: [1, place],
    deletePlaceRow: [1],
    insertGateway: [1, gateway],
    updateGatewayRow: [1, 1, gateway],
    deleteGatewayRow: [1],
    insertLine: [1, line],
    updateLineRow: [1, line],
    deleteLineRow: [1],
    insertMeter: [meter],
    updateMeterRow: [1, 1, meter],
    lockMeterRows: [[1]],
    removeMeters: [[1]],
  });
  expect(Object.values(counts)).not.toContain(0);
});

test('every statement of the plant’s import fits the schema', async () => {
  const counts = await prepareAll(database.db, plantStore, {
    addPlantProperties: [[]],
    addPlantPlaces: ['room', []],
    addPlantGateways: [[]],
    putPlantLines: [[]],
    putPlantMeters: [[]],
    removePlantRemains: [{ gateways: [], lines: [], placeKeys: [] }],
    selectPlantGatewayIds: [],
  });
  expect(Object.values(counts)).not.toContain(0);
});

test('a statement that does not fit is found and named', async () => {
  const store = { wrong: estateStore.selectPlaces };
  await database.owner.query(sql`alter table place rename column names to name`);
  await expect(prepareAll(database.db, store, { wrong: [] })).rejects.toThrow(/^wrong: column "names" does not exist/);
});
