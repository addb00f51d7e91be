import type {
  getSalesDay,
  listSales,
  listVendSteps,
  ParamsOf,
  printReceipt,
  QueryOf,
  ResponseOf,
} from '#contract/index.ts';
import { chineseFigures } from '#domain/vend/chineseFigures.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, scopeCovers, toPage } from '#server/platform/http/index.ts';
import { type Context, vendOf } from './context.ts';
import { withoutSettled } from './payingOut.ts';
import { type DayLine, selectDay } from './reportStore.ts';
import { toSale, type VendRow } from './rows.ts';
import { countPrint, selectSteps, selectVends } from './store.ts';
import { selectWalletAround } from './walletStore.ts';

/** Steps of one vend that are shown: a meter that stays away for a week makes some 700. */
const STEPS_SHOWN_MAX = 1_000;
/** Under way for so long it is on the operators' list. */
export const LATE_AFTER_MS = 24 * 3_600_000;

export async function list(context: Context, actor: Actor, query: QueryOf<typeof listSales>) {
  const limit = query.limit ?? PAGE_ROWS;
  const rows = await selectVends(context.db, actor.scope('account.view'), query, {
    before: cursorId(query.cursor),
    rows: limit + 1,
    lateBeforeMs: context.clock.nowMs() - LATE_AFTER_MS,
  });
  return toPage(
    await withoutSettled(context.db, rows),
    limit,
    (row: VendRow) => row.serial,
    (row) => toSale(row),
  );
}

export async function steps(context: Context, actor: Actor, id: string): Promise<ResponseOf<typeof listVendSteps>> {
  const row = await vendOf(context, actor, 'account.view', id);
  const rows = await selectSteps(context.db, row.id, STEPS_SHOWN_MAX);
  return {
    items: rows.map((step) => ({
      no: step.no,
      at: step.at.toISOString(),
      event: step.event,
      from: step.from_state,
      to: step.to_state,
      ...(step.cause === null ? {} : { cause: step.cause }),
      ...(step.seq === null ? {} : { count: step.seq }),
      ...(step.read === null ? {} : { read: step.read }),
      ...(step.user_name === null ? {} : { by: step.user_name }),
    })),
  };
}

/** What is printed. Each call counts as a print. */
export async function receipt(context: Context, actor: Actor, id: string): Promise<ResponseOf<typeof printReceipt>> {
  const row = await vendOf(context, actor, 'account.view', id);
  const printNo = await countPrint(context.db, row.id);
  const property = context.estate.place(row.property_id);
  return {
    sale: toSale(row, undefined, await selectWalletAround(context.db, row)),
    propertyNames: property?.names ?? {},
    currency: property?.currency ?? 'CNY',
    paidInChinese: chineseFigures(row.paid_minor),
    netInChinese: chineseFigures(row.net_minor),
    feeMinor: String(row.fee_minor),
    printNo,
  };
}

export async function day(
  context: Context,
  actor: Actor,
  asked: ParamsOf<typeof getSalesDay> & QueryOf<typeof getSalesDay>,
): Promise<ResponseOf<typeof getSalesDay>> {
  const { propertyId } = asked;
  if (!scopeCovers(actor.scope('account.view'), propertyId))
    throw new AppError('not-found', `There is no property ${propertyId}.`);
  if (Number.isNaN(Date.parse(asked.day)))
    throw new AppError('request.invalid', 'There is no such day.', [{ field: 'day', message: 'must be a date' }]);
  const lines = await selectDay(context.db, propertyId, asked.day);
  const part = (name: DayLine['part']) => lines.filter((line) => line.part === name).map(toRow);
  const [total] = part('total');
  return {
    ...{ propertyId, day: asked.day, byKind: part('kind'), byMethod: part('method'), byOperator: part('operator') },
    total: total ?? { name: 'total', count: 0, paidMinor: '0', feeMinor: '0', netMinor: '0' },
  };
}

function toRow({ name, count, paid, fee, net }: DayLine) {
  return { name, count, paidMinor: String(paid), feeMinor: String(fee), netMinor: String(net) };
}
