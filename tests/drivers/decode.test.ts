import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { capturesOf } from './support/frames.ts';

const DECODE = fileURLToPath(new URL('../../drivers/decode.ts', import.meta.url));

/** Runs the command as people do; the exit code is part of its answer. */
async function decode(...args: readonly string[]) {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [DECODE, ...args]);
    return { code: 0, said: JSON.parse(stdout), stderr };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'stderr' in error)) throw error;
    return { code: error.code, said: undefined, stderr: String(error.stderr).trim() };
  }
}

describe('npm run decode', () => {
  test('says what a frame says', async () => {
    expect(await decode('modbus-rtu', '01 03 02 00 00 30 44 66')).toMatchObject({
      code: 0,
      said: {
        checksum: 'fits',
        meanings: [{ direction: 'to the meter', unit: 1, function: 3, startHex: '0x0200', quantity: 48 }],
      },
    });
  });

  test('says what the registers mean when the model is named', async () => {
    const capture = capturesOf('acrel-dtsy1352')[0];
    const result = await decode(
      'modbus-rtu',
      capture?.exchanges[0]?.reply ?? '',
      '--model',
      'acrel-dtsy1352',
      '--start',
      '0x0200',
    );
    expect(result.said.meanings[0]).toMatchObject({
      values: capture?.expected.values,
      balanceMinor: capture?.expected.balanceMinor,
      status: capture?.expected.status,
      meterClock: capture?.expected.meterClock,
    });
  });

  const bad: readonly (readonly [string, readonly string[], string])[] = [
    ['a wrong checksum', ['modbus-rtu', '0103020000304467'], 'crc: CRC-16 does not fit'],
    ['no hex', ['modbus-rtu', '01 0g'], 'that is not hex: two digits a byte, spaces allowed'],
    ['an unknown protocol', ['dlms', '7e'], 'unknown protocol dlms; known: modbus-rtu, modbus-tcp'],
    [
      'a model without an address',
      ['modbus-rtu', '01', '--model', 'eastron-sdm630'],
      'a reply does not say where its registers begin: give --start',
    ],
    [
      'an address that is none',
      ['modbus-rtu', '01', '--start', 'x'],
      '--start x is no register address: 0 to 65535 or 0x0000 to 0xffff',
    ],
  ];
  for (const [name, args, reason] of bad) {
    test(`${name}: exit 1 and the reason`, async () => {
      expect(await decode(...args)).toEqual({ code: 1, said: undefined, stderr: reason });
    });
  }
});
