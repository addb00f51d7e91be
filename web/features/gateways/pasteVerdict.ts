import type { MeterInput, MeterModelSummary, MeterRole, Place } from '#contract/index.ts';
import type { PasteColumn, PastedCells } from './pastedTable.ts';
import { findPlace } from './placeTree.ts';

/** Why a row cannot be saved; `key` is a catalogue key under `gateways.verdict`. */
export interface Fault {
  readonly column: PasteColumn;
  readonly key:
    | 'missing'
    | 'address'
    | 'addressTaken'
    | 'addressTwice'
    | 'model'
    | 'number'
    | 'numberTwice'
    | 'place'
    | 'placeAmbiguous'
    | 'role'
    | 'ratio'
    | 'limit'
    | 'tooLong';
  readonly value: string;
}

/** A row of the paste with what will be saved, or with everything that is wrong with it. */
export type RowVerdict =
  | { readonly ok: true; readonly cells: PastedCells; readonly meter: MeterInput }
  | { readonly ok: false; readonly cells: PastedCells; readonly faults: readonly Fault[] };

export interface VerdictContext {
  readonly models: readonly MeterModelSummary[];
  /** The places of the property that the gateway stands in. */
  readonly places: readonly Place[];
  /** Addresses already on the line. */
  readonly takenAddresses: ReadonlySet<number>;
  /** Where rows without a place go; undefined: each row must name one. */
  readonly defaultPlaceId: number | undefined;
  /** Model of rows that name none. */
  readonly defaultModelId: string | undefined;
}

const ROLE_WORDS: Readonly<Record<string, MeterRole>> = {
  tenant: 'tenant',
  商户: 'tenant',
  租户: 'tenant',
  public: 'public',
  公区: 'public',
  公共: 'public',
  substation: 'substation',
  变电所: 'substation',
  配电: 'substation',
};

const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');

/** A model by its id, its name, or maker and name together, however it is spaced. */
export function findModel(text: string, models: readonly MeterModelSummary[]): MeterModelSummary | undefined {
  const wanted = plain(text);
  return models.find(({ id, maker, name }) => [plain(id), plain(name), plain(maker + name)].includes(wanted));
}

/** The verdict on every row, each for itself and against its neighbours. Nothing is sent that is not all right here. */
export function judgeRows(rows: readonly PastedCells[], context: VerdictContext): readonly RowVerdict[] {
  const addresses = countOf(rows.map((cells) => cells.unitAddress));
  const numbers = countOf(rows.map((cells) => cells.meterNumber));
  return rows.map((cells) => judgeRow(cells, context, addresses, numbers));
}

function countOf(values: readonly (string | undefined)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

type Counts = ReadonlyMap<string, number>;

function judgeRow(cells: PastedCells, context: VerdictContext, addresses: Counts, numbers: Counts): RowVerdict {
  const faults: Fault[] = [];
  const fault = (column: PasteColumn, key: Fault['key']) => {
    faults.push({ column, key, value: cells[column] ?? '' });
    return undefined;
  };
  const meter = {
    unitAddress: addressOf(cells, context, addresses, fault),
    modelId: modelOf(cells, context, fault),
    meterNumber: numberOf(cells, numbers, fault),
    placeId: placeOf(cells, context, fault),
    role: cells.role === undefined ? 'tenant' : (ROLE_WORDS[cells.role.toLowerCase()] ?? fault('role', 'role')),
    ...namesOf(cells, fault),
    ...wholeField(cells, 'ctRatio', 10_000, fault),
    ...wholeField(cells, 'ptRatio', 10_000, fault),
    ...(cells.circuit !== undefined && { circuit: bounded(cells.circuit, 80) ?? fault('circuit', 'tooLong') }),
    ...limitOf(cells, fault),
  };
  return faults.length === 0 && isComplete(meter) ? { ok: true, cells, meter } : { ok: false, cells, faults };
}

type FaultSink = (column: PasteColumn, key: Fault['key']) => undefined;

function addressOf(cells: PastedCells, context: VerdictContext, counts: Counts, fault: FaultSink) {
  const text = cells.unitAddress;
  if (text === undefined) return fault('unitAddress', 'missing');
  const address = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (address < 1 || address > 247) return fault('unitAddress', 'address');
  if (context.takenAddresses.has(address)) return fault('unitAddress', 'addressTaken');
  return (counts.get(text) ?? 0) > 1 ? fault('unitAddress', 'addressTwice') : address;
}

function modelOf(cells: PastedCells, context: VerdictContext, fault: FaultSink) {
  if (cells.model === undefined) return context.defaultModelId ?? fault('model', 'missing');
  return findModel(cells.model, context.models)?.id ?? fault('model', 'model');
}

/** What a meter number may be made of: the pattern of the contract's MeterInput. */
const METER_NUMBER = /^[A-Za-z0-9_./-]+$/;

function numberOf(cells: PastedCells, counts: Counts, fault: FaultSink) {
  const text = cells.meterNumber;
  if (text === undefined) return fault('meterNumber', 'missing');
  if (text.length > 40 || !METER_NUMBER.test(text)) return fault('meterNumber', 'number');
  return (counts.get(text) ?? 0) > 1 ? fault('meterNumber', 'numberTwice') : text;
}

function placeOf(cells: PastedCells, context: VerdictContext, fault: FaultSink) {
  if (cells.place === undefined) return context.defaultPlaceId ?? fault('place', 'missing');
  const found = findPlace(cells.place, context.places);
  if (found === 'ambiguous') return fault('place', 'placeAmbiguous');
  return found?.id ?? fault('place', 'place');
}

const bounded = (text: string, length: number) => (text.length <= length ? text : undefined);

function namesOf(cells: PastedCells, fault: FaultSink) {
  const zh = cells.nameZh === undefined ? undefined : (bounded(cells.nameZh, 80) ?? fault('nameZh', 'tooLong'));
  const en = cells.nameEn === undefined ? undefined : (bounded(cells.nameEn, 80) ?? fault('nameEn', 'tooLong'));
  if (zh === undefined && en === undefined) return {};
  return { names: { ...(zh !== undefined && { zh }), ...(en !== undefined && { en }) } };
}

function wholeField(cells: PastedCells, column: 'ctRatio' | 'ptRatio', max: number, fault: FaultSink) {
  const text = cells[column];
  if (text === undefined) return {};
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? { [column]: value } : { [column]: fault(column, 'ratio') };
}

/** Limits are written in kW with up to three decimals and stored in whole W. */
function limitOf(cells: PastedCells, fault: FaultSink) {
  const text = cells.overloadLimitKw;
  if (text === undefined) return {};
  const watts = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1_000) : 0;
  return { overloadLimitW: watts >= 1 && watts <= 50_000_000 ? watts : fault('overloadLimitKw', 'limit') };
}

function isComplete(meter: Readonly<Record<string, unknown>>): meter is MeterInput {
  return Object.values(meter).every((value) => value !== undefined);
}
