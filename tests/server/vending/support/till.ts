import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, AlarmKind, BuiltInRole, MoneyPolicyDto, Sale, VendBatch } from '#contract/index.ts';
import type { PurseRead } from '#drivers/core/index.ts';
import type { Fault, FaultRequest } from '#drivers/simulator/faults/fault.ts';
import type { Client } from '../../../support/server.ts';
import {
  answered,
  type MoneyHouse,
  type MoneyHouseOptions,
  startMoneyHouse,
} from '../../accounts/support/moneyHouse.ts';

/** The money house with somebody at the till. */
export interface Till extends MoneyHouse {
  /** Opens a fresh meter; custody in the meter unless said otherwise. */
  fresh(more?: object): Promise<{ readonly account: Account; readonly meterId: number; readonly meterNumber: string }>;
  sell(meterId: number, paidMinor: string, more?: object): Promise<Sale>;
  sale(saleId: string): Promise<Sale>;
  /** Waits until it is in one of these states. */
  becomes(saleId: string, ...states: readonly Sale['state'][]): Promise<Sale>;
  /** Settings of money that differ from the defaults. */
  policy(changes: object): Promise<void>;
  fault(meterNumber: string, fault: Fault, more?: Omit<FaultRequest, 'target' | 'fault'>): () => void;
  /** Somebody with a role in the whole group. */
  person(role: BuiltInRole): Promise<Client>;
  /** A sheet when its rows are through. */
  sheet(batchId: string): Promise<VendBatch>;
  /** Waits until the meter has this alarm. */
  alarmed(meterId: number, kind: AlarmKind): Promise<void>;
  purse(meterId: number): Promise<PurseRead>;
}

const PASSWORD = 'a-long-enough-password';
const STEP_MS = 30;
const WAIT_MS_MAX = 30_000;

/** Delivery that does not wait for people's patience. */
const TIMES = { backOffMs: [30, 60, 120], leaseMs: 20_000, quietMs: 1_500 };

export async function startTill(options: MoneyHouseOptions = {}): Promise<Till> {
  const house = await startMoneyHouse({ vendTimes: TIMES, ...options });
  let taken = 0;
  let people = 0;
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
    async policy(changes) {
      const path = `/api/properties/${house.propertyId}/money-policy`;
      const { propertyId: _propertyId, ...before } = (await house.boss.request('GET', path)).body as MoneyPolicyDto;
      answered(await house.boss.request('PUT', path, { ...before, ...changes }));
    },
    fault(meterNumber, fault, more = {}) {
      const { id } = house.plant.faults.set({ target: { kind: 'meter', meterNumber }, fault, ...more });
      return () => void house.plant.faults.clear(id);
    },
    async person(role) {
      people += 1;
      const user = `${role}-${people}`;
      const grants = [{ role, scope: 'group' }];
      answered(await house.boss.request('POST', '/api/users', { user, displayName: user, password: PASSWORD, grants }));
      return house.server.signedIn(user, PASSWORD);
    },
    async sheet(batchId) {
      for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += STEP_MS) {
        const batch = (await house.boss.request('GET', `/api/vend-batches/${batchId}`)).body as VendBatch;
        if (batch.state === 'done' && batch.rows.every(({ vendState }) => vendState !== 'QUEUED')) return batch;
        await sleep(STEP_MS);
      }
      throw new Error(`sheet ${batchId} is never done`);
    },
    async alarmed(meterId, kind) {
      for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += STEP_MS) {
        const path = `/api/alarms?meterId=${meterId}&kind=${kind}&state=open`;
        const { items } = (await house.boss.request('GET', path)).body as { items: unknown[] };
        if (items.length > 0) return;
        await sleep(STEP_MS);
      }
      throw new Error(`meter ${meterId} never had ${kind}`);
    },
    async purse(meterId) {
      const outcome = await house.server.app.measuring.acquisition.readPurse(meterId);
      if (outcome?.ok !== true) throw new Error(`meter ${meterId} does not answer`);
      return outcome.purse;
    },
  };
}
