import { type LineConfig, type MeterStatus, systemClock } from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import type { PlantGateway } from '#drivers/simulator/manifest.ts';
import { seededChance } from '#drivers/simulator/seededChance.ts';
import type { Bench } from './support/bench.ts';
import { wireFrameMs, wireReadMs } from './support/lineReads.ts';
import { startWirePlant, WIRE_THINK_MS } from './support/wirePlant.ts';

const LINES = 320;
const METERS_EACH = 32;
const COMMANDS = 10_000;
/** The polls of the wall go on meanwhile, as often as by default. */
const POLL_MS = 10_000;
const RESPONSE_TIMEOUT_MS = 1_000;

/** Function 16 with two registers: unit, function, start, count, byte count, four bytes, CRC; its answer has eight. */
const WRITE_BYTES = 13;
const WRITTEN_BYTES = 8;

/** One command: written, answered, and the status read back. */
const COMMAND_MS = wireFrameMs(WRITE_BYTES) + WIRE_THINK_MS + wireFrameMs(WRITTEN_BYTES) + wireReadMs();

export const bench: Bench = {
  name: 'batch',
  what: '10,000 relay commands over 320 emulated 9600-baud lines, polls going on: each written once and read back, against the arithmetic of the wire for the longest line',
  unit: 's',
  aim: { of: 'ratio', most: 1.15 },
  async run(say) {
    const plant = await startWirePlant(LINES * METERS_EACH);
    const lines = plant.gateways.map((gateway, index) => lineTo(gateway, index));
    for (const { line } of lines) line.start();
    // Everybody is polled once before anybody is told anything.
    await Promise.all(lines.map(({ polled }) => polled));
    say(`${lines.length} lines are polled`);
    const share = (index: number): number =>
      Math.floor(((index + 1) * COMMANDS) / LINES) - Math.floor((index * COMMANDS) / LINES);
    const startedMs = performance.now();
    const perLine = await Promise.all(
      lines.map(async ({ line }, index) => {
        const meters = line.config.meters.slice(0, share(index));
        const failed = await Promise.all(meters.map(({ meterId }) => tripped(line, meterId)));
        return { ms: performance.now() - startedMs, failed: failed.filter((reason) => reason !== undefined) };
      }),
    );
    const value = Math.max(...perLine.map(({ ms }) => ms)) / 1_000;
    const failed = perLine.flatMap((one) => one.failed);
    for (const { line } of lines) await line.stop();
    await plant.stop();
    if (failed.length > 0) throw new Error(`${failed.length} commands came to nothing, the first: ${failed[0]}`);
    const limit = (Math.max(...lines.map((_, index) => share(index))) * COMMAND_MS) / 1_000;
    const meanS = perLine.reduce((sum, { ms }) => sum + ms, 0) / perLine.length / 1_000;
    return { value, limit, ratio: value / limit, notes: { 'mean line, s': meanS.toFixed(2) } };
  },
};

/** Trips one meter and reads it back; says what went wrong. */
async function tripped(line: ReturnType<typeof createLine>, meterId: number): Promise<string | undefined> {
  const told = await line.execute(meterId, { kind: 'relay', mode: 'forcedOpen' });
  if (!told.sent || told.reply !== 'accepted') return `meter ${meterId}: ${JSON.stringify(told)}`;
  const seen = await line.readNow(meterId, 'onDemand', 'readBack');
  if (!seen.ok) return `meter ${meterId}: ${seen.error.message}`;
  const { relay, forced }: MeterStatus = seen.reading.status;
  return relay === 'open' && forced === 'open' ? undefined : `meter ${meterId} is ${relay}, forced ${forced}`;
}

function lineTo({ lines }: PlantGateway, index: number) {
  const [plantLine] = lines;
  if (plantLine === undefined) throw new Error('a gateway without a line');
  const firstId = index * METERS_EACH + 1;
  const config: LineConfig = {
    lineId: index + 1,
    gatewayId: index + 1,
    name: plantLine.name,
    transport: plantLine.transport,
    serial: plantLine.serial,
    responseTimeoutMs: RESPONSE_TIMEOUT_MS,
    turnaroundMs: 0,
    timeZone: 'Asia/Shanghai',
    meters: plantLine.meters.map(({ unitAddress, ctRatio, ptRatio }, place) => ({
      meterId: firstId + place,
      unitAddress,
      model: acrelDtsy1352,
      ctRatio,
      ptRatio,
      livePollMs: POLL_MS,
      registerPollMs: 1_800_000,
    })),
  };
  const unheard = new Set(config.meters.map(({ meterId }) => meterId));
  const { promise: polled, resolve } = Promise.withResolvers<void>();
  const sink = {
    reading: ({ meterId }: { readonly meterId: number }) => {
      unheard.delete(meterId);
      if (unheard.size === 0) resolve();
    },
    meterFailed: () => undefined,
    lineLink: () => undefined,
  };
  return { line: createLine(config, { clock: systemClock, chance: seededChance(index), sink }), polled };
}
