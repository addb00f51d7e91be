import { type Ref, shallowRef } from 'vue';
import { getLineHealth, type LineHealthDto } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';

/** Lines asked at the same time: a list must not hold every connection of the browser. */
const PARALLEL = 4;
/** Most lines of a list whose health is kept fresh; those beyond show it on their gateway's page. */
export const LINES_WATCHED_MAX = 128;

/** Health by line, asked again and again; a line that cannot be asked is missing. Only inside setup functions. */
export function useLineHealths(lineIds: Ref<readonly number[]>, everyMs: number) {
  const api = useApi();
  const known = shallowRef<ReadonlyMap<number, LineHealthDto>>(new Map());

  async function load(signal: AbortSignal): Promise<void> {
    const queue = lineIds.value.slice(0, LINES_WATCHED_MAX);
    const found = new Map<number, LineHealthDto>();
    async function work(): Promise<void> {
      for (let lineId = queue.shift(); lineId !== undefined && !signal.aborted; lineId = queue.shift()) {
        const health = await api.call(getLineHealth, { params: { lineId } }, { signal }).catch(() => undefined);
        if (health) found.set(lineId, health);
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, work));
    if (!signal.aborted) known.value = found;
  }

  useResource(load, { on: lineIds, keep: true, everyMs });
  return known;
}
