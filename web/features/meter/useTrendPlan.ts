import { computed, type Ref } from 'vue';
import { getTariff, getTariffSettings } from '#contract/tariffs.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { PLAN_SPAN_MAX_MS, planOf, planWithin } from '#domain/tariff/plan.ts';
import { RATES } from '#domain/tariff/types.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSession } from '../../app/session.ts';
import type { Span } from '../../charts/trendSeries.ts';

/** The plan of a tariff behind a chart; none without a tariff or the right to see it. Only inside setup functions. */
export function useTrendPlan(
  tariffId: Ref<number | undefined>,
  propertyId: Ref<number>,
  timeZone: Ref<string>,
  range: Ref<Span | undefined>,
) {
  const api = useApi();
  const session = useSession();
  const tariff = useResource(
    async (signal) => {
      const id = tariffId.value;
      if (id === undefined || !session.may('tariff.view')) return undefined;
      const [{ versions }, { dayLists }] = await Promise.all([
        api.call(getTariff, { params: { tariffId: id } }, { signal }),
        api.call(getTariffSettings, { params: { propertyId: propertyId.value } }, { signal }),
      ]);
      return { versions, dayLists };
    },
    { on: [tariffId, propertyId] },
  );
  const spans = computed(() => {
    const known = tariff.data.value;
    if (known === undefined || range.value === undefined) return [];
    return planOf(known.versions, known.dayLists, zonedCalendar(timeZone.value), range.value);
  });
  return {
    /** For the table: what is in force within a row's bucket. */
    within: (fromMs: number, toMs: number) => planWithin(spans.value, fromMs, toMs),
    /** For the chart: the dearer the rate, the stronger its ground. */
    ground: computed(() =>
      spans.value.map(({ fromMs, toMs, rate }) => ({ fromMs, toMs, strength: RATES.length - 1 - RATES.indexOf(rate) })),
    ),
    /** For the legend: the rates that occur, the dearest first. */
    rates: computed(() =>
      RATES.flatMap((rate, index) =>
        spans.value.some((span) => span.rate === rate) ? [{ rate, strength: RATES.length - 1 - index }] : [],
      ),
    ),
    /** Whether the ground stands for whole days, by their dearest rate. */
    isByDay: computed(
      () =>
        spans.value.length > 0 && range.value !== undefined && range.value.toMs - range.value.fromMs > PLAN_SPAN_MAX_MS,
    ),
  };
}
