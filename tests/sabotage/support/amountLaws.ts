import { expect } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import * as cutHours from '#domain/cutHours.ts';
import * as amount from '#domain/money/amount.ts';
import * as share from '#domain/money/share.ts';
import * as pricing from '#domain/settlement/pricing.ts';
import * as rate from '#domain/tariff/rate.ts';
import * as resale from '#domain/tariff/resale.ts';
import * as validate from '#domain/tariff/validate.ts';
import * as delivery from '#domain/vend/delivery.ts';
import * as evidence from '#domain/vend/evidence.ts';
import * as fee from '#domain/vend/fee.ts';
import type { VendFacts } from '#domain/vend/types.ts';
import type { PurseCapabilities, PurseRead } from '#drivers/core/index.ts';
import { guards } from './sourceGuard.ts';

guards('server/domain/money/amount.ts', amount, {
  'halves go away from zero': {
    ...{ guard: '* 2n + divisor) /', off: '* 2n) /' },
    law: ({ minorOfParts }) => expect(minorOfParts(500_000_000n)).toBe(1n),
  },
  'an amount has no more decimals than are kept': {
    ...{ guard: 'match === null || fraction.length > decimals', off: 'match === null' },
    law: ({ parseDecimal }) => expect(() => parseDecimal('0.123', 2)).toThrow(RangeError),
  },
});

guards('server/domain/money/share.ts', share, {
  'shares add up to what is shared': {
    ...{ guard: '(shares[index] ?? 0n) + 1n', off: 'shares[index] ?? 0n' },
    law: ({ shareOut }) => expect(shareOut(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]),
  },
  'nobody has a share below nothing': {
    ...{ guard: 'weights.some((weight) => weight < 0n)', off: 'false' },
    law: ({ shareOut }) => expect(() => shareOut(1n, [-1n, 2n])).toThrow(RangeError),
  },
});

guards('server/domain/vend/fee.ts', fee, {
  'a fee is rounded in favour of who pays': {
    ...{ guard: 'divideDown(paidMinor * BigInt(feePpm), PPM)', off: '(paidMinor * BigInt(feePpm)) / PPM + 1n' },
    law: ({ splitPaid }) => expect(splitPaid(1_650n, 30_000).feeMinor).toBe(49n),
  },
  'fee and net are what was paid': {
    ...{ guard: 'netMinor: paidMinor - feeMinor', off: 'netMinor: paidMinor' },
    law: ({ splitPaid }) => expect(splitPaid(10_000n, 30_000)).toEqual({ feeMinor: 300n, netMinor: 9_700n }),
  },
  'no more of a fee comes back than was taken': {
    ...{ guard: 'refundMinor < sale.netMinor ? refundMinor : sale.netMinor', off: 'refundMinor' },
    law: ({ feeShare }) => expect(feeShare(20_000n, { netMinor: 9_700n, feeMinor: 300n })).toBe(300n),
  },
});

const BOUND = { seq: 8, balanceMinor: 2_000n, cumulativeMinor: 50_000n, energyWh: 0n };
const SENT: VendFacts = {
  ...{ state: 'UNKNOWN', path: 'checked', fence: 'zero', amountMinor: 9_700n, bound: BOUND, attempts: 1, doubts: 0 },
  ...{ cancelAsked: false, resendAsked: false, lastHint: 'none', lastEvidence: undefined, lastSentMs: 0 },
};
const READ: PurseRead = {
  ...{ atMs: 0, receivedMs: 0, count: 7, balanceMinor: 2_000n, cumulativeMinor: undefined, records: undefined },
  ...{ energyWh: undefined, settings: undefined, prices: undefined, backup: undefined },
};
const found =
  (read: Partial<PurseRead>, wanted: object, facts: Partial<VendFacts> = {}) =>
  ({ findingOf }: typeof evidence): void => {
    expect(findingOf({ ...SENT, ...facts }, { ...READ, ...read })).toMatchObject(wanted);
  };
const DOUBT = { evidence: 'contradiction' };

guards('server/domain/vend/evidence.ts', evidence, {
  'a count that went back proves nothing': {
    ...{ guard: "if (purse.count < bound.seq - 1) return contradiction('countBehind');", off: '' },
    law: found({ count: 3 }, { ...DOUBT, cause: 'countBehind' }),
  },
  'a balance that rose without the count is no absence': {
    ...{ guard: 'amountMinor > 1n && purse.balanceMinor - bound.balanceMinor > amountMinor / 2n', off: 'false' },
    law: found({ balanceMinor: 11_700n }, { ...DOUBT, cause: 'balanceRose' }),
  },
  'nor is a sum that moved without it': {
    ...{ guard: 'cumulativeMinor !== bound.cumulativeMinor)', off: 'cumulativeMinor === -1n)' },
    law: found({ cumulativeMinor: 59_700n }, { ...DOUBT, cause: 'cumulativeContradicts' }),
  },
  'a record that the sum contradicts is no proof': {
    ...{ guard: 'bySum !== undefined && bySum !== recorded', off: 'false' },
    law: found({ count: 8, records: [{ count: 8, amountMinor: 9_700n }], cumulativeMinor: 50_000n }, DOUBT),
  },
  'nor one of a meter that holds it twice': {
    ...{ guard: 'purse.balanceMinor - bound.balanceMinor > amount + amount / 2n', off: 'false' },
    law: found({ count: 8, records: [{ count: 8, amountMinor: 9_700n }], balanceMinor: 21_400n }, DOUBT, {
      path: 'writeOnce',
      fence: 'quiet',
    }),
  },
  'nor a balance that nothing of ours explains': {
    ...{ guard: "candidates.length === 1 && only !== undefined ? only : contradiction('amountUnknown')" },
    off: 'facts.amountMinor',
    law: found({ count: 8, balanceMinor: 7_000n }, { ...DOUBT, cause: 'amountUnknown' }),
  },
});

const CAN: PurseCapabilities = {
  ...{ seqChecked: true, dupReported: true, readRecord: true, readCumulative: true, readBalance: true },
  ...{ zeroPurchase: true, refundCommand: true, setAbsolute: true, secondTariffSet: true },
};
const planned =
  (minor: bigint, lacks: Partial<PurseCapabilities>, wanted: object) =>
  ({ planDelivery }: typeof delivery): void => {
    expect(planDelivery(minor, { ...CAN, ...lacks }, false)).toMatchObject(wanted);
  };

guards('server/domain/vend/delivery.ts', delivery, {
  'nothing is sent to a meter that shows nothing': {
    guard: "return { ok: false, why: 'unreadable' };",
    off: '{}',
    law: planned(1n, { readBalance: false, readRecord: false, readCumulative: false }, { ok: false }),
  },
  'what does not check its count is not sold to': {
    guard: "return allowWriteOnce ? { ok: true, path: 'writeOnce', fence: 'quiet' } : { ok: false, why: 'unproven' };",
    off: "return { ok: true, path: 'checked', fence: 'zero' };",
    law: planned(1n, { seqChecked: false }, { ok: false, why: 'unproven' }),
  },
  'what cannot give back is not asked to': {
    guard: "setAbsolute ? { ok: true, path: 'absolute', fence: 'quiet' } : { ok: false, why: 'noRefund' }",
    off: "{ ok: true, path: 'absolute', fence: 'quiet' }",
    law: planned(-1n, { refundCommand: false, setAbsolute: false }, { ok: false, why: 'noRefund' }),
  },
  'a fence is one that the meter takes': {
    ...{ guard: "zeroPurchase ? 'zero' : 'cent'", off: "'zero'" },
    law: planned(1n, { zeroPurchase: false }, { fence: 'cent' }),
  },
});

const DAYS = { tables: [Array.from({ length: 96 }, () => 'flat' as const)], rules: [{ table: 0 }] };
const TIME_OF_USE = {
  kind: 'timeOfUse' as const,
  days: DAYS,
  prices: { sharp: 1n, peak: 1n, flat: 1n, valley: 1n, deepValley: 1n },
};

guards('server/domain/tariff/rate.ts', rate, {
  'nothing below nothing is billed': {
    guard: "if (consumption.total < 0n || usedBefore < 0n) throw new RangeError('negative consumption is not billed');",
    off: '',
    law: ({ rateConsumption }) =>
      expect(() => rateConsumption({ kind: 'single', price: 1n }, { total: -1n, byRate: undefined })).toThrow(
        RangeError,
      ),
  },
  'a price by the hour needs what was used when': {
    guard: "if (byRate === undefined) throw new RangeError('a time-of-use price needs quantities by rate');",
    off: '',
    law: ({ rateConsumption }) =>
      expect(() => rateConsumption(TIME_OF_USE, { total: 5n, byRate: undefined })).toThrow(RangeError),
  },
  'and all of it': {
    ...{ guard: 'quantities.reduce((sum, quantity) => sum + quantity, 0n) !== total', off: 'false' },
    law: ({ rateConsumption }) =>
      expect(() => rateConsumption(TIME_OF_USE, { total: 5n, byRate: { flat: 4n } })).toThrow(RangeError),
  },
});

guards('server/domain/tariff/resale.ts', resale, {
  'the cap of resale is not rounded up': {
    ...{ guard: 'const capPrice = divideDown(', off: 'const capPrice = divideHalfUp(' },
    law: ({ checkResale }) => {
      const bill = { gridBillMinor: 10_000n, gridQuantity: 3_000_000n, tenantMinor: 0n, tenantPrice: 0n };
      expect(checkResale({ ...bill, floatPpm: 100_000 }).float.capPrice).toBe(3_666_600n);
    },
  },
});

guards('server/domain/tariff/validate.ts', validate, {
  'parts of a price are the price': {
    ...{ guard: 'price !== sumOfStep(components, step)', off: 'price < 0n && step < 0' },
    law: ({ faultsOf }) => {
      const components = [{ name: 'water', prices: [4n] }];
      expect(faultsOf({ kind: 'single', price: 5n, components }, new Set())).toHaveLength(1);
    },
  },
  'some price holds on every day': {
    ...{ guard: 'index === last && !matchesEveryDay(rule)', off: 'false' },
    law: ({ faultsOf }) => {
      const days = { ...DAYS, rules: [{ table: 0, weekdays: [1] }] };
      expect(faultsOf({ ...TIME_OF_USE, days }, new Set())).toHaveLength(1);
    },
  },
});

const at = (atMs: number, value: bigint) => ({ atMs, value, estimated: false });
const SEGMENT = { from: at(0, 0n), to: at(1, 5n), delta: 5n, quality: 'measured' } as const;
guards('server/domain/settlement/pricing.ts', pricing, {
  'nothing is charged at a price that nobody published': {
    ...{ guard: 'if (span === undefined) return { priced, unpriced: segment };' },
    off: 'if (span === undefined) continue;',
    law: ({ priceSegments }) => {
      const tiers = { used: () => 0n, add: () => undefined };
      const by = { spans: [], calendar: zonedCalendar('UTC'), dayLists: new Map(), tiers, reads: [] };
      expect(priceSegments([SEGMENT], by)).toEqual({ priced: [], unpriced: SEGMENT });
    },
  },
  'a month is cut off from the next': {
    ...{ guard: 'atMs = nextMonth(calendar, atMs)) cuts.add(atMs);', off: 'atMs = toMs) {}' },
    law: ({ cutsBetween }) => {
      const [from, to] = [Date.parse('2026-01-15Z'), Date.parse('2026-02-15Z')];
      expect(cutsBetween([], zonedCalendar('UTC'), from, to)).toEqual([Date.parse('2026-02-01Z')]);
    },
  },
});

guards('server/domain/cutHours.ts', cutHours, {
  'nobody is cut on a holiday': {
    ...{ guard: 'if (hours.holidays.includes(date)) return [];', off: '' },
    law: ({ mayCutAt }) => {
      const hours = { cutAllowed: [], holidays: ['2026-10-01'], extraWorkdays: [] };
      expect(mayCutAt(hours, zonedCalendar('UTC'), Date.parse('2026-10-01T12:00Z'))).toBe(false);
    },
  },
});
