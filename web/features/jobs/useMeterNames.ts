import { computed, type Ref } from 'vue';
import { getMeterTenants } from '#contract/grid.ts';
import { getWall } from '#contract/metering.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSession } from '../../app/session.ts';
import { placeName } from '../../ui/saidOnce.ts';
import { useFormat } from '../../ui/useFormat.ts';
import { gridTable } from '../grid/data/gridTable.ts';
import { wallModel } from '../wall/layout/wallModel.ts';

/** Room and customer of the meters of a property, as far as the session may see them. Only inside setup functions. */
export function useMeterNames(propertyId: Ref<number | undefined>) {
  const api = useApi();
  const session = useSession();
  const format = useFormat();
  const known = useResource(
    async (signal) => {
      if (propertyId.value === undefined || !session.may('wall.view')) return undefined;
      const params = { propertyId: propertyId.value };
      const [layout, tenants] = await Promise.all([
        api.call(getWall, { params }, { signal }),
        session.may('account.view') ? api.call(getMeterTenants, { params }, { signal }) : undefined,
      ]);
      return { layout, tenants };
    },
    { on: propertyId },
  );
  const table = computed(() => {
    const now = known.data.value;
    return now && gridTable(now.layout, wallModel(now.layout), now.tenants, format.language());
  });
  const slots = computed(() => new Map(table.value?.meterId.map((meterId, slot) => [meterId, slot])));
  return (meterId: number) => {
    const slot = slots.value.get(meterId) ?? -1;
    const room = placeName(table.value?.buildingText[slot], table.value?.roomText[slot] ?? `#${meterId}`);
    return { room, customer: table.value?.customer[slot] ?? '' };
  };
}
