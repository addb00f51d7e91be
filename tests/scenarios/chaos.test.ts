import { expect, test } from 'vitest';
import { CHAOS_DEFAULTS } from '../chaos/options.ts';
import { runChaos } from '../chaos/run.ts';

/** The short one; `npm run chaos` is the long one. A failure prints the seed: the same seed makes the same plan. */
test('sales through lost frames, lying meters and kills: nothing lost, nothing doubled, the book is sound', {
  timeout: 240_000,
}, async () => {
  const options = { ...CHAOS_DEFAULTS, sales: 40, meters: 64, clients: 16 };
  const said: string[] = [];
  const report = await runChaos(options, (line) => said.push(line));
  const { findings, sumZero, inDoubt, fulfilled, confirmed } = report;
  const told = [...said, `seed ${options.seed}`].join('\n');
  expect({ findings, sumZero, inDoubt }, told).toEqual({ findings: [], sumZero: true, inDoubt: [] });
  expect(fulfilled, told).toHaveLength(options.sales);
  expect(report.kills.server, told).toBeGreaterThan(0);
  expect(confirmed, told).toBeGreaterThan(20);
});
