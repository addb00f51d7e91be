import { describe, expect, test } from 'vitest';
import { contentHash, derivedId } from '#server/modules/accounts/canonical.ts';
import { initialsOf } from '#server/modules/accounts/initials.ts';
import { checkPolicy, defaultPolicy, fromStored, toPolicyDto } from '#server/modules/accounts/policy.ts';

describe('initials: what a cashier types', () => {
  test.each([
    ['星河咖啡', 'xhkf'],
    ['Star Coffee', 'sc'],
    ['8号仓库', '8hck'],
    ['重庆小面', 'cqxm'],
    ['单雄信', 'dxx sxx'],
    ['A座-张三 Shop 88', 'azzss88'],
    ['…', ''],
  ])('%s: %s', (name, initials) => expect(initialsOf(name)).toBe(initials));
});

describe('the key of a request', () => {
  test('the order of the fields says nothing, their content all', () => {
    const hash = (content: unknown) => contentHash(content).toString('hex');
    expect(hash({ a: 1, b: [{ c: '1', d: null }] })).toBe(hash({ b: [{ d: null, c: '1' }], a: 1 }));
    expect(hash({ a: 1 })).not.toBe(hash({ a: '1' }));
    expect(hash([1, 2])).not.toBe(hash([2, 1]));
  });
  test('an id that follows from another is a UUID and always the same', () => {
    const id = derivedId('00000000-0000-4000-8000-000000000000', 'move/7');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(derivedId('00000000-0000-4000-8000-000000000000', 'move/7')).toBe(id);
    expect(derivedId('00000000-0000-4000-8000-000000000000', 'move/8')).not.toBe(id);
  });
});

describe('the money policy', () => {
  const policy = defaultPolicy(1);
  test('defaults are those for mainland China: no service fee, no cut for property fees, nothing sold on a hope', () => {
    expect(policy).toMatchObject({ serviceFeePpm: 0, cutForPropertyFees: false, unprovenMeters: 'platform' });
    expect(() => checkPolicy(policy)).not.toThrow();
  });
  test.each([
    ['serviceFeeLegalBasis', { serviceFeePpm: 50_000 }],
    ['cutForPropertyFeesLegalBasis', { cutForPropertyFees: true }],
    ['saleMaxMinor', { saleMaxMinor: 99n }],
    ['saleMinMinor', { saleMinMinor: 0n }],
    ['cutAllowed.0.toMinute', { cutAllowed: [{ weekdays: [1], fromMinute: 600, toMinute: 600 }] }],
    ['holidays', { holidays: ['2026-02-30'] }],
  ])('refuses, by the field %s', (field, change) => {
    expect(() => checkPolicy({ ...policy, ...change })).toThrow(
      expect.objectContaining({ code: 'request.invalid', details: [expect.objectContaining({ field })] }),
    );
  });
  test('what is stored comes back as it was; what a newer release added has its default', () => {
    const { noticeHours: _added, ...stored } = toPolicyDto({ ...policy, saleMaxMinor: 12_345n });
    expect(fromStored(1, stored)).toEqual({ ...policy, saleMaxMinor: 12_345n });
  });
});
