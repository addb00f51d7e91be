import type { DoctorAction, DoctorProposal } from '#contract/index.ts';
import { formatNumber } from '../../ui/format.ts';

type Words = Readonly<Record<string, string | number>>;

/** Addresses that a title can hold. */
const ADDRESSES_SHOWN = 6;

/** What fills the places of `doctor.action.<kind>`: numbers as people write them. */
export function actionWords(action: DoctorAction): Words {
  switch (action.kind) {
    case 'restoreLink':
    case 'checkBus':
    case 'checkNoise':
      return {};
    case 'checkLink':
      return { n: formatNumber(action.reconnects) };
    case 'raiseBaud':
      return { from: formatNumber(action.fromBaud), to: formatNumber(action.toBaud) };
    case 'splitLine':
      return { address: action.afterUnitAddress, first: action.meters[0] ?? 0, second: action.meters[1] ?? 0 };
    case 'lengthenPoll':
      return { from: seconds(action.fromMs), to: seconds(action.toMs), n: action.meters };
    case 'lowerTimeout':
      return { ...change(action), slowest: formatNumber(action.slowestReplyMs) };
    case 'raiseTimeout':
      return { ...change(action), n: formatNumber(action.lateReplies) };
    case 'repairMeters':
      return { addresses: addressesText(action.meters.map(({ unitAddress }) => unitAddress)) };
    case 'reduceTurnaround':
      return change(action);
    case 'checkMeterWiring':
      return { address: action.unitAddress };
    case 'checkFarEnd':
      return { address: action.fromUnitAddress };
    case 'slowMeter':
      return { address: action.unitAddress, ...delay(action) };
    case 'checkReplyDelay':
      return delay(action);
  }
}

const change = ({ fromMs, toMs }: { fromMs: number; toMs: number }): Words => ({
  from: formatNumber(fromMs),
  to: formatNumber(toMs),
});
const delay = ({ replyMs, usualReplyMs }: { replyMs: number; usualReplyMs: number }): Words => ({
  reply: formatNumber(replyMs),
  usual: formatNumber(usualReplyMs),
});
const seconds = (ms: number): string => formatNumber(ms / 1_000, ms % 1_000 === 0 ? 0 : 1);

function addressesText(addresses: readonly number[]): string {
  const sorted = addresses.toSorted((a, b) => a - b);
  const shown = sorted.slice(0, ADDRESSES_SHOWN).join(', ');
  return sorted.length > ADDRESSES_SHOWN ? `${shown}, +${sorted.length - ADDRESSES_SHOWN}` : shown;
}

/** A figure before and after, in its unit; `share` of what is greatest, for a bar. */
export interface BeforeAfter {
  readonly key: 'cycle' | 'load';
  readonly before: string;
  readonly after: string;
  readonly unit: string;
  readonly shareAfter: number;
}

/** Smallest change that is shown, as a share: below it both figures look the same. */
const CHANGE_SHOWN = 0.002;

/** The figures that a proposal changes. */
export function beforeAfter({ effect }: DoctorProposal): readonly BeforeAfter[] {
  const rows: BeforeAfter[] = [];
  const { cycleBeforeMs, cycleAfterMs, loadBefore, loadAfter } = effect;
  if (cycleBeforeMs !== undefined && cycleAfterMs !== undefined && changes(cycleBeforeMs, cycleAfterMs)) {
    const text = (ms: number) => formatNumber(ms / 1_000, 2);
    const shareAfter = cycleAfterMs / cycleBeforeMs;
    rows.push({ key: 'cycle', before: text(cycleBeforeMs), after: text(cycleAfterMs), unit: 's', shareAfter });
  }
  if (changes(loadBefore, loadAfter)) {
    const text = (load: number) => formatNumber(100 * load, 1);
    rows.push({
      key: 'load',
      before: text(loadBefore),
      after: text(loadAfter),
      unit: '%',
      shareAfter: loadAfter / loadBefore,
    });
  }
  return rows;
}

function changes(before: number, after: number): boolean {
  return before > 0 && (before - after) / before >= CHANGE_SHOWN;
}
