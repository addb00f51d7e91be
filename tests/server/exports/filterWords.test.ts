import { expect, test } from 'vitest';
import { STATE_WORDS } from '#contract/words.ts';
import { GIVER_RULES } from '#server/modules/commands/types.ts';
import { FIELD_WORDS } from '#server/modules/exports/filterWords.ts';
import { CONTRACTS } from '../../support/contracts.ts';

test.for(CONTRACTS.filter(([, { file, method }]) => file !== undefined && method === 'GET'))(
  '%s has words of both languages for every field of its filter',
  ([, { query }]) => {
    const fields = Object.keys(query?.properties ?? {}).filter((field) => field !== 'lang');
    expect(fields.filter((field) => FIELD_WORDS[field] === undefined)).toEqual([]);
  },
);

test('every rule that gives orders by itself has words in both languages', () => {
  for (const words of [STATE_WORDS.zh, STATE_WORDS.en])
    expect(Object.keys(words.giverRule).toSorted()).toEqual(GIVER_RULES.toSorted());
});
