import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type AnyRoute, FILE_TYPES } from '#contract/index.ts';
import type { Log } from '../log.ts';
import { addFigures, type Metrics } from '../metricsFigures.ts';
import { AppError, type FileAnswer } from './types.ts';

/** Files that are made at the same time: each keeps a core and the database busy while its receiver takes it. */
export const FILES_AT_ONCE_MAX = 4;
/** A receiver that takes no byte for so long has gone. */
const STALLED_MS_MAX = 60_000;
const BUSY_RETRY_S = 10;

export interface FileSenderDeps {
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Sends files as their bytes are made, no faster than they are taken. What is thrown before the first byte is an ordinary
 * answer; what fails later breaks the connection, so that half a file never looks whole.
 */
export function createFileSender({ log, metrics }: FileSenderDeps) {
  const answers = new Set<FastifyReply['raw']>();
  let underWay = 0;
  let refused = 0;
  let broken = 0;
  addFigures(metrics, [
    { name: 'http_files_under_way', help: 'Files that are being sent', kind: 'gauge', read: () => underWay },
    {
      name: 'http_files_refused_total',
      help: 'Files refused since too many were made',
      kind: 'counter',
      read: () => refused,
    },
    {
      name: 'http_files_broken_total',
      help: 'Files that failed after their first byte',
      kind: 'counter',
      read: () => broken,
    },
  ]);

  async function send(reply: FastifyReply, contract: AnyRoute, make: () => Promise<FileAnswer>): Promise<FastifyReply> {
    if (underWay >= FILES_AT_ONCE_MAX) {
      refused += 1;
      throw new AppError(
        'server.busy',
        `${FILES_AT_ONCE_MAX} files are being made already: try again when one is done.`,
        undefined,
        BUSY_RETRY_S,
      );
    }
    underWay += 1;
    try {
      const { name, chunks } = await make();
      const stream = Readable.from(chunks, { objectMode: false });
      stream.once('error', (error) => {
        broken += 1;
        log.error('a file broke off', { route: `${contract.method} ${contract.path}`, error });
      });
      stream.once('close', () => {
        underWay -= 1;
      });
      answers.add(reply.raw);
      // The last bytes may wait for a receiver long after they were made.
      reply.raw.once('close', () => answers.delete(reply.raw));
      reply.raw.setTimeout(STALLED_MS_MAX);
      void reply.header('content-disposition', disposition(name)).type(FILE_TYPES[contract.file ?? 'xlsx']);
      void reply.send(stream);
    } catch (error) {
      underWay -= 1;
      throw error;
    }
    return reply;
  }

  return {
    send,
    /** Breaks off whatever is under way: a server that stops does not wait for somebody's slow line. */
    stop(): void {
      for (const answer of answers) answer.destroy();
    },
  };
}

/** RFC 6266: the name in UTF-8, and one for what knows ASCII only. */
function disposition(name: string): string {
  const ascii = name.replace(/[^\w.-]/g, '_');
  const utf8 = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
