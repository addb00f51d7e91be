import { type Attack, right, trigger } from './attacks.ts';
import * as row from './rows.ts';

/*
 * Rows that change on their way to an end, and stand still from then on: what was decided, cleared, compared or given out keeps
 * its history. What such a row is about never changes; none goes away.
 */

const COUNT = [row.vend(1), row.vend(2, { state: 'QUEUED' }), row.seq(1)];
const FREE = 'update vend_seq set released = true';
const DECIDED = `update quarantine set decision = 'ignored', decided_at = now()`;
const CLEARED = 'update notice set cleared_at = now()';
const FINISHED = 'update reconciliation_run set finished_at = now(), meters = 1';

/** A change of a row that has come to its end, or of what it is about. Triggers are named after their tables. */
const history = (name: string, ...does: readonly string[]): Attack => {
  const table = name.replace(/_history$/, '');
  return trigger(table, name, `${table} is history`, ...does);
};
const stays = (name: string, ...does: readonly string[]): Attack =>
  trigger(name.replace(/_kept$/, ''), name, 'append-only', ...does);

export const HISTORY_GUARDS: Readonly<Record<string, Readonly<Record<string, Attack>>>> = {
  'modules/vending: what keeps its history': {
    'a count that is free is never taken back': history(
      'vend_seq_history',
      ...COUNT,
      FREE,
      'update vend_seq set released = false',
    ),
    'a count stays the one it is': history('vend_seq_history', ...COUNT, 'update vend_seq set seq = 9'),
    'and that of its meter': history('vend_seq_history', ...COUNT, 'update vend_seq set meter_id = 6'),
    'and that of its vend': history('vend_seq_history', ...COUNT, FREE, `update vend_seq set vend_id = ${row.ID(2)}`),
    'no count disappears': stays('vend_seq_kept', ...COUNT, 'delete from vend_seq'),
    'the server says of a count that it is free, and no more': right('vend_seq', 'vend_id', ...COUNT),
  },
  'modules/tariffs: what keeps its history': {
    'a day that is worked through is history': history(
      'changed_day_history',
      row.changedDay,
      'update changed_day set settled_at = now()',
      'update changed_day set settled_at = null',
    ),
    'what is done of a day stays done': history(
      'changed_day_history',
      row.changedDay,
      'update changed_day set at_stream = 4',
    ),
    'a changed day stays the one it is': history(
      'changed_day_history',
      row.changedDay,
      `update changed_day set day = '2026-08-02'`,
    ),
    'and named by whom it was': history(
      'changed_day_history',
      row.changedDay,
      `update changed_day set actor_name = 'y'`,
    ),
    'no changed day disappears': stays('changed_day_kept', row.changedDay, 'delete from changed_day'),
    'the server says how far a day is done, and no more': right('changed_day', 'day', row.changedDay),
  },
  'modules/settlement: what keeps its history': {
    'a doubt that was decided is history': history(
      'quarantine_history',
      row.quarantine,
      DECIDED,
      `update quarantine set decision = 'rebased'`,
    ),
    'nor is its read another one then': history(
      'quarantine_history',
      row.quarantine,
      DECIDED,
      'update quarantine set read_wh = 6',
    ),
    'a doubt stays one about its stream': history(
      'quarantine_history',
      row.quarantine,
      'update quarantine set stream_id = 2',
    ),
    'and as old as it is': history(
      'quarantine_history',
      row.quarantine,
      `update quarantine set raised_at = '2026-01-01'`,
    ),
    'no doubt disappears': stays('quarantine_kept', row.quarantine, 'delete from quarantine'),
    'the server does not say whose doubt it is': right('quarantine', 'account_id', row.quarantine),
    'a warning that is over is history': history(
      'notice_history',
      row.notice,
      CLEARED,
      'update notice set cleared_at = null',
    ),
    'a warning stays what was said': history('notice_history', row.notice, 'update notice set balance_minor = 7'),
    'and when': history('notice_history', row.notice, `update notice set raised_at = '2026-01-01'`),
    'no warning disappears': stays('notice_kept', row.notice, 'delete from notice'),
    'the server ends a warning, and no more': right('notice', 'raised_at', row.notice),
    'a comparison that is through is history': history(
      'reconciliation_run_history',
      row.night,
      FINISHED,
      'update reconciliation_run set differing = 7',
    ),
    'a comparison stays one of its day': history(
      'reconciliation_run_history',
      row.night,
      `update reconciliation_run set day = '2026-01-02'`,
    ),
    'no comparison disappears': stays('reconciliation_run_kept', row.night, 'delete from reconciliation_run'),
    'the server does not say of which day it is': right('reconciliation_run', 'day', row.night),
  },
};
