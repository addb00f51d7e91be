import { computed } from 'vue';
import { listAccounts } from '#contract/accounts.ts';
import { getTrend } from '#contract/index.ts';
import { listSales, type Sale } from '#contract/vending.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import { accountBalance } from '../desk/accountFacts.ts';
import { outlookOf } from './daysLeft.ts';
import type { Newest } from './meterHistory.ts';
import { samplesOf } from './trendRanges.ts';

/** Accounts that a meter has had; the one that is open is the newest of them. */
const ACCOUNTS_ASKED = 50;
const SALES_SHOWN = 30;
/** A sale on its way is told by its state; so often it is asked again. */
const CHECK_MS = 15_000;
const BALANCE_MS = 600_000;
const LOOK_BACK_MS = 7 * 86_400_000;
const NO_SALES: Newest<Sale> = { items: [], more: false };

/** Who pays for a meter, what is left, how long it lasts, and what was sold. */
export function useMeterMoney(meterId: number) {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  const mayLook = computed(() => session.may('account.view'));

  const account = useResource(
    async (signal) => {
      if (!mayLook.value) return undefined;
      const { items } = await api.call(listAccounts, { query: { meterId, limit: ACCOUNTS_ASKED } }, { signal });
      return items.findLast(({ state, meters }) => state !== 'closed' && meters.some((one) => one.meterId === meterId));
    },
    { everyMs: CHECK_MS },
  );
  const sales = useResource<Newest<Sale>>(
    async (signal) => {
      if (!mayLook.value) return NO_SALES;
      const answer = await api.call(listSales, { query: { meterId, limit: SALES_SHOWN } }, { signal });
      return { items: answer.items, more: answer.nextCursor !== undefined };
    },
    { everyMs: CHECK_MS },
  );
  /** How the balance in the meter went; what lies in a wallet has no such readings. */
  const course = useResource(
    async (signal) => {
      const toMs = live.nowMs();
      const query = {
        quantity: 'balanceMinor',
        from: new Date(toMs - LOOK_BACK_MS).toISOString(),
        to: new Date(toMs).toISOString(),
        resolution: '1h' as const,
      };
      return samplesOf(await api.call(getTrend, { params: { meterId }, query }, { signal }));
    },
    { everyMs: BALANCE_MS },
  );
  const balanceMinor = computed(() => (account.data.value ? accountBalance(account.data.value) : undefined));
  const outlook = computed(() => {
    const now = account.data.value;
    // Of several meters each has its own pace: nothing is said for all of them from one.
    if (now === undefined || now.custody !== 'meter' || now.meters.length !== 1) return undefined;
    return balanceMinor.value === undefined
      ? undefined
      : outlookOf(course.data.value ?? [], balanceMinor.value, BigInt(now.cutLineMinor));
  });
  return { mayLook, account, sales, balanceMinor, outlook };
}
export type MeterMoney = ReturnType<typeof useMeterMoney>;
