import { type ActionFigures, actionFigures } from '#contract/doctorWords.ts';
import type { DoctorAction, DoctorProposal } from '#contract/index.ts';
import { formatNumber } from '../../ui/format.ts';

/** What fills the places of `doctor.action.<kind>`: numbers as people write them. */
export const actionWords = (action: DoctorAction): ActionFigures => actionFigures(action, formatNumber);

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
