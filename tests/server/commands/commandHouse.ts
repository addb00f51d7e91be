import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import type { BuiltInRole, Command, CommandBatch, CommandOrderBody, CommandState, MeterNow } from '#contract/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import type { FaultRequest } from '#drivers/simulator/faults/fault.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import { type Answer, type Client, startTestServer, type TestServer } from '../../support/server.ts';

const PASSWORD = 'a-long-enough-password';
const SEED = 20_261_122;

/** States that a command leaves only by somebody's doing. */
const ENDS: readonly CommandState[] = ['verified', 'rejected', 'failed', 'held', 'stopped'];

/** The real server over a simulated plant on real sockets, and people with and without rights. */
export interface CommandHouse {
  server: TestServer;
  boss: Client;
  readonly plant: Plant;
  /** Prepaid meters of the first gateway, then of the others, by number. */
  readonly numbers: readonly string[];
  readonly propertyId: number;
  meterId(meterNumber: string): number;
  gatewayOf(meterNumber: string): string;
  lineOf(meterNumber: string): number;
  fault(meterNumber: string, request: Omit<FaultRequest, 'target'>): () => void;
  userWith(role: BuiltInRole, propertyId?: number): Promise<Client>;
  give(meterNumber: string, order: CommandOrderBody, client?: Client, commandId?: string): Promise<Command>;
  command(id: string): Promise<Command>;
  /** A meter without a relay; it never answers. */
  addPlainMeter(): Promise<number>;
  /** Waits until the command came to rest. */
  rest(id: string, withinMs?: number): Promise<Command>;
  batchRest(id: string, withinMs?: number): Promise<CommandBatch>;
  now(meterNumber: string): Promise<MeterNow>;
  /** What the meter itself holds. */
  truth(meterNumber: string): { readonly relay: string; readonly forced: string };
  /** The server's process ends as it stands and another takes over the same database. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCommandHouse(meters = 40): Promise<CommandHouse> {
  const plant = await startPlant({
    ...{ estate: makeEstate({ kind: 'count', meters }, SEED), clock: systemClock, speed: 1, wire: 'off' },
    ...{ thinkMs: [1, 3], stateFolder: undefined, listenHost: '127.0.0.1' },
  });
  let server = await startTestServer();
  await server.app.estate.importPlant(plant.manifest);
  let boss = await server.signedIn();
  const { database } = server;
  const meterOf = (meterNumber: string) => {
    const { estate } = server.app;
    const found = estate.meterIds().find((id) => estate.meter(id)?.meter.meterNumber === meterNumber);
    if (found === undefined) throw new Error(`no meter ${meterNumber}`);
    return found;
  };
  const rows = plant.manifest.gateways.flatMap(({ code, lines }) =>
    lines.flatMap((line) => line.meters.map(({ meterNumber, modelId }) => ({ code, meterNumber, modelId }))),
  );
  const numbers = rows.filter(({ modelId }) => modelId.endsWith('sy1352')).map(({ meterNumber }) => meterNumber);
  let users = 0;
  const house: CommandHouse = {
    server,
    boss,
    plant,
    numbers,
    propertyId: server.app.estate.properties()[0]?.id ?? 0,
    meterId: meterOf,
    gatewayOf: (meterNumber) => rows.find((row) => row.meterNumber === meterNumber)?.code ?? '',
    lineOf: (meterNumber) => server.app.estate.meter(meterOf(meterNumber))?.meter.lineId ?? 0,
    fault(meterNumber, request) {
      const { id } = plant.faults.set({ ...request, target: { kind: 'meter', meterNumber } });
      return () => void plant.faults.clear(id);
    },
    async userWith(role, propertyId) {
      users += 1;
      const scope = propertyId === undefined ? { scope: 'group' } : { scope: 'property', placeId: propertyId };
      const body = {
        user: `user${users}`,
        displayName: `User ${users}`,
        password: PASSWORD,
        grants: [{ role, ...scope }],
      };
      good(await boss.request('POST', '/api/users', body));
      return server.signedIn(body.user, PASSWORD);
    },
    async give(meterNumber, order, client = boss, commandId = randomUUID()) {
      const body = { commandId, meterId: meterOf(meterNumber), order, reason: 'test' };
      return good<Command>(await client.request('POST', '/api/commands', body));
    },
    async addPlainMeter() {
      const [first = ''] = numbers;
      const { placeId, lineId } = server.app.estate.meter(meterOf(first))?.meter ?? {};
      const plain = { modelId: 'acrel-adl3000', unitAddress: 240, meterNumber: 'plain', role: 'public' };
      return good<{ id: number }>(await boss.request('POST', '/api/meters', { placeId, lineId, ...plain })).id;
    },
    command: async (id) => good<Command>(await boss.request('GET', `/api/commands/${id}`)),
    rest: (id, withinMs = 20_000) =>
      until(withinMs, async () => {
        const command = await house.command(id);
        return { done: ENDS.includes(command.state), value: command };
      }),
    batchRest: (id, withinMs = 30_000) =>
      until(withinMs, async () => {
        const batch = good<CommandBatch>(await boss.request('GET', `/api/command-batches/${id}`));
        return { done: batch.finished, value: batch };
      }),
    now: async (meterNumber) => good<MeterNow>(await boss.request('GET', `/api/meters/${meterOf(meterNumber)}/now`)),
    truth(meterNumber) {
      const status = plant.meter(meterNumber)?.image.status;
      return { relay: status?.relay ?? 'unknown', forced: status?.forced ?? 'unknown' };
    },
    async restart() {
      await server.app.stop();
      // A plant that the next start does not know would be retired with its meters.
      await database.db.query(sql`update gateway set simulated = false`);
      await database.db.query(sql`update place set plant_key = null`);
      server = await startTestServer({ database });
      boss = await server.signedIn('boss', PASSWORD);
      Object.assign(house, { server, boss });
    },
    async stop() {
      await server.stop();
      if (house.server !== server) await house.server.stop();
      await plant.stop();
    },
  };
  await addBoss(house);
  boss = await server.signedIn('boss', PASSWORD);
  house.boss = boss;
  return house;
}

async function addBoss({ boss }: CommandHouse): Promise<void> {
  const grants = [{ role: 'administrator', scope: 'group' }];
  good(await boss.request('POST', '/api/users', { user: 'boss', displayName: 'Boss', password: PASSWORD, grants }));
}

/** The body of an answer that is good. */
export function good<T>({ status, body }: Answer): Readonly<T> {
  if (status >= 300) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body as T;
}

/** Asks until it is done, and then gives the last answer; the last one also when it never is. */
export async function until<T>(
  withinMs: number,
  ask: () => Promise<{ readonly done: boolean; readonly value: T }>,
): Promise<T> {
  const giveUpMs = performance.now() + withinMs;
  for (;;) {
    const { done, value } = await ask();
    if (done || performance.now() > giveUpMs) return value;
    await sleep(40);
  }
}
