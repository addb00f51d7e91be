// @vitest-environment node
import { describe, expect, test } from 'vitest';
import {
  currentLagDegrees,
  currentUnbalance,
  neutralCurrentA,
  nominalVoltageV,
  phasesOf,
  roundUp,
} from '../../../web/features/meter/phasor.ts';

const balanced = {
  currentL1A: 5,
  currentL2A: 5,
  currentL3A: 5,
  powerFactorL1: 0.9,
  powerFactorL2: 0.9,
  powerFactorL3: 0.9,
};

describe('the neutral carries what the phases do not cancel', () => {
  test('nothing when they are equal', () => {
    expect(neutralCurrentA(phasesOf(balanced, 3))).toBeCloseTo(0, 9);
    expect(currentUnbalance(phasesOf(balanced, 3))).toBeCloseTo(0, 9);
  });

  test('everything when one phase alone is loaded', () => {
    const lonely = { ...balanced, currentL2A: 0, currentL3A: 0 };
    expect(neutralCurrentA(phasesOf(lonely, 3))).toBeCloseTo(5, 9);
    expect(currentUnbalance(phasesOf(lonely, 3))).toBeCloseTo(2, 9);
  });

  test('unknown when a phase is not measured: absent is not zero', () => {
    const { currentL3A: _, ...two } = balanced;
    expect(neutralCurrentA(phasesOf(two, 3))).toBeUndefined();
    expect(currentUnbalance(phasesOf(two, 3))).toBeUndefined();
  });
});

test('an inductive load lags, a capacitive one leads', () => {
  const phase = { phase: 'L1' as const, voltageV: 230, currentA: 5, activePowerW: 500, powerFactor: 0.5 };
  expect(currentLagDegrees({ ...phase, reactivePowerVar: 800 })).toBeCloseTo(60);
  expect(currentLagDegrees({ ...phase, reactivePowerVar: -800 })).toBeCloseTo(-60);
});

test('a single-phase meter shows its totals as its only phase', () => {
  expect(phasesOf({ voltageL1V: 226, activePowerW: 900, powerFactor: 0.98 }, 1)).toMatchObject([
    { phase: 'L1', voltageV: 226, activePowerW: 900, powerFactor: 0.98, currentA: undefined },
  ]);
});

test('rings are round figures at or above the value', () => {
  expect([0, 0.3, 1, 3.18, 7.92, 10, 11].map(roundUp)).toEqual([1, 0.5, 1, 5, 10, 10, 20]);
});

test('a reading belongs to the nominal voltage next to it', () => {
  expect(nominalVoltageV(226.4)).toBe(220);
  expect(nominalVoltageV(58)).toBeCloseTo(57.7, 1);
  expect(nominalVoltageV(undefined)).toBe(220);
});
