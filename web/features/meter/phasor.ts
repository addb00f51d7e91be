import type { Values } from '#drivers/core/quantity.ts';

/** Live values of one phase; missing = not measured. */
export interface PhaseValues {
  readonly phase: 'L1' | 'L2' | 'L3';
  readonly voltageV: number | undefined;
  readonly currentA: number | undefined;
  readonly activePowerW: number | undefined;
  readonly reactivePowerVar: number | undefined;
  readonly powerFactor: number | undefined;
}

/** The three phases of a reading, in order; a single-phase meter has the first only. */
export function phasesOf(values: Values, phases: number): readonly PhaseValues[] {
  const all: readonly PhaseValues[] = [
    {
      phase: 'L1',
      voltageV: values.voltageL1V,
      currentA: values.currentL1A,
      activePowerW: values.activePowerL1W ?? (phases === 1 ? values.activePowerW : undefined),
      reactivePowerVar: values.reactivePowerL1Var ?? (phases === 1 ? values.reactivePowerVar : undefined),
      powerFactor: values.powerFactorL1 ?? (phases === 1 ? values.powerFactor : undefined),
    },
    {
      phase: 'L2',
      voltageV: values.voltageL2V,
      currentA: values.currentL2A,
      activePowerW: values.activePowerL2W,
      reactivePowerVar: values.reactivePowerL2Var,
      powerFactor: values.powerFactorL2,
    },
    {
      phase: 'L3',
      voltageV: values.voltageL3V,
      currentA: values.currentL3A,
      activePowerW: values.activePowerL3W,
      reactivePowerVar: values.reactivePowerL3Var,
      powerFactor: values.powerFactorL3,
    },
  ];
  return phases === 1 ? all.slice(0, 1) : all;
}

/** An arrow of the diagram: degrees clockwise from the top, length as a share of its ring. */
export interface Arrow {
  readonly phase: 'L1' | 'L2' | 'L3';
  readonly degrees: number;
  readonly length: number;
}

/** Voltages stand 120° apart by construction of the grid: meters of this kind do not measure the angle. */
const PHASE_DEGREES = { L1: 0, L2: 120, L3: 240 } as const;

/** Current behind its voltage: the angle whose cosine is the power factor, to the other side when it leads. */
export function currentLagDegrees(phase: PhaseValues): number | undefined {
  if (phase.powerFactor === undefined) return undefined;
  const degrees = (Math.acos(Math.min(1, Math.max(-1, phase.powerFactor))) * 180) / Math.PI;
  return (phase.reactivePowerVar ?? 0) < 0 ? -degrees : degrees;
}

export function voltageArrows(phases: readonly PhaseValues[], ringV: number): readonly Arrow[] {
  return phases.flatMap(({ phase, voltageV }) =>
    voltageV === undefined ? [] : [{ phase, degrees: PHASE_DEGREES[phase], length: voltageV / ringV }],
  );
}

export function currentArrows(phases: readonly PhaseValues[], ringA: number): readonly Arrow[] {
  return phases.flatMap((values) => {
    const lag = currentLagDegrees(values);
    if (values.currentA === undefined || lag === undefined) return [];
    return [{ phase: values.phase, degrees: PHASE_DEGREES[values.phase] + lag, length: values.currentA / ringA }];
  });
}

/** Neutral current, A: the vector sum of the three phase currents. Undefined unless all three are known. */
export function neutralCurrentA(phases: readonly PhaseValues[]): number | undefined {
  const arrows = currentArrows(phases, 1);
  if (arrows.length !== 3) return undefined;
  let x = 0;
  let y = 0;
  for (const { degrees, length } of arrows) {
    x += length * Math.sin((degrees * Math.PI) / 180);
    y += length * Math.cos((degrees * Math.PI) / 180);
  }
  return Math.hypot(x, y);
}

/** Largest deviation of a phase current from their mean, as a share of the mean. Undefined without a load. */
export function currentUnbalance(phases: readonly PhaseValues[]): number | undefined {
  const currents = phases.flatMap(({ currentA }) => (currentA === undefined ? [] : [currentA]));
  if (currents.length !== 3) return undefined;
  const mean = currents.reduce((sum, current) => sum + current, 0) / 3;
  return mean <= 0 ? undefined : Math.max(...currents.map((current) => Math.abs(current - mean))) / mean;
}

const RING_STEPS = [1, 2, 5] as const;

/** The next round figure (1, 2, 5 × 10ⁿ) at or above `value`: the ring of a diagram, the end of a bar. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(value));
  const step = RING_STEPS.find((candidate) => candidate * decade >= value * (1 - 1e-9));
  return step === undefined ? 10 * decade : step * decade;
}

/** Nominal phase voltage that a reading belongs to, V (GB/T 12325: 220; IEC 60038: 230), by nearness. */
export function nominalVoltageV(voltageV: number | undefined): number {
  const nominal = [100 / Math.sqrt(3), 100, 110, 220, 380, 400];
  if (voltageV === undefined || voltageV <= 0) return 220;
  return nominal.reduce((best, candidate) =>
    Math.abs(candidate - voltageV) < Math.abs(best - voltageV) ? candidate : best,
  );
}
