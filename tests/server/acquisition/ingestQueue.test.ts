import { expect, test } from 'vitest';
import type { Reading } from '#drivers/core/index.ts';
import { INGEST_QUEUE_MAX, IngestQueue } from '#server/acquisition/ingestQueue.ts';
import { goodReading } from '../../support/house.ts';

const reading = (meterId: number): Reading => goodReading(meterId, 0);

test('what is taken is gone, in the order it came, lines apart from meters', () => {
  const queue = new IngestQueue();
  queue.reading(reading(1));
  queue.lineLink(7, false, 'cable', 5);
  queue.meterFailed(2, undefined, 3, 6);
  expect(queue.take()).toEqual({
    lines: [{ lineId: 7, path: 'down', reason: 'cable', atMs: 5 }],
    meters: [
      { kind: 'reading', reading: reading(1) },
      { kind: 'failed', meterId: 2, failures: 3, atMs: 6 },
    ],
  });
  expect(queue.take()).toEqual({ lines: [], meters: [] });
});

test('the queue is bounded: the oldest go, the newest and all news of lines stay, what was dropped is counted', () => {
  const queue = new IngestQueue();
  queue.lineLink(1, true, 'first of all', 0);
  for (let meterId = 1; meterId <= INGEST_QUEUE_MAX + 1; meterId++) queue.reading(reading(meterId));
  const { dropped, depth, readings } = queue.figures;
  expect(dropped).toBeGreaterThan(0);
  expect(depth).toBe(INGEST_QUEUE_MAX + 1 - dropped);
  expect(readings).toBe(INGEST_QUEUE_MAX + 1);
  const { lines, meters } = queue.take();
  expect(lines).toHaveLength(1);
  expect(meters.at(-1)).toMatchObject({ reading: { meterId: INGEST_QUEUE_MAX + 1 } });
  expect(meters[0]).toMatchObject({ reading: { meterId: dropped + 1 } });
});
