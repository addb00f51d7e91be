import { computed, type Ref, ref, shallowRef, watch } from 'vue';
import { useEstate } from '../../app/estate.ts';
import { useSession } from '../../app/session.ts';
import { useSettings } from '../../app/settings.ts';
import { useServerClock } from '../../app/useServerClock.ts';
import { useLive } from '../../live/liveClient.ts';
import { dayIn } from './accountFacts.ts';
import { useDeskUrl } from './deskUrl.ts';
import { createUnansweredSales, type UnansweredSale } from './unansweredSales.ts';
import { useAccounts } from './useAccounts.ts';
import { useAmount } from './useAmount.ts';
import { useDelivery } from './useDelivery.ts';
import { useLeftSales } from './useLeftSales.ts';
import { useOutlook } from './useOutlook.ts';
import { useSale } from './useSale.ts';
import { useDaySales, useOpenSales, useRecentSales } from './useSales.ts';

/** A hasty second Enter must not wipe the sale off the screen that the first one made. */
const SHOWN_LEAST_MS = 1_000;

/** The state of the desk: who is there, how much, what became of it. Only inside setup functions. */
export function useDesk() {
  const parts = useParts();
  const { accounts, amount, sale, outlook, session } = parts;
  const locked = computed(() => sale.sending.value !== undefined || sale.sold.value !== undefined);
  const ready = computed(
    () =>
      session.may('vend.sell') && !locked.value && outlook.allowed.value && accounts.account.value?.state === 'open',
  );
  /** Sold at this form, or looked at again. */
  const justSold = ref(false);
  const openFault = shallowRef<unknown>();
  const shown = useShownSince(() => sale.sold.value?.saleId);

  async function open(saleId: string): Promise<void> {
    if (sale.sending.value !== undefined) return;
    // What was just sold stays so while something is done with it.
    justSold.value = justSold.value && saleId === sale.sold.value?.saleId;
    openFault.value = undefined;
    await sale.open(saleId).catch((error: unknown) => {
      openFault.value = error;
    });
  }
  const left = useLeftSales(parts.book, (known) => {
    if (!locked.value) sale.sold.value = known;
  });
  if (parts.first.saleId !== undefined) void open(parts.first.saleId);

  return {
    ...parts,
    ...{ locked, ready, justSold, left, open, openFault },
    /** Sells what stands in the form, once. */
    async confirm(): Promise<void> {
      const account = accounts.account.value;
      const meterId = accounts.meter.value?.meterId;
      const paidMinor = amount.minor.value;
      if (!ready.value || account === undefined || meterId === undefined || paidMinor === undefined) return;
      justSold.value = true;
      const method = amount.method.value;
      const tradeNo = method === 'cash' ? '' : amount.tradeNo.value;
      await sale.confirm({
        accountId: account.id,
        meterId,
        customer: account.customer.name,
        paidMinor,
        method,
        tradeNo,
      });
    },
    /** Frees the desk for the next customer, or goes back from a sale that was only looked at. False: not yet. */
    next(): boolean {
      if (sale.sold.value !== undefined && shown.forMs() < SHOWN_LEAST_MS) return false;
      if (!sale.next()) return false;
      if (justSold.value) {
        accounts.clear();
        amount.clear();
      }
      justSold.value = false;
      return true;
    },
    sendAgain(unanswered: UnansweredSale): void {
      left.forget(unanswered.saleId);
      accounts.choose(unanswered.accountId);
      accounts.chooseMeter(unanswered.meterId);
      justSold.value = true;
      void sale.sendAgain(unanswered);
    },
  };
}

/** Everything that the desk is made of, wired together. */
function useParts() {
  const session = useSession();
  const estate = useEstate();
  const live = useLive();
  const nowMs = useServerClock();
  const url = useDeskUrl();
  const propertyId = computed(() => estate.current?.id);
  const timeZone = computed(() => estate.timeZoneOf(propertyId.value));
  const currency = computed(() => estate.currencyOf(propertyId.value));

  const book = createUnansweredSales(localStorage, session.session?.userId ?? 0);
  const accounts = useAccounts(propertyId, url.first);
  useOwnProperty(accounts, propertyId);
  const amount = useAmount();
  const sale = useSale(book, () => live.nowMs());
  const { sold, refusal } = sale;
  const wanted = computed(() => {
    const meterId = accounts.meter.value?.meterId;
    const paidMinor = amount.minor.value;
    return meterId === undefined || paidMinor === undefined || sold.value !== undefined
      ? undefined
      : { meterId, paidMinor };
  });
  const outlook = useOutlook(wanted, sold, refusal, currency);
  const delivery = useDelivery(sold, nowMs);
  const recent = useRecentSales(accounts.accountId);
  const underWay = useOpenSales(propertyId);
  const operator = computed(() => session.session?.displayName ?? '');
  const day = computed(() => dayIn(timeZone.value, nowMs.value));
  const today = useDaySales(
    computed(() =>
      propertyId.value === undefined
        ? undefined
        : { propertyId: propertyId.value, day: day.value, operator: operator.value },
    ),
  );
  watch(
    () => `${sold.value?.saleId} ${sold.value?.state}`,
    () => {
      for (const list of [recent, today, underWay, accounts]) void list.reload();
      if (accounts.accountId.value === undefined) accounts.choose(sold.value?.accountId);
    },
  );
  url.follow(() => ({
    accountId: accounts.accountId.value,
    meterId: accounts.meterId.value,
    saleId: sold.value?.saleId,
  }));
  const { first } = url;
  return {
    ...{ session, estate, nowMs, propertyId, timeZone, currency, operator, day, first },
    ...{ book, accounts, amount, sale, outlook, delivery, recent, today, underWay },
  };
}

/** Who stands at the desk is of its property: an address may name an account of another one, and another one has other accounts. */
function useOwnProperty({ account, clear }: ReturnType<typeof useAccounts>, propertyId: Ref<number | undefined>) {
  const settings = useSettings();
  watch(account, (now, before) => {
    if (now !== undefined && now.id !== before?.id) settings.propertyId = now.propertyId;
  });
  watch(propertyId, (id) => {
    if (account.value !== undefined && account.value.propertyId !== id) clear();
  });
}

function useShownSince(id: () => string | undefined) {
  let sinceMs = 0;
  watch(id, () => {
    sinceMs = performance.now();
  });
  return { forMs: () => performance.now() - sinceMs };
}

export type Desk = ReturnType<typeof useDesk>;
