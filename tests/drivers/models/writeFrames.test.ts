import { describe, expect, test } from 'vitest';
import { encodeRtuRequest, framesOf, hexFromBytes, purseWriteOf } from '#drivers/codec/index.ts';
import type { MeterCommand } from '#drivers/core/index.ts';
import { acrelDdsy1352 } from '#drivers/models/acrelDdsy1352.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';

/** Local time of the meter is eight hours ahead, whatever the season. */
const shanghai = (atMs: number) => atMs + 8 * 3_600_000;

function framesFor(command: MeterCommand, model = acrelDtsy1352): readonly string[] {
  const said = framesOf(model, command, shanghai);
  if (!said.ok) throw new Error(said.message);
  return said.frames.map((frame) => hexFromBytes(encodeRtuRequest(1, frame), ' '));
}

/** Sixty bytes of money control with some of them set. */
function moneyControl(parts: Readonly<Record<number, string>>): string {
  const bytes = Array<string>(60).fill('00');
  for (const [at, hex] of Object.entries(parts))
    for (const [index, byte] of hex.split(' ').entries()) bytes[Number(at) + index] = byte;
  return `01 20 02 00 00 1e 3c ${bytes.join(' ')}`;
}

/** What goes on the wire, byte by byte: built by hand from what the maker's own tool sends. */
describe.each([
  ['DTSY1352', acrelDtsy1352],
  ['DDSY1352', acrelDdsy1352],
])('%s is told', (_name, model) => {
  test.each<[string, MeterCommand, readonly string[]]>([
    ['to trip', { kind: 'relay', mode: 'forcedOpen' }, ['01 10 00 57 00 02 04 00 01 00 01 27 75']],
    ['to close', { kind: 'relay', mode: 'forcedClosed' }, ['01 10 00 57 00 02 04 00 01 00 00 e6 b5']],
    ['to follow its balance', { kind: 'relay', mode: 'automatic' }, ['01 10 00 57 00 02 04 00 00 00 00 b7 75']],
    [
      'of a purchase',
      { kind: 'purchase', amountMinor: 10_000n, count: 5 },
      ['01 20 01 00 00 04 08 00 00 27 10 00 05 00 00 53 de'],
    ],
    [
      'the time: 2026-11-22 20:15:30 of a Sunday',
      { kind: 'clock', atMs: Date.UTC(2026, 10, 22, 12, 15, 30) },
      ['01 20 03 54 00 05 0a 1e 0f 14 00 16 0b 1a 00 00 00'],
    ],
    [
      'balance and count',
      { kind: 'setPurse', balanceMinor: 10_000n, count: 7 },
      [moneyControl({ 2: '01 00 00 27 10', 7: '01 00 07' })],
    ],
    [
      'prices',
      { kind: 'prices', prices: { sharp: 11_340, peak: 9_310, flat: 7_357, valley: 5_169 } },
      [moneyControl({ 29: '01 00 00 2c 4c 00 00 24 5e 00 00 1c bd 00 00 14 31' })],
    ],
    [
      'both alarms and the overdraft',
      { kind: 'settings', settings: { alarm1Minor: 5_000n, alarm2Minor: 2_000n, overdraftMinor: 1_000n } },
      [moneyControl({ 20: '01 00 00 13 88 00 00 07 d0', 46: '01 00 00 03 e8' })],
    ],
    [
      'the overdraft alone',
      { kind: 'settings', settings: { overdraftMinor: 0n } },
      [moneyControl({ 46: '01 00 00 00 00' })],
    ],
  ])('%s', (_what, command, expected) => {
    // Where the checksum is not printed anywhere it is not looked at: it is the codec's, and tested there.
    expect(framesFor(command, model)).toEqual(expected.map((hex) => expect.stringMatching(new RegExp(`^${hex}`))));
  });
});

test('what only the simulated meter has goes first, so that a real one refuses before anything has changed', () => {
  const settings = { alarm1Minor: 1n, alarm2Minor: 1n, hoardingLimitMinor: 9n };
  expect(framesFor({ kind: 'settings', settings }).map((hex) => hex.slice(0, 11))).toEqual([
    '01 10 60 07',
    '01 20 02 00',
  ]);
});

test('a simulated meter understands by the same table what it is told, kind by kind', () => {
  const commands: readonly (readonly [MeterCommand, string, object])[] = [
    [{ kind: 'purchase', amountMinor: 12n, count: 3 }, 'purchase', { amountMinor: 12, count: 3 }],
    [{ kind: 'refund', amountMinor: 12n, count: 3 }, 'refund', { amountMinor: 12, count: 3 }],
    [{ kind: 'setPurse', balanceMinor: -5n, count: 3 }, 'setPurse', { balanceMinor: -5, count: 3 }],
    [{ kind: 'settings', settings: { overdraftMinor: 8n } }, 'settings', { overdraftMinor: 8 }],
    [
      { kind: 'prices', prices: { sharp: 1, peak: 2, flat: 3, valley: 4 } },
      'prices',
      { sharp: 1, peak: 2, flat: 3, valley: 4 },
    ],
    [
      { kind: 'prices', prices: { sharp: 1, peak: 2, flat: 3, valley: 4, deepValley: 5 }, switchAtMs: 120_000 },
      'backupPrices',
      { backupSharp: 1, backupPeak: 2, backupFlat: 3, backupValley: 4, backupDeepValley: 5, switchMinute: 2 },
    ],
  ];
  for (const [command, kind, values] of commands) {
    const said = framesOf(acrelDtsy1352, command, shanghai);
    const [frame] = said.ok ? said.frames : [];
    if (frame === undefined || acrelDtsy1352.purse === undefined) throw new Error('no frame');
    expect(purseWriteOf(acrelDtsy1352.purse, frame)).toEqual([{ kind, values }]);
  }
});
