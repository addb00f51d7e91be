import type { LocationQuery, LocationQueryRaw } from 'vue-router';
import { DISPLAY_STATES, PROTECTION_STATES, RELAY_STATES } from '#domain/meterState.ts';
import type { GridFilter } from './gridFilter.ts';
import { BY_PLACE, COLUMNS, type Column, type SortBy } from './gridSort.ts';

export type GridView = 'rows' | 'tiles';
/** What the address of a grid says. */
export interface GridAddress {
  readonly filter: GridFilter;
  readonly sort: SortBy;
  readonly view: GridView;
  /** Undefined: as this browser remembers them. */
  readonly columns: readonly Column[] | undefined;
  /** The batch that is followed beside the grid. */
  readonly batch: string | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STATES = DISPLAY_STATES.map(({ key }) => key);
const BALANCE = /^(-?\d{1,12}(?:\.\d{1,2})?)?\.\.(-?\d{1,12}(?:\.\d{1,2})?)?$/;

/** Reads an address; what it does not know it leaves out, so that an old link still opens. */
export function readAddress(query: LocationQuery): GridAddress {
  const list = (name: string) => textOf(query[name]).split(',').filter(Boolean);
  const known = <T extends string>(name: string, all: readonly T[]) =>
    new Set(all.filter((one) => list(name).includes(one)));
  const ids = (name: string) => new Set(list(name).map(Number).filter(Number.isSafeInteger));
  const [, from, to] = BALANCE.exec(textOf(query['balance'])) ?? [];
  const sort = textOf(query['sort']);
  const column = COLUMNS.find((one) => one === sort.replace(/^-/, ''));
  const columns = COLUMNS.filter((one) => list('cols').includes(one));
  const batch = textOf(query['batch']);
  return {
    filter: {
      places: ids('place'),
      states: known('state', STATES),
      relays: known('relay', RELAY_STATES),
      protections: known('protection', PROTECTION_STATES),
      models: new Set(list('model')),
      gateways: ids('gateway'),
      balanceFrom: minorOf(from),
      balanceTo: minorOf(to),
      text: textOf(query['q']),
    },
    sort: column === undefined ? BY_PLACE : { column, down: sort.startsWith('-') },
    view: query['view'] === 'tiles' ? 'tiles' : 'rows',
    columns: columns.length === 0 ? undefined : columns,
    batch: UUID.test(batch) ? batch : undefined,
  };
}

/** Writes an address; what is as always is left out. */
export function writeAddress({ filter, sort, view, columns, batch }: GridAddress): LocationQueryRaw {
  const ranged = filter.balanceFrom !== undefined || filter.balanceTo !== undefined;
  const all: Record<string, string> = {
    place: [...filter.places].join(','),
    state: [...filter.states].join(','),
    relay: [...filter.relays].join(','),
    protection: [...filter.protections].join(','),
    model: [...filter.models].join(','),
    gateway: [...filter.gateways].join(','),
    balance: ranged ? `${plainMoney(filter.balanceFrom)}..${plainMoney(filter.balanceTo)}` : '',
    q: filter.text,
    sort: sort.column === 'room' && !sort.down ? '' : `${sort.down ? '-' : ''}${sort.column}`,
    view: view === 'rows' ? '' : view,
    cols: columns?.join(',') ?? '',
    batch: batch ?? '',
  };
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ''));
}

/** "12.5" → 1250; undefined for what is no amount. */
export function minorOf(text: string | undefined): bigint | undefined {
  const [, sign, whole, cents = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text?.trim() ?? '') ?? [];
  if (whole === undefined) return undefined;
  const minor = BigInt(whole) * 100n + BigInt(cents.padEnd(2, '0'));
  return sign === '-' ? -minor : minor;
}

/** 1250 → "12.5", as one types it. */
export function plainMoney(minor: bigint | undefined): string {
  if (minor === undefined) return '';
  const size = minor < 0n ? -minor : minor;
  const cents = (size % 100n).toString().padStart(2, '0').replace(/0+$/, '');
  return `${minor < 0n ? '-' : ''}${size / 100n}${cents === '' ? '' : `.${cents}`}`;
}

function textOf(value: LocationQuery[string] | undefined): string {
  return typeof value === 'string' ? value : '';
}
