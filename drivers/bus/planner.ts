import { type Block, REGISTER_COUNTS } from '#drivers/codec/index.ts';
import type { Field, MeterModel, Span } from '#drivers/core/index.ts';

/** What a visit is for. */
export type Purpose = Span['serves'][number];

/**
 * Widest hole that is read along with its neighbours: a further request costs 13 bytes and two silences, a register 2.
 */
export const MERGE_GAP_REGISTERS = 8;

/** Identifies a block of one meter. */
export function blockKey({ start, count }: Block): number {
  return start * 256 + count;
}

/**
 * The requests that serve `purposes`: spans of the model, joined where that is cheaper and fits the model's limit.
 * Blocks in `refused` (the meter answered exception 02) are asked in parts; a single field refused is not asked again.
 */
export function planBlocks(
  model: MeterModel,
  purposes: readonly Purpose[],
  refused: ReadonlySet<number>,
): readonly Block[] {
  const spans = model.spans.filter(({ serves }) => serves.some((purpose) => purposes.includes(purpose)));
  return joinSpans(spans, model.maxRegisters).flatMap((block) => withoutRefused(model, block, refused));
}

function joinSpans(spans: readonly Span[], maxRegisters: number): Block[] {
  const blocks: Block[] = [];
  for (const { start, count } of spans.toSorted((a, b) => a.start - b.start)) {
    const last = blocks.at(-1);
    if (last !== undefined) {
      const end = Math.max(last.start + last.count, start + count);
      const hole = start - (last.start + last.count);
      if (hole <= MERGE_GAP_REGISTERS && end - last.start <= maxRegisters) {
        blocks[blocks.length - 1] = { start: last.start, count: end - last.start };
        continue;
      }
    }
    blocks.push({ start, count });
  }
  return blocks;
}

function withoutRefused(model: MeterModel, block: Block, refused: ReadonlySet<number>): readonly Block[] {
  if (!refused.has(blockKey(block))) return [block];
  return splitBlock(model, block).flatMap((part) => withoutRefused(model, part, refused));
}

/** The two parts of a block, cut at its widest hole between fields, else in the middle; none when it holds one field. */
export function splitBlock(model: MeterModel, block: Block): readonly Block[] {
  const items = itemsOf(model, block);
  const first = items[0];
  const last = items.at(-1);
  if (first === undefined || last === undefined || items.length < 2) return [];
  let cut = 1;
  let best = Number.NEGATIVE_INFINITY;
  items.forEach((item, index) => {
    const before = items[index - 1];
    if (before === undefined) return;
    const hole = item.start - (before.start + before.count);
    // Of equal holes the one nearest to the middle: refused registers are found in few steps.
    const worth = hole * items.length - Math.abs(index - items.length / 2);
    if (worth > best) {
      best = worth;
      cut = index;
    }
  });
  return [around(items.slice(0, cut)), around(items.slice(cut))];
}

/** Most other lengths that are tried for one block; see RtuFraming for why their number counts. */
export const MAX_OTHER_LENGTHS = 5;

/**
 * Blocks of other lengths inside `block` that hold everything of the model that it holds, the longest first. Many
 * meters have unused registers at the ends of a block; nothing outside of it is asked for, for who knows what is there.
 */
export function otherLengths(model: MeterModel, block: Block): readonly Block[] {
  const items = itemsOf(model, block);
  if (items.length === 0) return [];
  const needed = around(items);
  const shorter = Math.min(MAX_OTHER_LENGTHS, block.count - needed.count);
  return Array.from({ length: shorter }, (_, index) => {
    const count = block.count - 1 - index;
    return { start: Math.max(block.start, needed.start + needed.count - count), count };
  });
}

/** Everything of the model that lies in the block, by address. */
function itemsOf(model: MeterModel, block: Block): Block[] {
  const items: Block[] = model.fields.map(blockOfField);
  if (model.status !== undefined) items.push({ start: model.status.address, count: 1 });
  if (model.clock !== undefined) items.push({ start: model.clock.spanStart + (model.clock.byteOffset >> 1), count: 4 });
  return items
    .filter(({ start, count }) => start >= block.start && start + count <= block.start + block.count)
    .toSorted((a, b) => a.start - b.start);
}

function blockOfField(field: Field): Block {
  return { start: field.address, count: REGISTER_COUNTS[field.type] };
}

function around(items: readonly Block[]): Block {
  const start = Math.min(...items.map((item) => item.start));
  return { start, count: Math.max(...items.map((item) => item.start + item.count)) - start };
}
