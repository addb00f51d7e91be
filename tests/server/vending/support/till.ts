import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, Sale } from '#contract/index.ts';
import { type MoneyHouse, startMoneyHouse } from '../../accounts/support/moneyHouse.ts';

/** The money house with somebody at the till. */
export interface Till extends MoneyHouse {
  /** Opens a fresh meter; custody in the meter unless said otherwise. */
  fresh(more?: object): Promise<{ readonly account: Account; readonly meterId: number; readonly meterNumber: string }>;
  sell(meterId: number, paidMinor: string, more?: object): Promise<Sale>;
  sale(saleId: string): Promise<Sale>;
  /** Waits until it is in one of these states. */
  becomes(saleId: string, ...states: readonly Sale['state'][]): Promise<Sale>;
  purse(meterId: number): Promise<{ readonly count: number; readonly balanceMinor: bigint }>;
}

const STEP_MS = 30;
const WAIT_MS_MAX = 30_000;

export async function startTill(): Promise<Till> {
  const house = await startMoneyHouse();
  let taken = 0;
  const sale = async (saleId: string) => (await house.boss.request('GET', `/api/sales/${saleId}`)).body as Sale;
  return {
    ...house,
    sale,
    async fresh(more = {}) {
      const meter = house.meters[taken++];
      if (meter === undefined) throw new Error('the plant has no more meters');
      const customer = await house.customer(`Shop ${taken}`);
      const account = await house.open(customer.id, [meter.id], { custody: 'meter', ...more });
      return { account, meterId: meter.id, meterNumber: meter.meterNumber };
    },
    sell: (meterId, paidMinor, more = {}) =>
      house.post<Sale>('/api/sales', { saleId: randomUUID(), meterId, paidMinor, method: 'cash', ...more }),
    async becomes(saleId, ...states) {
      for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += STEP_MS) {
        const now = await sale(saleId);
        if (states.includes(now.state)) return now;
        await sleep(STEP_MS);
      }
      throw new Error(`never became ${states.join()}: ${JSON.stringify(await sale(saleId))}`);
    },
    async purse(meterId) {
      const outcome = await house.server.app.measuring.acquisition.readPurse(meterId);
      if (outcome?.ok !== true) throw new Error(`meter ${meterId} does not answer`);
      return outcome.purse;
    },
  };
}
