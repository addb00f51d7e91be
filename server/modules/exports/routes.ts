import {
  exportAlarms,
  exportAudit,
  exportBatch,
  exportCharges,
  exportCommands,
  exportDeliveries,
  exportDoctorLines,
  exportGateways,
  exportJobs,
  exportKioskLinks,
  exportLedger,
  exportMeters,
  exportProtections,
  exportReadings,
  exportReconciliationRows,
  exportSales,
  exportSheet,
  exportTariffs,
  getBatch,
  getReconciliationRun,
} from '#contract/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { AUDIT, KIOSK_LINKS } from './administration.ts';
import { ALARMS } from './alarms.ts';
import { CHARGES } from './charges.ts';
import { COMMANDS, PROTECTIONS } from './commands.ts';
import type { ExportsContext } from './context.ts';
import { DELIVERIES } from './deliveries.ts';
import { COMPARED_DAY, DIFFERENCES } from './differences.ts';
import { DOCTOR_LINES } from './doctorLines.ts';
import { GATEWAYS } from './gateways.ts';
import { jobFile } from './jobs.ts';
import { LEDGER } from './ledger.ts';
import { listFile } from './listFile.ts';
import { meterFile } from './meters.ts';
import { readingFile } from './readings.ts';
import { SALES } from './sales.ts';
import { sheetFile } from './sheets.ts';
import { TARIFFS } from './tariffs.ts';

export type ExportsDeps = Omit<ExportsContext, 'routes'>;

/** Every list as a workbook. Adds the routes; there is nothing to start or stop. */
export function addExportRoutes(routes: RouteServer, deps: ExportsDeps): void {
  const context: ExportsContext = { ...deps, routes };
  routes.add(exportSales, (call) => listFile(context, SALES, call));
  routes.add(exportCharges, (call) => listFile(context, CHARGES, call));
  routes.add(exportAlarms, (call) => listFile(context, ALARMS, call));
  routes.add(exportCommands, (call) => listFile(context, COMMANDS, call));
  routes.add(exportJobs, (call) => jobFile(context, call));
  routes.add(exportProtections, (call) => listFile(context, PROTECTIONS, call));
  routes.add(exportDeliveries, (call) => listFile(context, DELIVERIES, call));
  routes.add(exportGateways, (call) => listFile(context, GATEWAYS, call));
  routes.add(exportDoctorLines, (call) => listFile(context, DOCTOR_LINES, call));
  routes.add(exportTariffs, (call) => listFile(context, TARIFFS, call));
  routes.add(exportSheet, (call) => sheetFile(context, call));
  routes.add(exportKioskLinks, (call) => listFile(context, KIOSK_LINKS, call));
  routes.add(exportAudit, (call) => listFile(context, AUDIT, call));
  routes.add(exportLedger, (call) => listFile(context, LEDGER, call));
  routes.add(exportBatch, async ({ actor, params: { batchId }, query }) => {
    const { propertyId } = await routes.ask(getBatch, actor, { params: { batchId } });
    const filter = { ...query, propertyId, batchId };
    return listFile(context, COMMANDS, { actor, query: filter });
  });
  routes.add(exportReconciliationRows, async ({ actor, params, query }) => {
    const { propertyId, day } = await routes.ask(getReconciliationRun, actor, { params });
    const about = [{ name: COMPARED_DAY[query.lang ?? 'zh'], text: day }];
    return listFile(context, DIFFERENCES, { actor, query, params, propertyId, about });
  });
  routes.add(exportMeters, ({ actor, query, body }) => meterFile(context, actor, query.lang ?? 'zh', body));
  routes.add(exportReadings, ({ actor, query, body }) => readingFile(context, actor, query.lang ?? 'zh', body));
}
