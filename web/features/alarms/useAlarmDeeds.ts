import { computed, shallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { type Alarm, type OutOfService, putInService, takeOutOfService } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { useErrorText } from '../../api/errorText.ts';
import { useSession } from '../../app/session.ts';
import type { DeedKind, Wish } from './deeds.ts';
import { isOutable, whyNot } from './deeds.ts';
import type { useAlarmsPage } from './useAlarmsPage.ts';

/** Buttons and keys of alarms. `shelve` and `assign` undo themselves where that is what can be done. */
export type ActionName = 'acknowledge' | 'note' | 'shelve' | 'clear' | 'mine' | 'outOfService';
/** Actions that ask something first. */
export type Asked = 'note' | 'shelve' | 'clear' | 'outOfService';

/** From a button or key to what is done: what asks first, what is done at once. Only inside setup functions. */
export function useAlarmDeeds(page: ReturnType<typeof useAlarmsPage>) {
  const api = useApi();
  const session = useSession();
  const errorText = useErrorText();
  const asking = shallowRef<{ readonly what: Asked; readonly alarms: readonly Alarm[] }>();
  /** What would come back into service with everything behind it, since it is more than the alarm's own source. */
  const puttingBack = shallowRef<OutOfService>();
  const { t } = useI18n();
  const me = computed(() => session.session?.userId ?? 0);
  const may = computed(() => session.may('alarm.acknowledge'));

  /** The deed behind an action on these alarms: shelves end and hands are emptied when all of them are so already. */
  function deedOf(action: Exclude<ActionName, 'outOfService'>, alarms: readonly Alarm[]): DeedKind {
    if (action === 'mine') return 'assign';
    if (action === 'shelve' && alarms.every(({ state }) => state === 'shelved')) return 'unshelve';
    return action;
  }

  function begin(action: ActionName, alarms: readonly Alarm[] = page.targets.value): void {
    if (!may.value || alarms.length === 0) return;
    if (action === 'outOfService') {
      beginOutage(alarms);
      return;
    }
    const deed = deedOf(action, alarms);
    if (alarms.every((alarm) => whyNot(alarm, deed) !== undefined)) return;
    if (deed === 'acknowledge' || deed === 'unshelve') return void page.act({ kind: deed }, alarms);
    if (deed === 'assign') {
      const isMine = alarms.every(({ assigned }) => assigned?.userId === me.value);
      return void page.act({ kind: 'assign', userId: isMine ? null : me.value }, alarms);
    }
    asking.value = { what: deed, alarms };
  }

  /** Out of service, or back: one alarm at a time, since what stands behind each is shown or asked for. */
  function beginOutage(alarms: readonly Alarm[]): void {
    const [alarm, second] = alarms;
    if (alarm === undefined) return;
    if (second !== undefined) page.says.value = t('alarms.ask.oneByOne');
    else if (!isOutable(alarm)) page.says.value = t('alarms.ask.notOutable');
    else if (alarm.state === 'outOfService') void beginPutBack(alarm);
    else asking.value = { what: 'outOfService', alarms };
  }

  function answer(wish: Wish): void {
    const alarms = asking.value?.alarms ?? [];
    asking.value = undefined;
    void page.act(wish, alarms);
  }

  async function outage(work: () => Promise<unknown>): Promise<void> {
    page.says.value = '';
    try {
      await work();
      asking.value = undefined;
      puttingBack.value = undefined;
      await page.list.reload();
    } catch (error) {
      page.says.value = errorText(error);
    }
  }
  function takeOut(reason: string, until: string | undefined): Promise<void> {
    const source = asking.value?.alarms[0]?.source;
    if (source === undefined || source.kind === 'platform' || source.kind === 'property') return Promise.resolve();
    const { kind, id } = source;
    return outage(() =>
      api.call(takeOutOfService, { body: { source: { kind, id }, reason, ...(until !== undefined && { until }) } }),
    );
  }
  const putBack = ({ id }: OutOfService): Promise<void> =>
    outage(() => api.call(putInService, { params: { outageId: id }, body: {} }));
  /** What was taken out itself comes back at once; what something above it holds is shown first. */
  async function beginPutBack(alarm: Alarm): Promise<void> {
    page.says.value = '';
    try {
      const found = await page.list.outageOf(alarm);
      if (found === undefined) {
        await page.list.reload();
        page.says.value = t('alarms.ask.backAlready');
      } else if (found.source.kind === alarm.source.kind && found.source.id === alarm.source.id) {
        await putBack(found);
      } else puttingBack.value = found;
    } catch (error) {
      page.says.value = errorText(error);
    }
  }

  return {
    asking,
    begin,
    answer,
    takeOut,
    puttingBack,
    putBack,
    me,
    may,
    cancel: () => {
      asking.value = undefined;
      puttingBack.value = undefined;
    },
  };
}
