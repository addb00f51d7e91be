import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findCapabilities } from '#drivers/benchMeter/procedure.ts';
import { capabilitiesOf } from '#drivers/benchMeter/report.ts';
import type { PurseCapabilities } from '#drivers/core/index.ts';
import { ALL_CAPABILITIES } from '#drivers/simulator/meter/purseMemory.ts';
import { capabilitiesOfWords } from '#drivers/simulator/purseWords.ts';
import { moneyLine } from './moneyLine.ts';

const PROGRAM = fileURLToPath(new URL('../../../drivers/benchMeter/main.ts', import.meta.url));

async function found(capabilities: PurseCapabilities, disturb?: (line: Awaited<ReturnType<typeof moneyLine>>) => void) {
  const line = await moneyLine({ capabilities, responseTimeoutMs: 150 });
  await line.execute({ kind: 'relay', mode: 'forcedOpen' });
  disturb?.(line);
  return findCapabilities(line, () => Date.now());
}

describe('the bench procedure', () => {
  test.each([
    'full',
    'noSeq',
    'noDup',
    'noRecord',
    'noCumulative',
    'noBalance',
    'noZero',
    'noRefund',
    'noSet',
    'noSecond',
    'noSeq,noBalance',
    'noRecord,noCumulative,noSecond,noRefund,noSet,noZero',
  ])('finds what a meter does that is %s', async (words) => {
    const capabilities = capabilitiesOfWords(words);
    const result = await found(capabilities);
    if (!result.ok) throw new Error(result.message);
    expect(capabilitiesOf(result.findings)).toEqual(capabilities);
  });

  test('trusts nothing where nothing can be seen', async () => {
    const result = await found(capabilitiesOfWords('noRecord,noCumulative,noBalance'));
    expect(result.ok && capabilitiesOf(result.findings).seqChecked).toBe(false);
  });

  test('believes what it reads and not what it is told', async () => {
    const result = await found(ALL_CAPABILITIES, ({ plant, meter }) => {
      const target = { kind: 'meter', meterNumber: meter.meterNumber } as const;
      plant.faults.set({ target, fault: { kind: 'lying-refusal' } });
    });
    // Every write was answered with a refusal; only what is told by answers is lost.
    expect(result.ok && capabilitiesOf(result.findings)).toEqual({ ...ALL_CAPABILITIES, dupReported: false });
  });

  test('gives up with a sentence on a meter that cannot be sold to, or read', async () => {
    const refuses = await found(ALL_CAPABILITIES, ({ plant, meter }) => {
      plant.faults.set({ target: { kind: 'meter', meterNumber: meter.meterNumber }, fault: { kind: 'hoarding' } });
    });
    expect(refuses).toMatchObject({ ok: false, message: /cannot be sold to/ });
  });
});

describe('npm run bench-meter', () => {
  async function run(words: readonly string[]) {
    const child = spawn(process.execPath, [PROGRAM, ...words]);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const code = await new Promise((resolve) => {
      child.once('close', resolve);
    });
    return { code, out };
  }

  test('warns and touches nothing without --yes; with it prints a table and leaves the meter as it was', async () => {
    const line = await moneyLine();
    const { transport } = line.plant.manifest.gateways.flatMap(({ lines }) => lines)[0] ?? {};
    if (transport === undefined || transport.kind === 'serial') throw new Error('no address');
    const words = [
      `${transport.host}:${transport.port}`,
      String(line.meter.unitAddress),
      '--model',
      line.meter.modelId,
    ];
    const before = line.truth();
    expect(await run(words)).toMatchObject({ code: 1, out: expect.stringContaining('--yes') });
    expect(line.truth().path.purchaseCount).toBe(before.path.purchaseCount);
    const { code, out } = await run([...words, '--yes']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/seqChecked +yes/) });
    const after = line.truth();
    expect(after.path).toMatchObject({ purchaseCount: before.path.purchaseCount, forced: before.path.forced });
    expect(after.purse?.soldOutside).toBe(true);
  });

  test.each([
    [['nowhere', '1', '--model', 'acrel-dtsy1352'], /neither host:port/],
    [['h:1', '0', '--model', 'acrel-dtsy1352'], /<address> must be a whole number/],
    [['h:1', '1', '--model', 'acrel-adl3000'], /no prepaid meter/],
    [['h:1', '1', '--model', 'acrel-dtsy1352', '--server', 'http://x'], /--password-file/],
    [[], /npm run bench-meter/],
  ])('says what is wrong with %j', async (words, sentence) => {
    expect(await run(words)).toMatchObject({ code: 1, out: expect.stringMatching(sentence) });
  });
});
