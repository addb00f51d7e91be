import type { PricedLine, PricedSegment } from './pricing.ts';
import { addToLine, EMPTY_LINE, type LineTotal } from './rounding.ts';

/** A line of one month's bill of a stream. */
export interface BillLine extends LineTotal, Pick<PricedLine, 'label' | 'component' | 'price'> {
  readonly monthMs: number;
  readonly versionId: number;
  /** Of `quantity`, what charges have told of. */
  readonly chargedQuantity: bigint;
}

/** What a charge adds to one line. */
export interface ChargedLine extends Pick<BillLine, 'versionId' | 'label' | 'component' | 'price'> {
  /** Of a correction: which month's bill it belongs to, `2026-11`. */
  readonly month?: string;
  readonly quantity: bigint;
  readonly amountMinor: bigint;
}

interface Entry {
  line: BillLine;
  /** What is due: rounded total less what was charged. */
  dueMinor: bigint;
  changed: boolean;
}

/**
 * The bills of one stream, a month each, as they grow. Every line is rounded once over its month, so that it does not matter
 * whether it was charged each half hour, once a month, or first the one and then the other.
 */
export class Bill {
  readonly #entries = new Map<string, Entry>();

  constructor(lines: readonly BillLine[]) {
    for (const line of lines) this.#entries.set(keyOf(line), { line, dueMinor: 0n, changed: false });
    // What an earlier run left open is due now.
    for (const entry of this.#entries.values()) grow(entry, { quantity: 0n, parts: 0n });
  }

  add({ lines, monthMs, versionId }: Pick<PricedSegment, 'lines' | 'monthMs' | 'versionId'>): void {
    for (const { label, component, price, quantity, parts } of lines) {
      const fresh = { ...EMPTY_LINE, label, component, price, monthMs, versionId, chargedQuantity: 0n };
      const key = keyOf(fresh);
      const entry = this.#entries.get(key) ?? { line: fresh, dueMinor: 0n, changed: false };
      this.#entries.set(key, entry);
      grow(entry, { quantity, parts });
      entry.changed = true;
    }
  }

  /** Charges what is due of a month. Lines of which nothing is due stay open: they are told of when something is. */
  charge(monthMs: number): { readonly amountMinor: bigint; readonly lines: readonly ChargedLine[] } {
    const due = [...this.#entries.values()].filter(({ line, dueMinor }) => line.monthMs === monthMs && dueMinor !== 0n);
    const lines = due.map((entry) => {
      const { line, dueMinor } = entry;
      const { versionId, label, component, price, quantity, chargedQuantity } = line;
      entry.line = { ...line, chargedMinor: line.chargedMinor + dueMinor, chargedQuantity: quantity };
      entry.dueMinor = 0n;
      entry.changed = true;
      return { versionId, label, component, price, quantity: quantity - chargedQuantity, amountMinor: dueMinor };
    });
    return { amountMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n), lines };
  }

  /** Months that have lines, oldest first. */
  months(): readonly number[] {
    return [...new Set([...this.#entries.values()].map(({ line }) => line.monthMs))].toSorted((a, b) => a - b);
  }

  /** Lines that are not as they were. */
  changed(): readonly BillLine[] {
    return [...this.#entries.values()].filter(({ changed }) => changed).map(({ line }) => line);
  }
}

/** `chargedMinor` of the line stays what was really charged; what the rounded total is beyond it is due. */
function grow(entry: Entry, added: { readonly quantity: bigint; readonly parts: bigint }): void {
  const { chargedMinor } = entry.line;
  const grown = addToLine(entry.line, added);
  entry.line = { ...entry.line, ...grown.line, chargedMinor };
  entry.dueMinor = grown.amountMinor;
}

function keyOf({ monthMs, versionId, label, component, price }: BillLine): string {
  return `${monthMs}/${versionId}/${label}/${price}/${component}`;
}
