import { NOTIFY_CHANNELS, type NotifyChannel } from '#contract/index.ts';
import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { Ending, Waiting } from './outboxStore.ts';

/** What was sent since the start, and what waited when somebody last looked. */
export class NotificationCounts {
  readonly #endings = new Map<string, { channel: NotifyChannel; outcome: Ending['state']; value: number }>();
  news = 0;
  bundled = 0;
  suppressed = 0;
  waiting: readonly Waiting[] = [];

  ended(channel: NotifyChannel, { state: outcome }: Ending): void {
    const key = `${channel} ${outcome}`;
    const before = this.#endings.get(key);
    this.#endings.set(key, { channel, outcome, value: (before?.value ?? 0) + 1 });
  }

  endings() {
    return [...this.#endings.values()].map(({ channel, outcome, value }) => ({ labels: { channel, outcome }, value }));
  }
}

export function addNotificationFigures(metrics: Metrics, counts: NotificationCounts, nowMs: () => number): void {
  const ofChannel = (read: (waiting: Waiting | undefined) => number) => () =>
    NOTIFY_CHANNELS.map((channel) => ({
      labels: { channel },
      value: read(counts.waiting.find((waiting) => waiting.channel === channel)),
    }));
  const counter = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'counter' as const });
  addFigures(metrics, [
    counter('notify_news_total', 'Events of alarms that were looked at', () => counts.news),
    counter('notify_bundled_total', 'Messages that went as a part of another one', () => counts.bundled),
    counter('notify_suppressed_total', 'Messages that were not to be sent, when made', () => counts.suppressed),
    {
      ...{ name: 'notify_attempts_total', help: 'Attempts by how they ended', kind: 'counter' },
      labels: ['channel', 'outcome'],
      read: () => counts.endings(),
    },
    {
      ...{ name: 'notify_waiting', help: 'Messages that are not at their end', kind: 'gauge', labels: ['channel'] },
      read: ofChannel((waiting) => Number(waiting?.count ?? 0n)),
    },
    {
      ...{ name: 'notify_oldest_waiting_seconds', help: 'Age of the oldest of them', kind: 'gauge' },
      labels: ['channel'],
      read: ofChannel((waiting) => (waiting === undefined ? 0 : (nowMs() - waiting.oldest.getTime()) / 1_000)),
    },
  ]);
}
