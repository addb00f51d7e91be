import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Names of guards as the tables of this folder have them. */
const NAME = /^ {2,4}'([^']+)': (?:\{$|(?:constraint|trigger|index|kept|sentence|history|stays|right)\()/gm;
const TABLES = [
  'sourceLaws',
  'amountLaws',
  'ruleLaws',
  'databaseLaws',
  'bookLaws',
  'historyLaws',
  'serviceLaws',
  'moneyLaws',
].map((name) => `support/${name}.ts`);

test('the list for people and the tables name the same guards', () => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8');
  const tested = TABLES.flatMap((file) => [...read(file).matchAll(NAME)].map(([, name]) => name));
  const listed = [...read('README.md').matchAll(/^\| (.+?) \| `/gm)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(tested.filter((name) => !name?.startsWith('modules/'))));
  expect(listed.length).toBeGreaterThan(230);
});
