import { MAX_READ_REGISTERS, REGISTER_COUNTS } from '#drivers/codec/index.ts';
import { type Field, type MeterModel, QUANTITIES } from '#drivers/core/index.ts';
import { purseFaultsOf } from './purseFaults.ts';

/** Scales that keep decimals exact: powers of ten and their inverses. */
const SCALES: ReadonlySet<number> = new Set([
  0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000,
]);

/** Is this export meant to be a model? Its contents are judged by `faultsOf`. */
export function isMeterModel(value: unknown): value is MeterModel {
  return typeof value === 'object' && value !== null && 'id' in value && 'spans' in value && 'fields' in value;
}

/** What is wrong with a model, in words for its author; empty when nothing is. */
export function faultsOf(model: MeterModel): readonly string[] {
  return [
    ...identityFaults(model),
    ...spanFaults(model),
    ...model.fields.flatMap((field) => fieldFaults(model, field)),
    ...extraFaults(model),
    ...purseFaultsOf(model),
  ];
}

function identityFaults({ id, sources, maxRegisters }: MeterModel): string[] {
  const faults: string[] = [];
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(id)) faults.push(`id ${id} is not kebab case with the maker first`);
  if (sources.length === 0) faults.push('no sources');
  if (maxRegisters < 1 || maxRegisters > MAX_READ_REGISTERS)
    faults.push(`maxRegisters ${maxRegisters} outside 1 to ${MAX_READ_REGISTERS}`);
  return faults;
}

function spanFaults({ spans, maxRegisters }: MeterModel): string[] {
  const faults = spans.flatMap(({ start, count }) =>
    count < 1 || count > maxRegisters ? [`span at ${start} has ${count} registers, 1 to ${maxRegisters} fit`] : [],
  );
  for (const purpose of ['live', 'registers'] as const) {
    if (!spans.some(({ serves }) => serves.includes(purpose))) faults.push(`no span serves ${purpose}`);
  }
  return faults;
}

function fieldFaults(model: MeterModel, field: Field): string[] {
  const { quantity, address, type, scale } = field;
  const faults: string[] = [];
  const end = address + REGISTER_COUNTS[type];
  if (!model.spans.some(({ start, count }) => address >= start && end <= start + count))
    faults.push(`${quantity} at ${address} is in no span`);
  if (!SCALES.has(scale)) faults.push(`${quantity}: scale ${scale} is no power of ten`);
  if (model.fields.filter((other) => other.quantity === quantity).length > 1) faults.push(`${quantity} appears twice`);
  const overlaps = model.fields.some(
    (other) => other !== field && other.address < end && other.address + REGISTER_COUNTS[other.type] > address,
  );
  if (overlaps) faults.push(`${quantity} at ${address} overlaps another field`);
  if (isCounter(quantity) && !inSpanServing(model, field, 'registers'))
    faults.push(`${quantity} is a counter but not in a span that serves registers`);
  return faults;
}

/** The status word and the clock must be readable too. */
function extraFaults({ spans, status, clock }: MeterModel): string[] {
  const faults: string[] = [];
  if (
    status !== undefined &&
    !spans.some(({ start, count }) => status.address >= start && status.address < start + count)
  )
    faults.push('the status word is in no span');
  if (
    clock !== undefined &&
    !spans.some(({ start, count }) => start === clock.spanStart && clock.byteOffset + 7 <= count * 2)
  )
    faults.push('the clock is in no span');
  return faults;
}

function isCounter(quantity: Field['quantity']): boolean {
  return quantity in QUANTITIES && QUANTITIES[quantity as keyof typeof QUANTITIES].kind === 'counter';
}

function inSpanServing({ spans }: MeterModel, { address }: Field, purpose: 'live' | 'registers'): boolean {
  return spans.some(
    ({ start, count, serves }) => serves.includes(purpose) && address >= start && address < start + count,
  );
}
