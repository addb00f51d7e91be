import { computed, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { listMeterEvents, type MeterEvent } from '#contract/timeline.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import type { Span } from '../../charts/trendSeries.ts';
import { formatMoney } from '../../ui/format.ts';
import { eventMarks, isMarked } from './trendEvents.ts';

/** What happened to a meter in the span that its chart shows, as marks and in words. Only inside setup functions. */
export function useTrendEvents(meterId: Ref<number>, range: Ref<Span | undefined>, currency: Ref<string>) {
  const api = useApi();
  const { t, te } = useI18n();
  const key = computed(() => `${meterId.value} ${range.value?.fromMs} ${range.value?.toMs}`);
  const events = useResource<readonly MeterEvent[]>(
    async (signal) => {
      const span = range.value;
      if (span === undefined) return [];
      const query = { from: new Date(span.fromMs).toISOString(), to: new Date(span.toMs).toISOString() };
      return (await api.call(listMeterEvents, { params: { meterId: meterId.value }, query }, { signal })).items;
    },
    { on: key, keep: true },
  );

  function textOf(event: MeterEvent): string {
    switch (event.sort) {
      case 'command':
        return t(`jobs.kind.${event.kind}`);
      case 'alarm':
        return t(`alarm.${event.kind}`);
      case 'sale':
        return `${t(`desk.kind.${event.kind}`)} ${formatMoney(event.netMinor, currency.value)}`;
      case 'tariff':
        return t('meter.event.tariff', { name: event.name });
      case 'account': {
        const words = `meter.event.account.${event.kind}`;
        return te(words) || te(words, 'en') ? t(words) : event.kind;
      }
    }
  }
  return {
    /** Marks for the axis of the chart that shows this span. */
    marks: computed(() =>
      range.value === undefined
        ? []
        : eventMarks(events.data.value ?? [], range.value, {
            one: textOf,
            several: (n) => t('meter.event.several', { n }),
          }),
    ),
    /** All of them in words, newest first: the table behind the marks. */
    list: computed(() =>
      (events.data.value ?? []).filter(isMarked).map((event) => ({
        key: `${event.sort}${event.id}`,
        at: event.at,
        text: textOf(event),
      })),
    ),
    error: events.error,
  };
}
