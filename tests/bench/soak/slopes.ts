import { MEASURES, type MeasureKey, type SoakSample } from './sampling.ts';

/** So much of the run is warm-up: caches fill, code is compiled, the plant's past is stored. */
const WARM_UP_SHARE = 0.2;
const S_PER_HOUR = 3_600;

/** What a measure gains in an hour, by least squares over the samples after the warm-up; NaN of fewer than two. */
export function slopesOf(samples: readonly SoakSample[]): Record<MeasureKey, number> {
  const settled = settledOf(samples);
  const slopes = MEASURES.map(({ key }) => [key, slopePerHour(settled, key)] as const);
  return Object.fromEntries(slopes) as Record<MeasureKey, number>;
}

/** Mean after the warm-up. */
export function meanOf(samples: readonly SoakSample[], key: MeasureKey): number {
  const settled = settledOf(samples);
  return settled.reduce((sum, sample) => sum + sample[key], 0) / settled.length;
}

function settledOf(samples: readonly SoakSample[]): readonly SoakSample[] {
  return samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
}

function slopePerHour(samples: readonly SoakSample[], key: MeasureKey): number {
  const count = samples.length;
  const meanS = samples.reduce((sum, { atS }) => sum + atS, 0) / count;
  const mean = samples.reduce((sum, sample) => sum + sample[key], 0) / count;
  const spread = samples.reduce((sum, { atS }) => sum + (atS - meanS) ** 2, 0);
  const rise = samples.reduce((sum, sample) => sum + (sample.atS - meanS) * (sample[key] - mean), 0);
  return (rise / spread) * S_PER_HOUR;
}
