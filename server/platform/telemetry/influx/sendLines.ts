import { HttpError } from '@influxdata/influxdb-client';
import { StoreBusyError } from '../store.ts';
import type { InfluxClient } from './client.ts';

/** Where the store says that it is busy and not for how long. */
const BUSY_MS = 1_000;

/**
 * Writes lines. Resolves with how many of them InfluxDB refuses for good; too large a body, or one that is refused as a
 * whole because of a line in it, is sent again in halves. Rejects when all are to come again.
 */
export async function sendLines(
  client: InfluxClient,
  database: string,
  lines: readonly string[],
  nowMs: () => number,
): Promise<number> {
  if (lines.length === 0) return 0;
  try {
    await client.write(database, lines);
    return 0;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    switch (error.statusCode) {
      case 413:
        return sendHalves(client, database, lines, nowMs);
      case 400:
      case 422:
        return refusedOf(error) ?? sendHalves(client, database, lines, nowMs);
      case 429:
      case 503:
        throw new StoreBusyError(`InfluxDB is busy (${error.message})`, retryAfterMs(error, nowMs()), { cause: error });
      default:
        throw error;
    }
  }
}

async function sendHalves(
  client: InfluxClient,
  database: string,
  lines: readonly string[],
  nowMs: () => number,
): Promise<number> {
  if (lines.length <= 1) return lines.length;
  const middle = Math.ceil(lines.length / 2);
  const first = await sendLines(client, database, lines.slice(0, middle), nowMs);
  return first + (await sendLines(client, database, lines.slice(middle), nowMs));
}

/**
 * How many lines a partial write left out; undefined when it was none, and nothing was written. 1.x and 2.x say
 * "partial write: … dropped=3" or name each line that they cannot read, 3.x lists the lines.
 */
function refusedOf({ message, body = '', json }: HttpError): number | undefined {
  const text = `${message}\n${body}`;
  if (!text.includes('partial write')) return undefined;
  const dropped = Number(/dropped=(\d+)/.exec(text)?.[1] ?? 0);
  const unreadable = (body.match(/unable to parse/g) ?? []).length;
  const listed = listLength(json);
  return Math.max(1, dropped, unreadable, listed);
}

function listLength(json: unknown): number {
  const data = typeof json === 'object' && json !== null ? Reflect.get(json, 'data') : undefined;
  return Array.isArray(data) ? data.length : 0;
}

/** `Retry-After` is seconds or a date. */
function retryAfterMs({ headers }: HttpError, nowMs: number): number {
  const given = headers?.['retry-after'];
  if (typeof given !== 'string') return BUSY_MS;
  const ms = /^\d+$/.test(given) ? Number(given) * 1_000 : Date.parse(given) - nowMs;
  return Number.isNaN(ms) ? BUSY_MS : Math.max(0, ms);
}
