import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';

/** The first level costs a fifth of the usual one and makes files a tenth larger. */
const DEFLATE_LEVEL = 1;
/** Bytes that come out of the compressor at a time. */
const CHUNK_BYTES = 65_536;
/** Without ZIP64, which not every reader knows. */
const BYTES_MAX = 0xffff_ffff;

/** Sizes follow the data (bit 3), names are UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATED = 8;
const VERSION = 20;
/** 1980-01-01, the first day that the format knows: a file's time of making stands inside it. */
const DOS_DATE = 0x0021;

export interface ZipPart {
  readonly path: string;
  readonly data: AsyncIterable<Buffer> | Iterable<Buffer>;
}

interface Entry {
  readonly path: Buffer;
  readonly offset: number;
  crc: number;
  size: number;
  packed: number;
}

/**
 * A ZIP archive, part after part, as bytes are taken: nothing but a line per part is kept. Throws what a part throws, and
 * RangeError beyond 4 GiB; the bytes so far are then no archive, since its directory comes last.
 */
export async function* zipChunks(parts: AsyncIterable<ZipPart>): AsyncGenerator<Buffer> {
  const entries: Entry[] = [];
  let offset = 0;
  for await (const { path, data } of parts) {
    const entry: Entry = { path: Buffer.from(path), offset, crc: 0, size: 0, packed: 0 };
    entries.push(entry);
    const head = localHeader(entry);
    offset += head.length;
    yield head;
    for await (const chunk of deflated(counted(data, entry))) {
      entry.packed += chunk.length;
      yield chunk;
    }
    const tail = descriptor(entry);
    offset += entry.packed + tail.length;
    if (entry.size > BYTES_MAX || offset > BYTES_MAX) throw new RangeError(`${path} is too large for a ZIP archive`);
    yield tail;
  }
  yield directory(entries, offset);
}

async function* counted(data: ZipPart['data'], entry: Entry): AsyncGenerator<Buffer> {
  for await (const chunk of data) {
    entry.crc = crc32(chunk, entry.crc);
    entry.size += chunk.length;
    yield chunk;
  }
}

/** Compressed beside this thread; the source is asked only for what the compressor takes. */
async function* deflated(data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packer = createDeflateRaw({ level: DEFLATE_LEVEL, chunkSize: CHUNK_BYTES });
  // A failure of the source reaches the packer, whose reader throws it.
  const fed = pipeline(data, packer).catch(() => undefined);
  yield* packer;
  await fed;
}

function localHeader({ path }: Entry): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(VERSION, 4);
  head.writeUInt16LE(FLAGS, 6);
  head.writeUInt16LE(DEFLATED, 8);
  head.writeUInt16LE(DOS_DATE, 12);
  head.writeUInt16LE(path.length, 26);
  return Buffer.concat([head, path]);
}

function descriptor({ crc, size, packed }: Entry): Buffer {
  const tail = Buffer.alloc(16);
  tail.writeUInt32LE(0x08074b50, 0);
  tail.writeUInt32LE(crc, 4);
  tail.writeUInt32LE(packed % (BYTES_MAX + 1), 8);
  tail.writeUInt32LE(size % (BYTES_MAX + 1), 12);
  return tail;
}

function directory(entries: readonly Entry[], offset: number): Buffer {
  const rows = entries.map((entry) => {
    const row = Buffer.alloc(46);
    row.writeUInt32LE(0x02014b50, 0);
    row.writeUInt16LE(VERSION, 4);
    row.writeUInt16LE(VERSION, 6);
    row.writeUInt16LE(FLAGS, 8);
    row.writeUInt16LE(DEFLATED, 10);
    row.writeUInt16LE(DOS_DATE, 14);
    row.writeUInt32LE(entry.crc, 16);
    row.writeUInt32LE(entry.packed, 20);
    row.writeUInt32LE(entry.size, 24);
    row.writeUInt16LE(entry.path.length, 28);
    row.writeUInt32LE(entry.offset, 42);
    return Buffer.concat([row, entry.path]);
  });
  const size = rows.reduce((sum, row) => sum + row.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...rows, end]);
}
