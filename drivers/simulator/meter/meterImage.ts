import type { MeterImage } from '#drivers/codec/index.ts';
import type { MeterModel, MeterStatus, Quantity } from '#drivers/core/index.ts';
import { localDate } from '../plantTime.ts';
import { chanceOf } from '../seededChance.ts';
import type { PurseSettings } from './purseMemory.ts';
import type { SimulatedMeter } from './simulatedMeter.ts';
import type { BandEnergy } from './tariff.ts';

/** A meter's smallest step: 0.01 kWh on the secondary side, in µWh. */
const STEP_MICRO_WH = 10_000_000;
const STEP_WH = 10;

const NOMINAL_V = 226;

/** Salts of the flickers of one meter; those of the phases follow each in steps of one. */
const SALT = { voltage: 20, share: 30, powerFactor: 40, frequency: 50 } as const;

type Mutable = Partial<Record<Quantity, number>>;

/**
 * All that a meter would say at `atMs`, in canonical units on the primary side. Brings the meter up to `atMs` first.
 * What its model has no register for, the codec leaves out.
 */
export function imageOf(meter: SimulatedMeter, model: MeterModel, atMs: number): MeterImage {
  meter.advance(atMs);
  const { ctRatio, ptRatio } = meter.spec.meter;
  const prepaid = meter.spec.purse !== undefined && model.capabilities.prepaid;
  const balanceMinor = prepaid ? meter.balanceMinorAt(atMs) : undefined;
  const values: Mutable = { ...energyValues(meter.energyAt(atMs), ctRatio * ptRatio), energyReverseWh: 0 };
  addElectrical(values, meter, model, atMs);
  if (prepaid) {
    values.purchaseCount = meter.path.purchaseCount;
    values.overloadTripCount = 0;
  }
  const status = statusOf(meter, balanceMinor, values.activePowerW ?? 0);
  const meterClockMs = localDate(atMs).getTime() + (meter.path.purse?.clockOffsetMs ?? 0);
  return { values, balanceMinor, status, meterClockMs, ctRatio, ptRatio };
}

/** The cumulative registers as shown: each rate in whole steps, and a total that is exactly their sum. */
export function energyValues(energy: BandEnergy, ratio: number): Pick<Mutable, EnergyRegister> {
  const shown = energy.map((microWh) => Math.floor(microWh / STEP_MICRO_WH) * STEP_WH * ratio);
  const [sharp = 0, peak = 0, flat = 0, valley = 0] = shown;
  return {
    energyWh: sharp + peak + flat + valley,
    energySharpWh: sharp,
    energyPeakWh: peak,
    energyFlatWh: flat,
    energyValleyWh: valley,
  };
}

type EnergyRegister = 'energyWh' | 'energySharpWh' | 'energyPeakWh' | 'energyFlatWh' | 'energyValleyWh';

/** Power on the primary side at `atMs`, whole W: nothing flows through an open relay. */
export function powerW(meter: SimulatedMeter, atMs: number, open = meter.path.openedAtMs !== undefined): number {
  if (open) return 0;
  const { ctRatio, ptRatio } = meter.spec.meter;
  return Math.round(meter.demand.powerAtW(atMs)) * ctRatio * ptRatio;
}

const PHASE_NAMES = [
  ['voltageL1V', 'currentL1A', 'activePowerL1W', 'reactivePowerL1Var', 'powerFactorL1'],
  ['voltageL2V', 'currentL2A', 'activePowerL2W', 'reactivePowerL2Var', 'powerFactorL2'],
  ['voltageL3V', 'currentL3A', 'activePowerL3W', 'reactivePowerL3Var', 'powerFactorL3'],
] as const satisfies readonly (readonly Quantity[])[];

/** Voltages, currents, powers and power factors that agree with each other and with the phases' sum. */
function addElectrical(values: Mutable, meter: SimulatedMeter, model: MeterModel, atMs: number): void {
  const { demand, spec } = meter;
  const ratio = spec.meter.ctRatio * spec.meter.ptRatio;
  const totalW = powerW(meter, atMs) / ratio;
  const shares = phaseShares(meter, model.phases, atMs);
  let activeW = 0;
  let reactiveVar = 0;
  for (let phase = 0; phase < model.phases; phase++) {
    const names = PHASE_NAMES[phase];
    if (names === undefined) continue;
    const [voltage, current, active, reactive, factor] = names;
    const phaseW = phase === model.phases - 1 ? totalW - activeW : Math.round(totalW * (shares[phase] ?? 0));
    // Idle electronics drag the power factor down; load brings it up to what the consumer is rated for.
    const load = Math.min(1, totalW / spec.ratedW);
    const wander = demand.flicker(atMs, SALT.powerFactor + phase, 0.02);
    const pf = totalW === 0 ? 1 : Math.min(0.998, meter.powerFactor * (0.9 + 0.1 * Math.sqrt(load)) * wander);
    const volts = NOMINAL_V * (1 + (chanceOf(meter.ordinal, SALT.voltage, phase) - 0.5) * 0.02);
    const phaseV = volts * demand.flicker(atMs, SALT.voltage + phase, 0.006) * (1 - 0.012 * load);
    const phaseVar = Math.round(phaseW * Math.tan(Math.acos(pf)));
    values[voltage] = round(phaseV, 10);
    values[current] = round(phaseW / pf / phaseV, 100) * spec.meter.ctRatio;
    values[active] = phaseW * ratio;
    values[reactive] = phaseVar * ratio;
    values[factor] = round(pf, 1_000);
    activeW += phaseW;
    reactiveVar += phaseVar;
  }
  const apparentVa = Math.hypot(activeW, reactiveVar);
  values.activePowerW = activeW * ratio;
  values.reactivePowerVar = reactiveVar * ratio;
  values.apparentPowerVa = Math.round(apparentVa) * ratio;
  values.powerFactor = apparentVa === 0 ? 1 : round(activeW / apparentVa, 1_000);
  values.frequencyHz = round(50 * demand.flicker(atMs, SALT.frequency, 0.0006), 100);
}

/** How the load lies on the phases: uneven by nature, and wandering a little. */
function phaseShares(meter: SimulatedMeter, phases: 1 | 3, atMs: number): readonly number[] {
  if (phases === 1) return [1];
  const weights = [0, 1, 2].map((phase) => {
    const bent = 0.7 + 0.6 * chanceOf(meter.ordinal, SALT.share, phase);
    return bent * meter.demand.flicker(atMs, SALT.share + phase, 0.05);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function statusOf(meter: SimulatedMeter, balanceMinor: bigint | undefined, activePowerW: number): MeterStatus {
  const { settings } = meter;
  const { overloadLimitW } = settings;
  if (meter.spec.purse === undefined || balanceMinor === undefined) return {};
  return {
    relay: meter.path.openedAtMs === undefined ? 'closed' : 'open',
    forced: meter.path.forced,
    money: meter.path.purchaseCount === 0 && balanceMinor === 0n ? 'notOpened' : moneyOf(balanceMinor, settings),
    overLimit: overloadLimitW !== undefined && activePowerW > overloadLimitW,
    fault: false,
  };
}

/** The meter's own judgement of its balance. */
export function moneyOf(
  balanceMinor: bigint,
  lines: Pick<PurseSettings, 'alarm1Minor' | 'alarm2Minor' | 'cutLineMinor'>,
): 'normal' | 'alarm1' | 'alarm2' | 'arrears' {
  if (balanceMinor <= lines.cutLineMinor) return 'arrears';
  if (balanceMinor <= lines.alarm2Minor) return 'alarm2';
  return balanceMinor <= lines.alarm1Minor ? 'alarm1' : 'normal';
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
