import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { appendAll, newSpoolDir, reopen, segmentsIn, take } from '../../support/spools.ts';

describe('what is on the disk is not what was written', () => {
  /** A folder with one segment of these records. */
  async function written(texts: readonly string[]): Promise<{ readonly dir: string; readonly path: string }> {
    const dir = newSpoolDir();
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
      const torn = newSpoolDir();
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
      const dir = newSpoolDir();
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
    const dir = newSpoolDir();
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

describe('the disk itself', () => {
  test('a write that the system refuses rejects, and costs nothing that was acknowledged', () => {
    const dir = newSpoolDir();
    const program = `import { openSpool } from '#server/platform/spool/index.ts';
      import { silentLog } from '#server/platform/log.ts';
      const spoolDir = ${JSON.stringify(dir)};
      const spool = await openSpool({ dir: spoolDir, maxBytes: 100_000_000, log: silentLog });
      await spool.append(Buffer.from('one'), 1);
      const refused = await spool.append(Buffer.alloc(200_000), 1).catch((error) => error.code);
      const { readdirSync, statSync } = await import('node:fs');
      const bytes = readdirSync(spoolDir).reduce((sum, name) => sum + statSync(spoolDir + '/' + name).size, 0);
      await spool.append(Buffer.from('two'), 1);
      const texts = [];
      for (let record; (record = await spool.peek()) !== undefined; await spool.shift()) texts.push(record.toString());
      await spool.close();
      console.log(JSON.stringify({ refused, bytes, texts }));`;
    // No file may grow beyond 64 blocks: the write ends in the middle, as on a full disk.
    const run = spawnSync(
      'sh',
      ['-c', `trap '' XFSZ; ulimit -f 64; exec "$0" --input-type=module -e "$1"`, process.execPath, program],
      { cwd: process.cwd() },
    );
    expect(run.stderr.toString()).toBe('');
    expect(JSON.parse(run.stdout.toString())).toEqual({ refused: 'EFBIG', bytes: 23, texts: ['one', 'two'] });
  });

  test('a folder that disappears rejects until it is there again', async () => {
    const dir = newSpoolDir();
    const spool = await reopen(dir);
    rmSync(dir, { recursive: true });
    await expect(spool.append(Buffer.from('one'), 1)).rejects.toThrow('ENOENT');
    mkdirSync(dir, { recursive: true });
    await spool.append(Buffer.from('two'), 1);
    expect(await take(spool)).toEqual(['two']);
    await spool.close();
  });

  test('a folder that cannot be used is a sentence that names it', async () => {
    const dir = newSpoolDir();
    mkdirSync(join(dir, '..'), { recursive: true });
    writeFileSync(dir, 'a file');
    await expect(reopen(dir)).rejects.toThrow(
      new RegExp(`^The folder ${dir} cannot be used \\(.+\\): make it a folder`),
    );
  });
});
