import { systemClock } from '#drivers/core/index.ts';
import { startControl } from './control.ts';
import { makeEstate } from './estate/makeEstate.ts';
import type { PlantHistoryRow, PlantManifest, PlantMessage, PlantRequest } from './manifest.ts';
import { rangeFault } from './meter/history.ts';
import { type Plant, startPlant } from './plant.ts';
import { plantSettings } from './plantSettings.ts';

/**
 * The plant as a process of its own: forked by the server, or run by hand. Settings come by environment
 * (plantSettings.ts); messages are those of manifest.ts. It never outlives its parent: it ends when the channel closes.
 */

/** Rows of one history message: small enough to keep the channel's buffer short. */
const HISTORY_BATCH = 500;

/** After this a stop that hangs ends the process all the same. */
const STOP_LIMIT_MS = 5_000;

const settings = plantSettings(process.env);
const { kind, seed, ...options } = settings;
const plant = await startPlant({ ...options, estate: makeEstate(kind, seed), clock: systemClock });
const control = await startControl(plant);
const manifest: PlantManifest = { ...plant.manifest, controlUrl: control.url };

let stopping = false;
process.on('SIGTERM', () => stop());
process.on('SIGINT', () => stop());
process.on('disconnect', () => stop());
process.on('message', (message) => onRequest(message as PlantRequest));

if (process.send === undefined) printSummary(manifest);
else await tell({ kind: 'ready', manifest });

function onRequest(request: PlantRequest): void {
  switch (request.kind) {
    case 'history':
      sendHistory(plant, request).catch(fail);
      return;
    case 'stop':
      stop();
      return;
  }
}

/** Batch after batch, each only when the channel has taken the one before. An impossible range has no rows. */
async function sendHistory(from: Plant, range: Extract<PlantRequest, { kind: 'history' }>): Promise<void> {
  const fault = rangeFault(range);
  if (fault !== undefined) process.stderr.write(`plant: history refused: ${fault}\n`);
  let rows: PlantHistoryRow[] = [];
  for (const row of fault === undefined ? from.history(range) : []) {
    rows.push(row);
    if (rows.length < HISTORY_BATCH) continue;
    await tell({ kind: 'history', rows });
    rows = [];
  }
  if (rows.length > 0) await tell({ kind: 'history', rows });
  await tell({ kind: 'historyEnd' });
}

/** Resolves when the channel has taken the message; a closed channel ends the process by itself. */
function tell(message: PlantMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  Promise.all([control.stop(), plant.stop()]).then(() => process.exit(0), fail);
}

function fail(error: unknown): void {
  process.stderr.write(`plant: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}

function printSummary({ properties, gateways, controlUrl }: PlantManifest): void {
  const lines = gateways.flatMap((gateway) => gateway.lines);
  const meters = lines.reduce((count, line) => count + line.meters.length, 0);
  const said = [
    `plant: ${meters} meters on ${lines.length} lines of ${gateways.length} gateways`,
    ...properties.map(({ key, names }) => `  ${key}  ${names.zh ?? ''} ${names.en ?? ''}`),
    ...gateways.slice(0, 40).map(({ code, lines: own }) => `  ${code}  ${own.map(addressOf).join('  ')}`),
    ...(gateways.length > 40 ? [`  … and ${gateways.length - 40} more gateways`] : []),
    `control: ${controlUrl}   (node drivers/simulator/faultCommand.ts ${controlUrl} help)`,
  ];
  process.stdout.write(`${said.join('\n')}\n`);
}

function addressOf({ transport, meters }: PlantManifest['gateways'][number]['lines'][number]): string {
  const address = transport.kind === 'serial' ? transport.path : `${transport.host}:${transport.port}`;
  return `${transport.kind} ${address} (${meters.length})`;
}
