import { type Ref, shallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { giveBatch } from '#contract/commands.ts';
import { useApi } from '../../api/client.ts';
import { useErrorText } from '../../api/errorText.ts';
import { useSession } from '../../app/session.ts';
import { newId } from '../desk/newId.ts';
import { type GridAction, hindranceOf } from './order/actions.ts';
import type { OrderKind } from './order/orderForm.ts';
import type { GridMeters } from './useMeters.ts';
import type { GridSelection } from './useSelection.ts';

/** What is open over the grid. The list of meters is fixed when it opens: it does not follow the selection any more. */
export type OpenOrder =
  | { readonly kind: OrderKind; readonly meterIds: readonly number[] }
  | { readonly kind: 'export'; readonly meterIds: readonly number[] };

export interface OrdersOptions {
  readonly selection: GridSelection;
  readonly meters: GridMeters;
  readonly propertyId: Ref<number>;
  readonly given: (batchId: string) => void;
}

/** The actions of the selection bar. Reading disturbs nobody and begins at once; everything else is looked at first. */
export function useOrders({ selection, propertyId, given }: OrdersOptions) {
  const { t } = useI18n();
  const api = useApi();
  const session = useSession();
  const errorText = useErrorText();
  const opened = shallowRef<OpenOrder>();
  const reading = shallowRef(false);
  const fault = shallowRef('');

  async function read(meterIds: readonly number[]): Promise<void> {
    if (reading.value) return;
    reading.value = true;
    fault.value = '';
    try {
      const body = {
        batchId: newId(),
        meterIds: [...meterIds],
        order: { kind: 'read' as const },
        reason: t('grid.readReason'),
      };
      given((await api.call(giveBatch, { body })).id);
    } catch (cause) {
      fault.value = errorText(cause);
    } finally {
      reading.value = false;
    }
  }

  return {
    opened,
    reading,
    fault,
    propertyId,
    act(action: GridAction): void {
      const meterIds = selection.meterIds();
      if (opened.value !== undefined || hindranceOf(action, session.may, meterIds.length) !== undefined) return;
      if (action.key === 'read') void read(meterIds);
      else if (action.key === 'export')
        opened.value = { kind: 'export', meterIds: meterIds.length > 0 ? meterIds : selection.shownIds.value };
      else opened.value = { kind: action.key, meterIds };
    },
    done(batchId: string): void {
      opened.value = undefined;
      given(batchId);
    },
    leave(): void {
      opened.value = undefined;
      fault.value = '';
    },
  };
}
export type GridOrders = ReturnType<typeof useOrders>;
