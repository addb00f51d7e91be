import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { RouteLocationRaw } from 'vue-router';
import { useEstate } from '../../app/estate.ts';
import { formatMoney, formatNumber } from '../../ui/format.ts';
import { doneOf, MOVING, stepCounts } from './batchFigures.ts';
import type { Job } from './mergeJobs.ts';
import { useOrderWords } from './useOrderWords.ts';

/** What a line under Jobs says of a job, whatever its kind. */
export interface JobView {
  readonly propertyId: number;
  readonly timeZone: string;
  readonly title: string;
  readonly to: RouteLocationRaw;
  readonly details: string;
  readonly by: string;
  readonly reason: string;
  readonly total: number;
  readonly done: number;
  readonly bad: number;
  readonly state: string;
  readonly moving: boolean;
}

/** A job in words and figures. Only inside setup functions. */
export function useJobView(job: () => Job) {
  const { t } = useI18n();
  const estate = useEstate();
  const words = useOrderWords();

  function viewOf(one: Job): Omit<JobView, 'propertyId' | 'timeZone'> {
    switch (one.kind) {
      case 'sheet': {
        const { sheet } = one;
        return {
          title: t(`jobs.sheet.${sheet.kind}`),
          to: { name: 'sheet', params: { batchId: sheet.batchId } },
          details: sheet.accepted > 0 ? formatMoney(sheet.acceptedMinor, estate.currencyOf(sheet.propertyId)) : '',
          ...{ by: sheet.givenBy, reason: sheet.reason, total: sheet.total, bad: sheet.refused },
          done: sheet.accepted + sheet.refused,
          state: t(`jobs.sheetState.${sheet.state}`),
          // Its state says so already.
          moving: false,
        };
      }
      case 'command': {
        const { command } = one;
        return {
          title: words.title(command.order),
          to: { name: 'meter', params: { meterId: command.meterId } },
          details: [t('jobs.oneMeter', { number: command.meterNumber ?? '' }), detailsOf(one)]
            .filter(Boolean)
            .join(', '),
          ...{ by: command.givenBy, reason: command.reason, total: 1, done: 0, bad: 0, moving: false },
          state: t(`jobs.state.${command.state}`),
        };
      }
      case 'commands': {
        const { batch } = one;
        const steps = stepCounts(batch.counts);
        return {
          title: words.title(batch.order),
          to: { name: 'job', params: { batchId: batch.id } },
          details: detailsOf(one),
          ...{ by: batch.givenBy, reason: batch.reason, total: batch.total, bad: steps.failed, done: doneOf(steps) },
          state:
            batch.approval === 'waiting'
              ? t('jobs.step.waiting')
              : t('jobs.outcome', {
                  verified: formatNumber(steps.verified),
                  failed: formatNumber(steps.failed),
                  notDone: formatNumber(steps.notDone),
                }),
          moving: MOVING.some((step) => steps[step] > 0),
        };
      }
    }
  }

  function detailsOf(one: Exclude<Job, { readonly kind: 'sheet' }>): string {
    const { order, propertyId } = one.kind === 'command' ? one.command : one.batch;
    return words.details(order, estate.timeZoneOf(propertyId), estate.currencyOf(propertyId)).join(', ');
  }

  return computed<JobView>(() => {
    const one = job();
    const { propertyId } = one.kind === 'sheet' ? one.sheet : one.kind === 'command' ? one.command : one.batch;
    return { propertyId, timeZone: estate.timeZoneOf(propertyId), ...viewOf(one) };
  });
}
