import { shallowReactive, shallowRef } from 'vue';
import { type Alarm, acknowledgeAlarms } from '#contract/index.ts';
import { stepLife } from '#domain/alarmLife.ts';
import { useApi } from '../../api/client.ts';
import { useErrorText } from '../../api/errorText.ts';
import { newId } from '../desk/newId.ts';

/** Whether acknowledging would change an alarm, by the server's own table. */
export const awaitsHand = ({ state, active }: Alarm): boolean =>
  stepLife(state, 'acknowledge', active).result === 'moved';

/** Acknowledges alarms of this page one by one. Only inside setup functions. */
export function useAlarmHand(onAlarm: (alarm: Alarm) => void) {
  const api = useApi();
  const errorText = useErrorText();
  const busy = shallowReactive(new Set<number>());
  const fault = shallowRef('');

  async function acknowledge({ id }: Alarm): Promise<void> {
    if (busy.has(id)) return;
    busy.add(id);
    fault.value = '';
    try {
      const { items } = await api.call(acknowledgeAlarms, { body: { ids: [id], requestId: newId() } });
      for (const { alarm } of items) if (alarm !== undefined) onAlarm(alarm);
    } catch (error) {
      fault.value = errorText(error);
    } finally {
      busy.delete(id);
    }
  }
  return { acknowledge, fault, isInFlight: (id: number) => busy.has(id) };
}
