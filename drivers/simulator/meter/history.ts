import type { MeterModel } from '#drivers/core/index.ts';
import type { PlantHistoryRow } from '../manifest.ts';
import { energyValues, powerW } from './meterImage.ts';
import type { PastEvent } from './meterPath.ts';
import { combine, type SimulatedMeter } from './simulatedMeter.ts';
import { type BandEnergy, costParts, PARTS_PER_MINOR, partsToMinor } from './tariff.ts';

/** Which past: instants `fromMs`, `fromMs` + `stepMs`, … below `toMs`. */
export interface HistoryRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Rows that one question may bring for each meter: a year of half hours. */
export const ROWS_PER_METER_LIMIT = 17_568;

/** Says what is wrong with a range, undefined when nothing is. */
export function rangeFault({ fromMs, toMs, stepMs }: HistoryRange): string | undefined {
  if (![fromMs, toMs, stepMs].every(Number.isSafeInteger)) return 'fromMs, toMs and stepMs must be whole numbers';
  if (stepMs < 60_000) return 'stepMs must be at least a minute';
  if ((toMs - fromMs) / stepMs > ROWS_PER_METER_LIMIT) return `more than ${ROWS_PER_METER_LIMIT} steps`;
  return undefined;
}

/** The past of many meters, one meter after the other. Instants after `nowMs` are left out. */
export function* historyOf(
  meters: Iterable<SimulatedMeter>,
  modelOf: (meter: SimulatedMeter) => MeterModel,
  range: HistoryRange,
  nowMs: number,
): Generator<PlantHistoryRow> {
  const fault = rangeFault(range);
  if (fault !== undefined) throw new RangeError(fault);
  for (const meter of meters) {
    meter.advance(nowMs);
    yield* meterHistory(meter, modelOf(meter), range, nowMs);
  }
}

function* meterHistory(
  meter: SimulatedMeter,
  model: MeterModel,
  range: HistoryRange,
  nowMs: number,
): Generator<PlantHistoryRow> {
  const { meterNumber, ctRatio, ptRatio } = meter.spec.meter;
  const past = pastOf(meter, nowMs);
  for (let atMs = range.fromMs; atMs < range.toMs && atMs <= nowMs; atMs += range.stepMs) {
    const energy = past.energyAt(atMs);
    const { energyWh, ...bands } = energyValues(energy, ctRatio * ptRatio);
    const values = {
      activePowerW: powerW(meter, atMs, past.isOpenAt(atMs)),
      energyWh: energyWh ?? 0,
      ...(model.capabilities.timeOfUse ? bands : {}),
    };
    yield { meterNumber, atMs, values, balanceMinor: past.balanceMinorAt(atMs, energy)?.toString() };
  }
}

interface Past {
  isOpenAt(atMs: number): boolean;
  energyAt(atMs: number): BandEnergy;
  balanceMinorAt(atMs: number, energy: BandEnergy): bigint | undefined;
}

/** A time with the relay open; the demand until its end is what was missed once its beginning is taken away. */
interface Opening {
  readonly fromMs: number;
  readonly toMs: number;
  readonly demandAtFrom: BandEnergy;
  readonly demandAtTo: BandEnergy;
}

/** The past as it must have been for the meter to stand where it stands: its remembered events undone one by one. */
function pastOf(meter: SimulatedMeter, nowMs: number): Past {
  const { demand, path, spec } = meter;
  const openings = openingsOf(path.past, path.openedAtMs, nowMs).map(([fromMs, toMs]): Opening => {
    const demandAtFrom = demand.energyAt(fromMs);
    return { fromMs, toMs, demandAtFrom, demandAtTo: demand.energyAt(toMs) };
  });
  const nowEnergy = meter.energyAt(nowMs);
  const nowDemand = demand.energyAt(nowMs);
  return {
    isOpenAt: (atMs) => openings.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs),
    energyAt(atMs) {
      const demanded = demand.energyAt(atMs);
      let supplied = combine(nowDemand, demanded, -1);
      for (const { fromMs, toMs, demandAtFrom, demandAtTo } of openings) {
        if (atMs >= toMs) continue;
        supplied = combine(supplied, combine(demandAtTo, atMs > fromMs ? demanded : demandAtFrom, -1), -1);
      }
      return combine(nowEnergy, supplied, -1);
    },
    balanceMinorAt: (atMs, energy) => (spec.purse === undefined ? undefined : balanceBack(meter, atMs, energy)),
  };
}

/** Demand is asked for at finite instants only; before this nothing was consumed by anybody. */
const EVER_MS = 0;

/** When the relay was open, by the remembered events. What has no remembered beginning began long ago. */
function openingsOf(
  past: readonly PastEvent[],
  openedAtMs: number | undefined,
  nowMs: number,
): readonly (readonly [fromMs: number, toMs: number])[] {
  const openings: (readonly [number, number])[] = [];
  let fromMs: number | undefined = EVER_MS;
  for (const event of past) {
    if (event.kind === 'opened') fromMs = event.atMs;
    if (event.kind === 'closed' && fromMs !== undefined) {
      openings.push([fromMs, event.atMs]);
      fromMs = undefined;
    }
  }
  if (openedAtMs !== undefined) openings.push([fromMs ?? openedAtMs, nowMs]);
  return openings;
}

/**
 * Balance at a past instant: what was credited until then less what the energy until then cost. Before the first
 * remembered purchase the tenant is taken to have bought as he always does, whenever he had come down to his line.
 */
function balanceBack(meter: SimulatedMeter, atMs: number, energy: BandEnergy): bigint {
  const { path, spec } = meter;
  const purchases = path.past.filter((event) => event.kind === 'purchase');
  const later = path.past.filter((event) => event.atMs > atMs);
  const prices = later.find((event) => event.kind === 'priced')?.before ?? meter.settings.prices;
  let parts = path.creditParts - costParts(energy, prices, spec.meter.ctRatio * spec.meter.ptRatio);
  for (const event of later) {
    if (event.kind === 'purchase') parts -= event.amountMinor * PARTS_PER_MINOR;
    if (event.kind === 'priced') parts -= event.shiftParts;
  }
  const habit = spec.purse?.habit;
  const firstPaidMs = purchases[0]?.atMs ?? Number.POSITIVE_INFINITY;
  if (habit?.amountMinor === undefined || atMs >= firstPaidMs) return partsToMinor(parts);
  const amount = habit.amountMinor * PARTS_PER_MINOR;
  const top = habit.lineMinor * PARTS_PER_MINOR + amount;
  return partsToMinor(parts > top ? parts - ((parts - top) / amount + 1n) * amount : parts);
}
