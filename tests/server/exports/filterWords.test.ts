import { expect, test } from 'vitest';
import { FIELD_WORDS } from '#server/modules/exports/filterWords.ts';
import { CONTRACTS } from '../../support/contracts.ts';

test.for(CONTRACTS.filter(([, { file, method }]) => file !== undefined && method === 'GET'))(
  '%s has words of both languages for every field of its filter',
  ([, { query }]) => {
    const fields = Object.keys(query?.properties ?? {}).filter((field) => field !== 'lang');
    expect(fields.filter((field) => FIELD_WORDS[field] === undefined)).toEqual([]);
  },
);
