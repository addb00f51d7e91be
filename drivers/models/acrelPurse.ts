import type { PurseTable, WriteFrame } from '#drivers/core/index.ts';

/** Money control: one frame of 30 registers in which an enable byte stands before each part. */
const MONEY_CONTROL = { function: 0x20, start: 0x0200, registers: 30 } as const;

/** Registers that only the simulated meter has; a real one refuses them with exception 02. */
const WINDOW = 0x6000;

const PURCHASE: WriteFrame = {
  function: 0x20,
  start: 0x0100,
  registers: 4,
  parts: [
    { value: 'amountMinor', byte: 0, type: 'u32' },
    { value: 'count', byte: 4, type: 'u16' },
  ],
};

/**
 * The prepaid side that DDSY1352 and DTSY1352 share.
 *
 * Known from the maker's own tool (malikdoksoz/ddsy-decmp, ADF400读取DIDO.cs): purchase (0x0100), money control (0x0200,
 * byte by byte), clock (0x0354), the configuration block at 0x0046. Scales follow from the tool's display: amounts in
 * 0.01, prices by the habit of DL/T 645 in 0.0001; both are to be checked at the first real meter.
 *
 * Not documented by anybody: purchase records, all that was ever bought, a refund, the hoarding limit, a second price
 * set, a price of deep valley. They stand in a window at 0x6000 of our own making, which the simulated meter has and
 * `npm run bench-meter` finds that a real one has not. Nothing of it is asked by the vendor's function: there the low
 * byte of an address names a loop, and a made-up one might buy. The overload limit is there too: the maker's frame for it
 * (0x0400) would overwrite two more limits that nobody has read.
 *
 * A meter whose register 0x0022 bit 5 is set wants these writes encrypted; that is not spoken here, and it refuses.
 */
export const ACREL_PURSE: PurseTable = {
  blocks: [
    { start: 0x0046, count: 28 },
    { start: WINDOW, count: 58 },
  ],
  fields: [
    // The window has all that one purchase changes in one frame, so that nothing lands between its parts.
    { value: 'count', address: WINDOW, type: 'u16' },
    { value: 'balanceMinor', address: WINDOW + 1, type: 'i32' },
    { value: 'cumulativeMinor', address: WINDOW + 3, type: 'i64', absentWhenOnes: true },
    { value: 'hoardingLimitMinor', address: WINDOW + 7, type: 'u32', absentWhenOnes: true },
    { value: 'overloadLimitW', address: WINDOW + 9, type: 'u32', absentWhenOnes: true },
    { value: 'deepValley', address: WINDOW + 11, type: 'u32', absentWhenOnes: true },
    { value: 'backupSharp', address: WINDOW + 13, type: 'u32', absentWhenOnes: true },
    { value: 'backupPeak', address: WINDOW + 15, type: 'u32', absentWhenOnes: true },
    { value: 'backupFlat', address: WINDOW + 17, type: 'u32', absentWhenOnes: true },
    { value: 'backupValley', address: WINDOW + 19, type: 'u32', absentWhenOnes: true },
    { value: 'backupDeepValley', address: WINDOW + 21, type: 'u32', absentWhenOnes: true },
    { value: 'switchMinute', address: WINDOW + 23, type: 'u32', absentWhenOnes: true },
    // The live block: count and balance come in one frame here too.
    { value: 'count', address: 0x0221, type: 'u16' },
    { value: 'balanceMinor', address: 0x021f, type: 'i32' },
    { value: 'alarm1Minor', address: 0x0046, type: 'u32' },
    { value: 'alarm2Minor', address: 0x0048, type: 'u32' },
    { value: 'overdraftMinor', address: 0x004a, type: 'u32' },
    { value: 'count', address: 0x004e, type: 'u16' },
    { value: 'balanceMinor', address: 0x004f, type: 'i32' },
    { value: 'forceOn', address: 0x0057, type: 'u16' },
    { value: 'forceOpen', address: 0x0058, type: 'u16' },
    { value: 'sharp', address: 0x0059, type: 'u32' },
    { value: 'peak', address: 0x005b, type: 'u32' },
    { value: 'flat', address: 0x005d, type: 'u32' },
    { value: 'valley', address: 0x005f, type: 'u32' },
    { value: 'overloadLimitW', address: 0x0061, type: 'u16' },
  ],
  records: { address: WINDOW + 28, entries: 10 },
  purchase: PURCHASE,
  refund: { ...PURCHASE, function: 16, start: WINDOW + 0x80 },
  setPurse: {
    ...MONEY_CONTROL,
    parts: [
      { value: 'balanceMinor', byte: 3, type: 'i32', enable: 2 },
      { value: 'count', byte: 8, type: 'u16', enable: 7 },
    ],
  },
  prices: [
    { function: 16, start: WINDOW + 11, registers: 2, parts: [{ value: 'deepValley', byte: 0, type: 'u32' }] },
    {
      ...MONEY_CONTROL,
      parts: [
        { value: 'sharp', byte: 30, type: 'u32', enable: 29 },
        { value: 'peak', byte: 34, type: 'u32', enable: 29 },
        { value: 'flat', byte: 38, type: 'u32', enable: 29 },
        { value: 'valley', byte: 42, type: 'u32', enable: 29 },
      ],
    },
  ],
  backupPrices: [
    {
      function: 16,
      start: WINDOW + 13,
      registers: 12,
      parts: [
        { value: 'backupSharp', byte: 0, type: 'u32' },
        { value: 'backupPeak', byte: 4, type: 'u32' },
        { value: 'backupFlat', byte: 8, type: 'u32' },
        { value: 'backupValley', byte: 12, type: 'u32' },
        { value: 'backupDeepValley', byte: 16, type: 'u32' },
        { value: 'switchMinute', byte: 20, type: 'u32' },
      ],
    },
  ],
  settings: [
    {
      function: 16,
      start: WINDOW + 7,
      registers: 2,
      parts: [{ value: 'hoardingLimitMinor', byte: 0, type: 'u32' }],
    },
    { function: 16, start: WINDOW + 9, registers: 2, parts: [{ value: 'overloadLimitW', byte: 0, type: 'u32' }] },
    {
      ...MONEY_CONTROL,
      parts: [
        { value: 'alarm1Minor', byte: 21, type: 'u32', enable: 20 },
        { value: 'alarm2Minor', byte: 25, type: 'u32', enable: 20 },
        { value: 'overdraftMinor', byte: 47, type: 'u32', enable: 46 },
      ],
    },
  ],
  clock: {
    function: 0x20,
    start: 0x0354,
    registers: 5,
    parts: [
      { value: 'second', byte: 0, type: 'u8' },
      { value: 'minute', byte: 1, type: 'u8' },
      { value: 'hour', byte: 2, type: 'u8' },
      { value: 'weekday', byte: 3, type: 'u8' },
      { value: 'day', byte: 4, type: 'u8' },
      { value: 'month', byte: 5, type: 'u8' },
      { value: 'year', byte: 6, type: 'u8' },
    ],
  },
  // Codes of the simulated meter, above those that Modbus gives a meaning to.
  refusals: { 64: 'duplicate', 65: 'count', 66: 'hoarding' },
};
