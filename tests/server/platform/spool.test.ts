import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  appendAll,
  bytesIn,
  newSpoolDir,
  numbered,
  reopen,
  SPOOL_ROOM,
  segmentsIn,
  take,
} from '../../support/spools.ts';

describe('order', () => {
  test('what came first goes first, and stays until it was delivered', async () => {
    const spool = await reopen(newSpoolDir());
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
    const spool = await reopen(newSpoolDir());
    const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    await spool.append(new Uint8Array(), 0);
    await spool.append(all, 1);
    expect(await spool.peek()).toEqual(Buffer.alloc(0));
    await spool.shift();
    expect(Buffer.compare((await spool.peek()) ?? Buffer.alloc(0), all)).toBe(0);
    await spool.close();
  });

  test('calls that are made at once run in the order made', async () => {
    const spool = await reopen(newSpoolDir());
    await Promise.all(numbered(50).map((text) => spool.append(Buffer.from(text), 1)));
    expect(await take(spool)).toEqual(numbered(50));
    await spool.close();
  });

  test('a shift without a peek delivers nothing', async () => {
    const spool = await reopen(newSpoolDir());
    await appendAll(spool, ['one']);
    await spool.shift();
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });

  test('figures say what waits', async () => {
    const spool = await reopen(newSpoolDir());
    await appendAll(spool, ['one', 'three']);
    expect(spool.figures()).toEqual({
      records: 2,
      items: 8,
      bytes: 48,
      maxBytes: SPOOL_ROOM,
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
    const dir = newSpoolDir();
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
    const dir = newSpoolDir();
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
    const spool = await reopen(newSpoolDir());
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
    const dir = newSpoolDir();
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
    const dir = newSpoolDir();
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
      const spool = await openSpool({ dir: ${JSON.stringify(dir)}, maxBytes: ${SPOOL_ROOM}, log: silentLog });
      ${body}
      process.kill(process.pid, 'SIGKILL');`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: process.cwd() });
    expect({ signal: run.signal, said: run.stderr.toString() }).toEqual({ signal: 'SIGKILL', said: '' });
  }

  test('after an append: the record is there', async () => {
    const dir = newSpoolDir();
    killed(dir, `await spool.append(Buffer.from('one'), 1);`);
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });

  test('between delivery and shift: the record is given again', async () => {
    const dir = newSpoolDir();
    killed(dir, `await spool.append(Buffer.from('one'), 1); await spool.peek();`);
    const spool = await reopen(dir);
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });

  test('after a shift: the record is not given again', async () => {
    const dir = newSpoolDir();
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
    const dir = newSpoolDir();
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

describe('the bound', () => {
  test('the oldest segment goes, counted; the disk never holds more', async () => {
    const dir = newSpoolDir();
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
    const spool = await reopen(newSpoolDir(), 64);
    await spool.append(Buffer.from('a'.repeat(20)), 1);
    expect(Buffer.from((await spool.peek()) ?? []).toString()).toBe('a'.repeat(20));
    await spool.append(Buffer.from('b'.repeat(20)), 1);
    await spool.shift();
    expect(await take(spool)).toEqual(['b'.repeat(20)]);
    expect(spool.figures()).toMatchObject({ droppedRecords: 1, records: 0 });
    await spool.close();
  });

  test('what was delivered makes room and is no loss', async () => {
    const spool = await reopen(newSpoolDir(), 1_000);
    for (const text of numbered(200)) {
      await spool.append(Buffer.from(text), 1);
      expect(await take(spool)).toEqual([text]);
    }
    expect(spool.figures()).toMatchObject({ records: 0, bytes: 0, droppedRecords: 0 });
    await spool.close();
  });

  test('a smaller bound at the next start makes room at the next append', async () => {
    const dir = newSpoolDir();
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
    const spool = await reopen(newSpoolDir(), 100);
    await appendAll(spool, ['one']);
    await expect(spool.append(Buffer.alloc(101), 1)).rejects.toThrow('does not fit into a spool of 100');
    expect(await take(spool)).toEqual(['one']);
    await spool.close();
  });
});
