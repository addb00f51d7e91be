import type { PurseCapabilities } from '#drivers/core/index.ts';
import { ALL_CAPABILITIES } from './meter/purseMemory.ts';

/** Words that switch a capability off, and which. */
const OFF: Readonly<Record<string, keyof PurseCapabilities>> = {
  noSeq: 'seqChecked',
  noDup: 'dupReported',
  noRecord: 'readRecord',
  noCumulative: 'readCumulative',
  noBalance: 'readBalance',
  noZero: 'zeroPurchase',
  noRefund: 'refundCommand',
  noSet: 'setAbsolute',
  noSecond: 'secondTariffSet',
};

/** All words of `PLANT_PURSE`. */
export const PURSE_WORDS: readonly string[] = ['full', ...Object.keys(OFF)];

/** What the words of `PLANT_PURSE` leave a meter with: `full`, or a list of what it lacks. Throws an Error that names a wrong word. */
export function capabilitiesOfWords(text: string): PurseCapabilities {
  const capabilities = { ...ALL_CAPABILITIES };
  for (const word of text.split(',').map((one) => one.trim())) {
    if (word === '' || word === 'full') continue;
    const name = OFF[word];
    if (name === undefined) throw new Error(`PLANT_PURSE knows ${PURSE_WORDS.join(', ')}, not '${word}'`);
    capabilities[name] = false;
  }
  // Who does not check the count cannot find one used twice.
  if (!capabilities.seqChecked) capabilities.dupReported = false;
  return capabilities;
}
