import { resolve } from 'node:path';
import { raw } from 'sql-template-tag';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { alter } from './support/altered.ts';
import { MONEY_ATTACKS } from './support/moneyLaws.ts';
import { SERVICE_ATTACKS, type World } from './support/serviceLaws.ts';

/**
 * Guards inside of use cases: the whole server on real sockets and a real database, once as it stands and once made of the
 * same sources with all of these guards switched off. Each law is about one guard: green in the one, red in the other.
 */
const ROOT = resolve(import.meta.dirname, '../..');
const ATTACKS = { ...SERVICE_ATTACKS, ...MONEY_ATTACKS };
const attacks = Object.values(ATTACKS);
/** Most laws open a meter of their own. */
const METERS = 48;
let sound: World;
let broken: World;
const closing: (() => unknown)[] = [];

async function startWorld(): Promise<World> {
  const { startTill } = await import('../server/vending/support/till.ts');
  const { createClearance } = await import('#server/modules/commands/clearance.ts');
  const { createStepper } = await import('#server/modules/vending/stepper.ts');
  const { selectVend } = await import('#server/modules/vending/store.ts');
  const { updateCase } = await import('#server/modules/accounts/caseStore.ts');
  const { otherWayAgreed } = await import('#server/modules/vending/payoutStore.ts');
  const { startMoneyPlant } = await import('../server/accounts/support/moneyHouse.ts');
  const plant = await startMoneyPlant(undefined, METERS);
  const till = await startTill({ plant });
  closing.push(
    () => plant.stop(),
    () => till.stop(),
  );
  return { till, createClearance, createStepper, selectVend, updateCase, otherWayAgreed };
}

beforeAll(async () => {
  sound = await startWorld();
  const { paths, remove } = alter(attacks);
  closing.push(remove);
  vi.resetModules();
  for (const [file, path] of paths) vi.doMock(resolve(ROOT, file), () => import(path));
  broken = await startWorld();
  for (const statement of attacks.flatMap((attack) => attack.sql ?? []))
    await broken.till.server.database.owner.query(raw(statement));
}, 60_000);
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

test.for(Object.entries(ATTACKS))('%s', async ([, { law }]) => {
  await law(sound);
  await expect(law(broken)).rejects.toThrow(expect.objectContaining({ name: 'AssertionError' }));
});
