import { expect, test } from 'vitest';
import { fuzz } from '../../support/fuzz.ts';

test('twenty thousand spoiled frames: no throw but the typed one, no wrong checksum accepted, no hang', () => {
  const report = fuzz(20_000, 20_261_122);
  // A run that accepts nothing would prove nothing.
  expect(report.accepted).toBeGreaterThan(2_000);
});
