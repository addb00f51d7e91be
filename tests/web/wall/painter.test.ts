// @vitest-environment node
import { expect, test } from 'vitest';
import { MARKS, packFacts } from '#domain/meterState.ts';
import { labelStep } from '../../../web/features/wall/draw/backdrop.ts';
import { GLOW_STEPS, glowStep, mix } from '../../../web/features/wall/draw/palette.ts';
import { fitText } from '../../../web/features/wall/draw/tilePainter.ts';
import { tileView } from '../../../web/features/wall/draw/tileView.ts';
import { createTileStore } from '../../../web/live/tileStore.ts';

test('a tile glows by its load against its usual peak, and without a peak it stays quiet', () => {
  expect(glowStep(0, 1_000)).toBe(0);
  expect(glowStep(500, 1_000)).toBe(GLOW_STEPS / 2);
  expect(glowStep(5_000, 1_000)).toBe(GLOW_STEPS);
  expect(glowStep(500, 0)).toBe(0);
  expect(glowStep(Number.NaN, 1_000)).toBe(0);
  expect(glowStep(-500, 1_000)).toBe(0);
});

test('a lost tile remembers the state it had', () => {
  const store = createTileStore([1]);
  const packedFacts = packFacts(
    { money: 'arrears', link: 'lost', relay: 'open', protection: 'forcedClosed' },
    MARKS.unacknowledgedAlarm,
  );
  store.applySnapshot({ propertyId: 1, seq: 1, atMs: 0, changes: [{ meterId: 1, packedFacts }] });
  expect(tileView(store, 0, 0)).toMatchObject({
    state: 'lost',
    lastState: 'arrears',
    relayOpen: true,
    protection: 'forcedClosed',
    unacknowledged: true,
  });
});

test('words that do not fit end in an ellipsis, and vanish before they lie', () => {
  const pen = { measureText: (text: string) => ({ width: text.length * 10 }) };
  expect(fitText(pen, '3F-27', 50)).toBe('3F-27');
  expect(fitText(pen, 'Lanxin Tea', 60)).toBe('Lanxi…');
  expect(fitText(pen, 'Lanxin', 5)).toBe('');
});

test('floor labels thin out before they touch', () => {
  expect(labelStep(20, 16)).toBe(1);
  expect(labelStep(10, 16)).toBe(2);
  expect(labelStep(4, 16)).toBe(5);
  expect(labelStep(0.1, 16)).toBe(100);
});

test('mixing colours ends exactly at both ends', () => {
  expect(mix('#2a343b', '#566974', 0)).toBe('#2a343b');
  expect(mix('#2a343b', '#566974', 1)).toBe('#566974');
});
