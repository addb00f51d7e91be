import { describe, expect, test } from 'vitest';
import './support/amountLaws.ts';
import './support/ruleLaws.ts';
import { SOURCE_GUARDS } from './support/sourceGuard.ts';
import './support/sourceLaws.ts';

/** Guards that are functions: each law is green as the source stands, and red over the same source with the guard off. */
describe.for([...SOURCE_GUARDS])('%s', ([, guards]) => {
  test.for(guards.map((guard) => [guard.name, guard] as const))('%s', async ([, guard]) => {
    guard.holds();
    // An assertion, not a program that no longer runs.
    expect(await guard.misses()).toBe('AssertionError');
  });
});
