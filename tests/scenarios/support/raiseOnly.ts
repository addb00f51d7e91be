import { ALARM_KINDS, type AlarmKind, type BodyOf, getAlarmSettings, updateAlarmSettings } from '#contract/index.ts';
import type { Api } from './api.ts';

const AN_HOUR_S = 3_600;
type Change = Pick<BodyOf<typeof updateAlarmSettings>, 'delays' | 'chatter'>;

/**
 * Leaves one kind of alarm to a property: a plant has low balances of its own, and a busy machine slow meters. What is about
 * meters and lines otherwise waits for an hour.
 */
export async function raiseOnly(api: Api, propertyId: number, kind: AlarmKind, change: Change = {}): Promise<void> {
  const { version } = await api.call(getAlarmSettings, { query: { propertyId } });
  const others = (Object.keys(ALARM_KINDS) as AlarmKind[]).filter((one) => {
    const { source } = ALARM_KINDS[one];
    return one !== kind && (source === 'meter' || source === 'line');
  });
  const late = others.map((one) => ({ kind: one, raiseAfterS: AN_HOUR_S, clearAfterS: 0 }));
  const delays = [...late, ...(change.delays ?? [])];
  await api.call(updateAlarmSettings, { body: { propertyId, version, ...change, delays } });
}
