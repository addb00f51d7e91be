import { BATCH_METERS_MAX, type CommandKind } from '#contract/commands.ts';
import type { Permission } from '#contract/permissions.ts';

export type ActionKey = Exclude<CommandKind, 'clock'> | 'export';
export interface GridAction {
  readonly key: ActionKey;
  /** Key that does the same, printed on the button. */
  readonly hint: string;
  readonly permission: Permission;
  /** Stands apart from the one before. */
  readonly apart: boolean;
}

/** What the selection bar offers, in its order. */
export const ACTIONS: readonly GridAction[] = [
  { key: 'read', hint: 'R', permission: 'command.issue', apart: false },
  { key: 'prices', hint: 'D', permission: 'command.issue', apart: true },
  { key: 'settings', hint: 'S', permission: 'command.issue', apart: false },
  { key: 'protect', hint: 'P', permission: 'command.issue', apart: true },
  { key: 'restorePrepaid', hint: 'U', permission: 'command.issue', apart: false },
  { key: 'trip', hint: 'T', permission: 'command.issue', apart: true },
  { key: 'close', hint: 'C', permission: 'command.issue', apart: false },
  { key: 'export', hint: 'E', permission: 'meter.view', apart: true },
];

/** Why an action cannot be done now; undefined: it can. */
export type Hindrance = 'noRight' | 'noTariffs' | 'nothing' | 'tooMany';

export function hindranceOf(
  action: GridAction,
  may: (permission: Permission) => boolean,
  selected: number,
): Hindrance | undefined {
  if (!may(action.permission)) return 'noRight';
  if (action.key === 'prices' && !may('tariff.view')) return 'noTariffs';
  if (selected > BATCH_METERS_MAX) return 'tooMany';
  // The list itself can be exported without a selection: then it is everything that matches.
  if (selected === 0 && action.key !== 'export') return 'nothing';
  return undefined;
}
