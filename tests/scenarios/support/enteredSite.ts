import { onTestFinished } from 'vitest';
import type { Plant } from '#drivers/simulator/plant.ts';
import type { Api } from './api.ts';
import { type EnteredEstate, enterEstate } from './estateByApi.ts';
import type { RunningSystem, useSites } from './systemUnderTest.ts';
import { startTestPlant } from './testPlant.ts';

/** A server with a plant of so many meters entered, as an installer would leave it; both end with the test. */
export async function startEnteredSite(
  newSite: ReturnType<typeof useSites>,
  meters: number,
): Promise<EnteredEstate & { readonly plant: Plant; readonly system: RunningSystem; readonly api: Api }> {
  const plant = await startTestPlant(meters);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  return { plant, system, api, ...(await enterEstate(api, plant.manifest)) };
}
