// @vitest-environment node
import { expect, test } from 'vitest';
import { placeName, saidOnce } from '../../../web/ui/saidOnce.ts';

test.for([
  [['Tower A', 'Tower A lifts'], 'Tower A lifts'],
  [['Tower A', 'Tower A lifts', 'Tower A lifts'], 'Tower A lifts'],
  [['1 号楼', '1 号楼走廊'], '1 号楼 走廊'],
  [['甲座', '甲座客梯', ''], '甲座 客梯'],
  [['Mall', '3F', '3F-27', 'Lanxin Tea'], 'Mall 3F-27 Lanxin Tea'],
  [['Block 1', 'Block 10 corridors'], 'Block 1 Block 10 corridors'],
  [['Tower A', 'Towering Coffee'], 'Tower A Towering Coffee'],
  [['', 'Tower A', 'Tower A'], 'Tower A'],
  [['Mall', 'East', 'Mall lifts'], 'Mall East lifts'],
] as const)('%o is said "%s"', ([parts, said]) => {
  expect(placeName(...parts)).toBe(said);
});

test('parts that have looks of their own stay apart', () => {
  expect(saidOnce(['Tower A', 'Tower A lifts'])).toEqual(['Tower A', 'lifts']);
});
