import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { openSpool, type Spool } from '#server/platform/spool/index.ts';

const ROOM = 1_000_000;

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'meterwall-spool-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'deep', 'spool');
}

const reopen = (dir: string, maxBytes = ROOM) => openSpool({ dir, maxBytes, log: silentLog });

async function appendAll(spool: Spool, texts: readonly string[]): Promise<void> {
  for (const text of texts) await spool.append(Buffer.from(text), text.length);
}

/** Takes up to `count` records out. */
async function take(spool: Spool, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const record = await spool.peek();
    if (record === undefined) break;
    texts.push(Buffer.from(record).toString());
    await spool.shift();
  }
  return texts;
}

const segmentsIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(dir, name));
const bytesIn = (dir: string): number => segmentsIn(dir).reduce((sum, path) => sum + statSync(path).size, 0);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `record ${index}`);

describe('order', () => {
  test('what came first goes first, and stays until it was delivered', async () => {
    const spool = await reopen(newDir());
    expect(await spool.peek()).toBeUndefined();
    await appendAll(spool, ['one', 'two']);
    expect(Buffer.from((await spool.peek()) ?? []).toString()).toBe('one');
    expect(Buffer.from((await spool.peek()) ?? []).toString()).toBe('one');
    await spool.append(Buffer.from('three'), 1);
    expect(await take(spool)).toEqual(['one', 'two', 'three']);
    expect(await spool.peek()).toBeUndefined();
    await spool.close();
  });

  test('bytes are what they were, none and all values', async () => {
    const spool = await reopen(newDir());
    const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    await spool.append(new Uint8Array(), 0);
    await spool.append(all, 1);
    expect(await spool.peek()).toEqual(Buffer.alloc(0));
    await spool.shift();
    expect(Buffer.compare((await spool.peek()) ?? Buffer.alloc(0), all)).toBe(0);
    await spool.close();
  });

  test('calls that are made at once run in the order made', async () => {
    const spool = await reopen(newDir());
    await Promise.all(numbered(50).map((text) => spool.append(Buffer.from(text), 1)));
    expect(await take(spool)).toEqual(numbered(50));
    await spool.close();
  });

  test('a shift without a peek delivers nothing', async () => {
    const spool = await reopen(newDir());
    await appendAll(spool, ['one']);
    await spool.shift();
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });

  test('figures say what waits', async () => {
    const spool = await reopen(newDir());
    await appendAll(spool, ['one', 'three']);
    expect(spool.figures()).toEqual({
      records: 2,
      items: 8,
      bytes: 48,
      maxBytes: ROOM,
      droppedRecords: 0,
      droppedItems: 0,
    });
    await take(spool, 1);
    expect(spool.figures()).toMatchObject({ records: 1, items: 5, bytes: 25 });
    await take(spool);
    expect(spool.figures()).toMatchObject({ records: 0, bytes: 0, droppedRecords: 0 });
    await spool.close();
  });

  test('many segments: the delivered ones leave the disk', async () => {
    const dir = newDir();
    const spool = await reopen(dir, 16_000);
    const texts = numbered(300);
    await appendAll(spool, texts);
    expect(segmentsIn(dir).length).toBeGreaterThan(5);
    expect(await take(spool)).toEqual(texts);
    await spool.peek();
    expect(segmentsIn(dir)).toHaveLength(1);
    await spool.close();
  });
});

describe('reopening', () => {
  test('what waits is there, what was delivered is not', async () => {
    const dir = newDir();
    const texts = numbered(300);
    const first = await reopen(dir, 16_000);
    await appendAll(first, texts);
    await take(first, 123);
    await first.close();
    const second = await reopen(dir, 16_000);
    expect(second.figures().records).toBe(177);
    await second.append(Buffer.from('later'), 5);
    expect(await take(second)).toEqual([...texts.slice(123), 'later']);
    await second.close();
    const third = await reopen(dir, 16_000);
    expect(third.figures()).toMatchObject({ records: 0, bytes: 0 });
    expect(await third.peek()).toBeUndefined();
    await third.close();
  });

  test('a closed spool says so', async () => {
    const spool = await reopen(newDir());
    await spool.close();
    await spool.close();
    await expect(spool.append(Buffer.from('x'), 1)).rejects.toThrow('is closed');
  });

  test.for<[string, string]>([
    ['nothing readable', 'what?'],
    ['an empty file after a power cut', ''],
    ['a place inside a record', '1 7                            \n'],
    ['a place behind the end', '1 999999                       \n'],
    ['a segment that is gone', '0 24                           \n'],
  ])('a delivered position that names %s delivers again rather than never', async ([, content]) => {
    const dir = newDir();
    const first = await reopen(dir);
    await appendAll(first, ['one', 'two']);
    await take(first, 1);
    await first.close();
    writeFileSync(join(dir, 'delivered'), content);
    const second = await reopen(dir);
    expect(await take(second)).toEqual(['one', 'two']);
    await second.close();
  });

  test('a position from the future means that everything before it was delivered', async () => {
    const dir = newDir();
    const first = await reopen(dir);
    await appendAll(first, ['one']);
    await first.close();
    writeFileSync(join(dir, 'delivered'), `${'7 0'.padEnd(31)}\n`);
    const second = await reopen(dir);
    expect(await second.peek()).toBeUndefined();
    await second.append(Buffer.from('two'), 1);
    expect(segmentsIn(dir).map((path) => path.slice(-20))).toEqual(['000000000008.segment']);
    await second.close();
  });
});

describe('kill -9', () => {
  /** Runs a program with an open spool `spool`, which ends by killing itself. */
  function killed(dir: string, body: string): void {
    const program = `import { openSpool } from '#server/platform/spool/index.ts';
      import { silentLog } from '#server/platform/log.ts';
      const spool = await openSpool({ dir: ${JSON.stringify(dir)}, maxBytes: ${ROOM}, log: silentLog });
      ${body}
      process.kill(process.pid, 'SIGKILL');`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: process.cwd() });
    expect({ signal: run.signal, said: run.stderr.toString() }).toEqual({ signal: 'SIGKILL', said: '' });
  }

  test('after an append: the record is there', async () => {
    const dir = newDir();
    killed(dir, `await spool.append(Buffer.from('one'), 1);`);
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });

  test('between delivery and shift: the record is given again', async () => {
    const dir = newDir();
    killed(dir, `await spool.append(Buffer.from('one'), 1); await spool.peek();`);
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });

  test('after a shift: the record is not given again', async () => {
    const dir = newDir();
    killed(
      dir,
      `await spool.append(Buffer.from('one'), 1); await spool.append(Buffer.from('two'), 1);
       await spool.peek(); await spool.shift();`,
    );
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['two']);
    await spool.close();
  });

  test('in the middle of appending: all that was acknowledged is there, in order', async () => {
    const dir = newDir();
    killed(
      dir,
      `const big = 'x'.repeat(5000);
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), 150);
       for (let n = 0; ; n += 1) {
         await spool.append(Buffer.from(n + ' ' + big), 1);
         (await import('node:fs')).writeFileSync(${JSON.stringify(`${dir}.acknowledged`)}, String(n));
       }`,
    );
    const acknowledged = Number(readFileSync(`${dir}.acknowledged`, 'utf8'));
    const spool = await reopen(dir);
    const numbers = (await take(spool)).map((text) => Number(text.split(' ')[0]));
    const dropped = spool.figures().droppedRecords;
    expect(dropped).toBe(0);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(numbers.at(-1)).toBeGreaterThanOrEqual(acknowledged);
    await spool.close();
  });
});

describe('what is on the disk is not what was written', () => {
  /** A folder with one segment of these records. */
  async function written(texts: readonly string[]): Promise<{ readonly dir: string; readonly path: string }> {
    const dir = newDir();
    const spool = await reopen(dir);
    await appendAll(spool, texts);
    await spool.close();
    return { dir, path: segmentsIn(dir)[0] ?? '' };
  }

  test('a tail torn at any byte costs the record that was torn, and no error', async () => {
    const { dir, path } = await written(['one', 'two', 'the last one']);
    const whole = readFileSync(path);
    const lastAt = 2 * 23;
    for (let bytes = lastAt; bytes < whole.length; bytes += 1) {
      const torn = newDir();
      mkdirSync(torn, { recursive: true });
      writeFileSync(join(torn, path.slice(-20)), whole.subarray(0, bytes));
      copyFileSync(join(dir, 'delivered'), join(torn, 'delivered'));
      const spool = await reopen(torn);
      await spool.append(Buffer.from('next'), 1);
      expect(await take(spool), `torn after ${bytes} bytes`).toEqual(['one', 'two', 'next']);
      expect(spool.figures(), `torn after ${bytes} bytes`).toMatchObject({ records: 0, bytes: 0, droppedRecords: 0 });
      await spool.close();
    }
  });

  test('any damaged byte in the middle costs that one record, counted', async () => {
    const { path } = await written(['one', 'two', 'three']);
    const whole = readFileSync(path);
    for (let at = 23; at < 46; at += 1) {
      const dir = newDir();
      mkdirSync(dir, { recursive: true });
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
      writeFileSync(join(dir, path.slice(-20)), damaged);
      const spool = await reopen(dir);
      expect(await take(spool), `byte ${at}`).toEqual(['one', 'three']);
      const inHeader = at < 43;
      expect(spool.figures(), `byte ${at}`).toMatchObject({
        records: 0,
        bytes: 0,
        droppedRecords: 1,
        droppedItems: inHeader ? 0 : 3,
      });
      await spool.close();
    }
  });

  test('a payload that looks like records is one record, also behind a damaged header', async () => {
    const inner = await written(['inner']);
    const nested = readFileSync(inner.path);
    const dir = newDir();
    const first = await reopen(dir);
    await first.append(nested, 1);
    await first.append(Buffer.from('MWS1MWS1MWS1'), 1);
    await first.append(Buffer.from('end'), 1);
    await first.close();
    const spool = await reopen(dir);
    expect(await spool.peek()).toEqual(nested);
    await spool.shift();
    expect(await take(spool)).toEqual(['MWS1MWS1MWS1', 'end']);
    await spool.close();
  });

  test('a segment full of zeros, as after a power cut, is one damaged record', async () => {
    const { dir, path } = await written(['one']);
    writeFileSync(path.replace('000000000001', '000000000002'), Buffer.alloc(4_096));
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['one']);
    expect(spool.figures()).toMatchObject({ records: 0, droppedRecords: 1 });
    await spool.close();
  });

  test('foreign files are left alone', async () => {
    const { dir } = await written(['one']);
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['one']);
    expect(readFileSync(join(dir, 'notes.txt'), 'utf8')).toBe('mine');
    await spool.close();
  });
});

describe('the bound', () => {
  test('the oldest segment goes, counted; the disk never holds more', async () => {
    const dir = newDir();
    const maxBytes = 4_000;
    const spool = await reopen(dir, maxBytes);
    const texts = numbered(500);
    for (const text of texts) {
      await spool.append(Buffer.from(text), 2);
      expect(bytesIn(dir)).toBeLessThanOrEqual(maxBytes);
    }
    const { records, droppedRecords, droppedItems } = spool.figures();
    expect(records + droppedRecords).toBe(500);
    expect(droppedItems).toBe(2 * droppedRecords);
    expect(records * 30).toBeGreaterThan(maxBytes * 0.8);
    expect(await take(spool)).toEqual(texts.slice(-records));
    await spool.close();
  });

  test('a record that is being delivered when its segment goes is not mistaken for the next one', async () => {
    const spool = await reopen(newDir(), 64);
    await spool.append(Buffer.from('a'.repeat(20)), 1);
    expect(Buffer.from((await spool.peek()) ?? []).toString()).toBe('a'.repeat(20));
    await spool.append(Buffer.from('b'.repeat(20)), 1);
    await spool.shift();
    expect(await take(spool)).toEqual(['b'.repeat(20)]);
    expect(spool.figures()).toMatchObject({ droppedRecords: 1, records: 0 });
    await spool.close();
  });

  test('what was delivered makes room and is no loss', async () => {
    const spool = await reopen(newDir(), 1_000);
    for (const text of numbered(200)) {
      await spool.append(Buffer.from(text), 1);
      expect(await take(spool)).toEqual([text]);
    }
    expect(spool.figures()).toMatchObject({ records: 0, bytes: 0, droppedRecords: 0 });
    await spool.close();
  });

  test('a smaller bound at the next start makes room at the next append', async () => {
    const dir = newDir();
    const first = await reopen(dir, 16_000);
    await appendAll(first, numbered(300));
    await first.close();
    const second = await reopen(dir, 2_000);
    await second.append(Buffer.from('new'), 1);
    expect(bytesIn(dir)).toBeLessThanOrEqual(2_000);
    expect((await take(second)).at(-1)).toBe('new');
    await second.close();
  });

  test('a record larger than the spool is refused and nothing goes for it', async () => {
    const spool = await reopen(newDir(), 100);
    await appendAll(spool, ['one']);
    await expect(spool.append(Buffer.alloc(101), 1)).rejects.toThrow('does not fit into a spool of 100');
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });
});

describe('the disk itself', () => {
  test('a write that the system refuses rejects, and costs nothing that was acknowledged', () => {
    const dir = newDir();
    const program = `import { openSpool } from '#server/platform/spool/index.ts';
      import { silentLog } from '#server/platform/log.ts';
      const spool = await openSpool({ dir: ${JSON.stringify(dir)}, maxBytes: 100_000_000, log: silentLog });
      await spool.append(Buffer.from('one'), 1);
      const refused = await spool.append(Buffer.alloc(200_000), 1).catch((error) => error.code);
      await spool.append(Buffer.from('two'), 1);
      const texts = [];
      for (let record; (record = await spool.peek()) !== undefined; await spool.shift()) texts.push(record.toString());
      await spool.close();
      console.log(JSON.stringify({ refused, texts }));`;
    // No file may grow beyond 64 blocks: the write ends in the middle, as on a full disk.
    const run = spawnSync(
      'sh',
      ['-c', `trap '' XFSZ; ulimit -f 64; exec "$0" --input-type=module -e "$1"`, process.execPath, program],
      { cwd: process.cwd() },
    );
    expect(run.stderr.toString()).toBe('');
    expect(JSON.parse(run.stdout.toString())).toEqual({ refused: 'EFBIG', texts: ['one', 'two'] });
  });

  test('a folder that disappears rejects until it is there again', async () => {
    const dir = newDir();
    const spool = await reopen(dir);
    rmSync(dir, { recursive: true });
    await expect(spool.append(Buffer.from('one'), 1)).rejects.toThrow('ENOENT');
    mkdirSync(dir, { recursive: true });
    await spool.append(Buffer.from('two'), 1);
    expect(await take(spool)).toEqual(['two']);
    await spool.close();
  });

  test('a folder that cannot be used is a sentence that names it', async () => {
    const dir = newDir();
    mkdirSync(join(dir, '..'), { recursive: true });
    writeFileSync(dir, 'a file');
    await expect(reopen(dir)).rejects.toThrow(
      new RegExp(`^The folder ${dir} cannot be used \\(.+\\): make it a folder`),
    );
  });
});
