// @vitest-environment node
import { expect, test } from 'vitest';
import type { LiveFrame } from '#contract/liveCodec.ts';
import { joinEarly } from '../../../web/features/wall/earlyFeed.ts';
import type { LiveClient, PropertyListener } from '../../../web/live/liveClient.ts';

const frame = (seq: number): LiveFrame => ({ propertyId: 1, seq, atMs: 0, changes: [] });

/** A feed whose room says what the test says. */
function room() {
  const heard: string[] = [];
  const said: { listener?: PropertyListener; stopped: boolean; resyncs: number } = { stopped: false, resyncs: 0 };
  const live: Pick<LiveClient, 'watchProperty' | 'resync'> = {
    watchProperty(_propertyId, listener) {
      if (listener !== undefined) said.listener = listener;
      return () => {
        said.stopped = true;
      };
    },
    resync: () => {
      said.resyncs++;
    },
  };
  const early = joinEarly(live, 1, () => void heard.push('early layout'));
  const listener: PropertyListener = {
    snapshot: ({ seq }) => void heard.push(`snapshot ${seq}`),
    delta: ({ seq }) => void heard.push(`delta ${seq}`),
    layout: () => void heard.push('layout'),
  };
  const { listener: say } = said;
  if (say === undefined) throw new Error('nobody listens');
  return { early, say, listener, heard, said };
}

test('what is heard before the layout is there is told to its store, in order, and then everything', () => {
  const { early, say, listener, heard, said } = room();
  say.snapshot(frame(1));
  say.delta(frame(2));
  say.snapshot(frame(7));
  say.delta(frame(8));
  say.layout();
  expect(heard).toEqual(['early layout']);
  early.takeOver(listener);
  expect(heard.splice(0)).toEqual(['early layout', 'snapshot 7', 'delta 8']);
  say.delta(frame(9));
  say.layout();
  expect(heard).toEqual(['delta 9', 'layout']);
  expect(said.resyncs).toBe(0);
  early.stop();
  expect(said.stopped).toBe(true);
});

test('a layout that takes too long costs no more than a bounded number of frames: everything is asked for anew', () => {
  const { early, say, listener, heard, said } = room();
  say.snapshot(frame(1));
  for (let seq = 2; seq < 2_000; seq++) say.delta(frame(seq));
  early.takeOver(listener);
  expect(heard).toEqual([]);
  expect(said.resyncs).toBe(1);
  say.snapshot(frame(2_000));
  expect(heard).toEqual(['snapshot 2000']);
});
