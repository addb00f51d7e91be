import type { BodyOf, runVendBatch } from '#contract/index.ts';
import { BATCH_ROWS_MAX } from '#contract/index.ts';
import { parseDecimal } from '#domain/money/amount.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { SheetRow } from './batchStore.ts';

/** Amounts on sheets are in the currency; its minor units are hundredths. */
const CURRENCY_DECIMALS = 2;
const COLUMNS = /[\t,;]/;
const REASON_MAX = 500;
const NUMBER_MAX = 40;

/** The rows of a sheet, pasted or given. What cannot be read is a refused row, never a lost one. */
export function sheetRows(body: BodyOf<typeof runVendBatch>, newId: () => string): readonly SheetRow[] {
  const { rows, text, kind } = body;
  if ((rows === undefined) === (text === undefined))
    throw new AppError('request.invalid', 'Give either rows or text.', [
      { field: 'rows', message: 'must be there where there is no text' },
    ]);
  const cells =
    rows?.map(({ meterNumber, amountMinor, reason }) => ({
      meterNumber,
      amount: amountMinor,
      reason: reason ?? null,
    })) ?? linesOf(text ?? '').map(cellsOf);
  if (cells.length === 0 || cells.length > BATCH_ROWS_MAX)
    throw new AppError('request.invalid', `A sheet has 1 to ${BATCH_ROWS_MAX} rows; this one has ${cells.length}.`, [
      { field: 'text', message: `must have 1 to ${BATCH_ROWS_MAX} rows` },
    ]);
  const seen = new Set<string>();
  return cells.map((row, index) => {
    const refusal = refusalOf(row, kind, seen);
    seen.add(row.meterNumber);
    return {
      no: index + 1,
      vend_id: newId(),
      meter_number: row.meterNumber.slice(0, NUMBER_MAX),
      amount: row.amount ?? '',
      reason: row.reason,
      outcome: refusal === undefined ? 'waiting' : 'refused',
      code: refusal === undefined ? null : 'request.invalid',
      message: refusal ?? null,
    };
  });
}

interface Cells {
  readonly meterNumber: string;
  /** Minor units; undefined where the cell is no amount. */
  readonly amount: string | undefined;
  readonly reason: string | null;
}

const linesOf = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

function cellsOf(line: string): Cells {
  const [meterNumber = '', amount = '', ...rest] = line.split(COLUMNS).map((cell) => cell.trim());
  const reason = rest.join(' ').trim().slice(0, REASON_MAX);
  return { meterNumber, amount: minorText(amount), reason: reason.length < 2 ? null : reason };
}

function minorText(amount: string): string | undefined {
  try {
    return String(parseDecimal(amount, CURRENCY_DECIMALS));
  } catch {
    return undefined;
  }
}

/** A meter twice on one sheet is more often a slip than a wish. */
function refusalOf(
  { meterNumber, amount }: Cells,
  kind: 'refund' | 'makeup',
  seen: ReadonlySet<string>,
): string | undefined {
  if (meterNumber === '') return 'The meter number is missing.';
  if (amount === undefined) return 'The amount is no amount with at most two decimals.';
  if (BigInt(amount) === 0n) return 'The amount is 0.';
  if (kind === 'refund' && BigInt(amount) < 0n) return 'A refund is above 0.';
  if (seen.has(meterNumber)) return 'This meter is on the sheet already.';
  return undefined;
}
