import { afterEach } from 'vitest';
import type { Plant } from '#drivers/simulator/plant.ts';
import { capabilitiesOfWords } from '#drivers/simulator/purseWords.ts';
import { startMoneyPlant } from '../../accounts/support/moneyHouse.ts';
import { startTill, type Till } from './till.ts';

/** Tills over meters that lack what the words of PLANT_PURSE say; one at a time, stopped after each test. */
export function useWordedTills() {
  let plant: Plant | undefined;
  let till: Till | undefined;
  afterEach(async () => {
    await till?.stop();
    await plant?.stop();
    till = plant = undefined;
  });
  return {
    async tillWith(words: string): Promise<Till> {
      plant = await startMoneyPlant(capabilitiesOfWords(words));
      till = await startTill({ plant });
      return till;
    },
    /** What is known of the meters changes after their accounts were opened. */
    async knownNow(words: string): Promise<void> {
      if (till === undefined || plant === undefined) throw new Error('there is no house');
      const capabilities = capabilitiesOfWords(words);
      const gateways = plant.manifest.gateways.map((gateway) => ({
        ...gateway,
        lines: gateway.lines.map((line) => ({
          ...line,
          meters: line.meters.map((meter) => ({ ...meter, capabilities })),
        })),
      }));
      await till.server.app.estate.importPlant({ ...plant.manifest, gateways });
    },
  };
}
