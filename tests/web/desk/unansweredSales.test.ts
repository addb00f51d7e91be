import { expect, test } from 'vitest';
import { createUnansweredSales, type UnansweredSale } from '../../../web/features/desk/unansweredSales.ts';

const sale = (saleId: string): UnansweredSale => ({
  saleId,
  accountId: 7,
  meterId: 12,
  paidMinor: '10000',
  method: 'cash',
  customer: '麦禾烘焙',
  confirmedMs: 1_000,
});

function memory(text?: string): Pick<Storage, 'getItem' | 'setItem'> {
  const texts = new Map<string, string>();
  return {
    getItem: (key) => texts.get(key) ?? text ?? null,
    setItem: (key, value) => void texts.set(key, value),
  };
}

test('what is kept is found by the next page of the same user, and by no other', () => {
  const storage = memory();
  createUnansweredSales(storage, 1).keep(sale('a'));
  expect(createUnansweredSales(storage, 1).all()).toEqual([sale('a')]);
  expect(createUnansweredSales(storage, 2).all()).toEqual([]);
});

test('keeping it again is once; an answer ends it', () => {
  const sales = createUnansweredSales(memory(), 1);
  for (const id of ['a', 'b', 'a']) sales.keep(sale(id));
  expect(sales.all().map(({ saleId }) => saleId)).toEqual(['b', 'a']);
  sales.drop('b');
  expect(sales.all().map(({ saleId }) => saleId)).toEqual(['a']);
});

test('twenty are kept, the newest', () => {
  const sales = createUnansweredSales(memory(), 1);
  for (let n = 1; n <= 25; n++) sales.keep(sale(String(n)));
  expect(sales.all().map(({ saleId }) => saleId)).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 6)));
});

test.each(['', '{', 'null', '{"a":1}', '[1, null, {"saleId": 5}]'])('spoilt storage holds nothing: %s', (text) => {
  expect(createUnansweredSales(memory(text), 1).all()).toEqual([]);
});
