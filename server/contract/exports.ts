import { Type } from 'typebox';
import { listAlarms } from './alarms.ts';
import { listDoctorLines } from './busDoctor.ts';
import { BATCH_METERS_MAX, listBatches, listCommands, listProtections } from './commands.ts';
import { closed, Id, Instant, RequestId } from './common.ts';
import { listGateways } from './gateways.ts';
import { listKioskLinks } from './kiosk.ts';
import { listLedgerTxns } from './ledger.ts';
import { QuantityName } from './metering.ts';
import { listDeliveries } from './notifications.ts';
import { listReconciliationRows } from './reconciliation.ts';
import { fileQuery, fileRoute, filterOf } from './route.ts';
import { listAudit } from './session.ts';
import { listCharges, RowId } from './settlement.ts';
import { listTariffs } from './tariffs.ts';
import { listSales } from './vending.ts';

const tag = 'exports';
const MeterIds = Type.Array(Id, { minItems: 1, maxItems: BATCH_METERS_MAX, uniqueItems: true });

/** Readings of one file: two full sheets. */
export const EXPORT_READINGS_MAX = 2_000_000;

export const exportSales = fileRoute({
  method: 'GET',
  path: '/api/exports/sales',
  access: 'account.view',
  tag,
  summary: 'The list of sales as a workbook: exactly what the same filter shows on GET /api/sales',
  query: filterOf(listSales),
});

export const exportCharges = fileRoute({
  method: 'GET',
  path: '/api/exports/charges',
  access: 'account.view',
  tag,
  summary: 'Charges as a workbook: exactly what the same filter shows on GET /api/charges',
  query: filterOf(listCharges),
});

export const exportAlarms = fileRoute({
  method: 'GET',
  path: '/api/exports/alarms',
  access: 'alarm.view',
  tag,
  summary: 'The list of alarms as a workbook: exactly what the same filter shows on GET /api/alarms',
  query: filterOf(listAlarms),
});

export const exportCommands = fileRoute({
  method: 'GET',
  path: '/api/exports/commands',
  access: 'meter.view',
  tag,
  summary: 'Commands as a workbook: exactly what the same filter shows on GET /api/commands',
  query: filterOf(listCommands),
});

export const exportBatch = fileRoute({
  method: 'GET',
  path: '/api/exports/command-batches/:batchId',
  access: 'meter.view',
  tag,
  summary: 'What became of a batch, meter by meter, as a workbook',
  params: Type.Object({ batchId: RequestId }),
  query: Type.Object(fileQuery),
});

export const exportJobs = fileRoute({
  method: 'GET',
  path: '/api/exports/jobs',
  access: 'meter.view',
  tag,
  summary:
    'Batches of commands, sheets of money (for who may see accounts) and single commands that wait, newest first, as a workbook',
  query: filterOf(listBatches),
});

export const exportSheet = fileRoute({
  method: 'GET',
  path: '/api/exports/vend-batches/:batchId',
  access: 'account.view',
  tag,
  summary: 'What became of each row of a sheet of refunds or makeups, as a workbook',
  params: Type.Object({ batchId: RequestId }),
  query: Type.Object(fileQuery),
});

export const exportProtections = fileRoute({
  method: 'GET',
  path: '/api/exports/protections',
  access: 'meter.view',
  tag,
  summary: 'The protective list as a workbook',
  query: filterOf(listProtections),
});

export const exportLedger = fileRoute({
  method: 'GET',
  path: '/api/exports/ledger-transactions',
  access: 'ledger.view',
  tag,
  summary:
    'Postings as a workbook, a row for each entry: exactly what the same filter shows on GET /api/ledger/transactions',
  query: filterOf(listLedgerTxns),
});

export const exportDeliveries = fileRoute({
  method: 'GET',
  path: '/api/exports/deliveries',
  access: 'notify.settings',
  tag,
  summary:
    'The log of notifications as a workbook: exactly what the same filter shows on GET /api/notifications/deliveries',
  query: filterOf(listDeliveries),
});

export const exportGateways = fileRoute({
  method: 'GET',
  path: '/api/exports/gateways',
  access: 'line.view',
  tag,
  summary: 'Gateways as a workbook, a row for each line',
  query: filterOf(listGateways),
});

export const exportDoctorLines = fileRoute({
  method: 'GET',
  path: '/api/exports/doctor-lines',
  access: 'line.view',
  tag,
  summary: 'How every line did in the last hour, as a workbook: what the same filter shows on GET /api/doctor/lines',
  query: filterOf(listDoctorLines),
});

export const exportReconciliationRows = fileRoute({
  method: 'GET',
  path: '/api/exports/reconciliation-runs/:runId/rows',
  access: 'ledger.view',
  tag,
  summary: 'What did not match in a comparison of meters, books and payments, as a workbook',
  params: Type.Object({ runId: RowId }),
  query: filterOf(listReconciliationRows),
});

export const exportTariffs = fileRoute({
  method: 'GET',
  path: '/api/exports/tariffs',
  access: 'tariff.view',
  tag,
  summary: 'Tariffs as a workbook, a row for each price of each version',
  query: filterOf(listTariffs),
});

export const exportKioskLinks = fileRoute({
  method: 'GET',
  path: '/api/exports/kiosk-links',
  access: 'user.manage',
  tag,
  summary: 'Links that open a wall, as a workbook; never what opens them',
  query: filterOf(listKioskLinks),
});

export const exportAudit = fileRoute({
  method: 'GET',
  path: '/api/exports/audit',
  access: 'audit.view',
  tag,
  summary: 'Who did what, as a workbook: exactly what the same filter shows on GET /api/audit',
  query: filterOf(listAudit),
});

export const exportMeters = fileRoute({
  method: 'POST',
  path: '/api/exports/meters',
  access: 'meter.view',
  tag,
  summary: 'Meters of a property as they stand now, as a workbook in the order in which they are named',
  query: Type.Object(fileQuery),
  body: Type.Object(
    { propertyId: Id, meterIds: MeterIds, filter: Type.Optional(Type.String({ maxLength: 500 })) },
    closed,
  ),
});

/** Registers at each half hour, or at the end of each day; or the mean of live quantities per quarter hour, hour or day. */
export const READING_KINDS = ['halfHours', 'days', 'live15m', 'live1h', 'live1d'] as const;
export type ReadingKind = (typeof READING_KINDS)[number];

export const exportReadings = fileRoute({
  method: 'POST',
  path: '/api/exports/readings',
  access: 'meter.view',
  tag,
  summary:
    'Readings of meters of one property as a workbook: registers with quality and source, or live quantities; meters × instants at most 2,000,000',
  query: Type.Object(fileQuery),
  body: Type.Object(
    {
      propertyId: Id,
      meterIds: MeterIds,
      from: Instant,
      /** Exclusive. */
      to: Instant,
      what: Type.Enum([...READING_KINDS]),
      /** For live quantities. */
      quantities: Type.Optional(Type.Array(QuantityName, { minItems: 1, maxItems: 12, uniqueItems: true })),
      /** Columns of the period before of the same length, beside the same position of this one. */
      before: Type.Optional(Type.Boolean()),
      /** A tariff of the property: its periods stand beside the values. */
      tariffId: Type.Optional(Id),
    },
    closed,
  ),
});
