// @vitest-environment node
import { expect, test } from 'vitest';
import { createSequence } from '../../../web/live/sequence.ts';

test('nothing is applied before the first snapshot', () => {
  const sequence = createSequence();
  expect(sequence.delta(1)).toBe('waiting');
  expect(sequence.pulse('a', 1)).toBe('waiting');
});

test('each delta must follow the one before', () => {
  const sequence = createSequence();
  sequence.snapshot('a', 7);
  expect(sequence.delta(8)).toBe('apply');
  expect(sequence.delta(9)).toBe('apply');
  expect(sequence.delta(11)).toBe('gap');
  // The missing one may still come.
  expect(sequence.delta(10)).toBe('apply');
});

test('a delta that the snapshot already holds is dropped, not taken for a gap', () => {
  const sequence = createSequence();
  sequence.snapshot('a', 7);
  expect(sequence.delta(6)).toBe('old');
  expect(sequence.delta(7)).toBe('old');
});

test('a pulse with another number or another epoch reveals a gap', () => {
  const sequence = createSequence();
  sequence.snapshot('a', 7);
  expect(sequence.pulse('a', 7)).toBe('ok');
  expect(sequence.pulse('a', 8)).toBe('gap');
  expect(sequence.pulse('b', 7)).toBe('gap');
});

test('while a snapshot is awaited, deltas wait too', () => {
  const sequence = createSequence();
  sequence.snapshot('a', 7);
  sequence.wait();
  expect(sequence.delta(8)).toBe('waiting');
});
