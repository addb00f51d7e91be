import type { Sale, VendState, VendStep } from '#contract/vending.ts';

/** Stations on the way of the money; `inWallet` where the platform keeps the balance. */
export type Station = 'paid' | 'queued' | 'written' | 'readBack' | 'inMeter' | 'inWallet';

export interface StationView {
  readonly station: Station;
  readonly look: 'done' | 'now' | 'todo' | 'failed';
  /** When it was reached, as far as the vend's steps tell. */
  readonly at: string | undefined;
}

/** What a cashier can tell the tenant; catalogue keys under `desk.say`. */
export type Say =
  | 'inDelivery'
  | 'waiting'
  | 'done'
  | 'doneWallet'
  | 'cancelling'
  | 'cancelled'
  | 'paidOut'
  | 'rejected'
  | 'decision'
  | 'secondPerson'
  | 'refundRuns'
  | 'refundWaits'
  | 'refundDone'
  | 'refundEnded';

export interface Delivery {
  readonly stations: readonly StationView[];
  readonly say: Say;
  /** Not on the straight way any more: said with cause and last read, in a frame of its own. */
  readonly doubtful: boolean;
  /** Ended for good, well or not. */
  readonly atRest: boolean;
}

/** A meter mostly answers within a few seconds; after these a tenant at the counter wants to hear why. */
export const DOUBT_AFTER_MS = 20_000;

const METER_WAY: readonly Station[] = ['paid', 'queued', 'written', 'readBack', 'inMeter'];
const WALLET_WAY: readonly Station[] = ['paid', 'inWallet'];

/** Off the way: how far it had come only its steps can tell. */
const FAILED: readonly VendState[] = ['CANCELLED', 'REJECTED', 'QUARANTINED'];

/** The station that a vend in this state is on its way to. */
const HEADING: Readonly<Partial<Record<VendState, Station>>> = {
  DRAFT: 'paid',
  PAID: 'queued',
  QUEUED: 'queued',
  RESERVED: 'written',
  SENT: 'written',
  UNKNOWN: 'readBack',
  FENCING: 'readBack',
  CONFIRMED: 'inMeter',
};

/** The first state by which a station has been reached. */
const REACHED_BY: Readonly<Record<Station, readonly VendState[]>> = {
  paid: ['PAID', 'QUEUED', 'CONFIRMED'],
  queued: ['RESERVED', 'SENT'],
  written: ['UNKNOWN'],
  readBack: ['CONFIRMED'],
  inMeter: ['CONFIRMED'],
  inWallet: ['CONFIRMED'],
};

export const isOutgoing = ({ kind, netMinor }: Pick<Sale, 'kind' | 'netMinor'>): boolean =>
  kind === 'refund' || kind === 'reversal' || kind === 'moveOut' || netMinor.startsWith('-');

export const isAtRest = ({ state }: Pick<Sale, 'state'>): boolean => state === 'CONFIRMED' || state === 'CANCELLED';

/** How far a vend is, for the screen. Pure; `nowMs` is the server's time. */
export function deliveryOf(sale: Sale, steps: readonly VendStep[], nowMs: number): Delivery {
  const way = sale.custody === 'platform' ? WALLET_WAY : METER_WAY;
  const failed = FAILED.includes(sale.state);
  const reached = failed ? reachedBySteps(way, steps) : heading(way, sale.state);
  const stations = way.map((station, index): StationView => {
    const done = index < reached || sale.state === 'CONFIRMED';
    const look = done ? 'done' : index > reached ? 'todo' : failed ? 'failed' : 'now';
    return { station, look, at: done ? reachedAt(station, sale, steps) : undefined };
  });
  const atRest = isAtRest(sale);
  const late = !atRest && nowMs - Date.parse(sale.at) > DOUBT_AFTER_MS;
  const stuck = sale.state === 'REJECTED' || sale.state === 'QUARANTINED' || sale.state === 'FENCING';
  return { stations, say: sayOf(sale, late), doubtful: stuck || late, atRest };
}

/** How many stations a vend in this state has behind it. */
function heading(way: readonly Station[], state: VendState): number {
  const station = HEADING[state] ?? 'paid';
  return way.includes(station) ? way.indexOf(station) : station === 'paid' ? 0 : 1;
}

/** The same by what happened, for those that left the way. */
function reachedBySteps(way: readonly Station[], steps: readonly VendStep[]): number {
  const missing = way.findIndex((station) => station !== 'paid' && stepTo(station, steps) === undefined);
  return missing < 0 ? way.length - 1 : missing;
}

function reachedAt(station: Station, sale: Sale, steps: readonly VendStep[]): string | undefined {
  if (station === 'paid') return sale.at;
  return stepTo(station, steps)?.at ?? (station === 'inMeter' || station === 'inWallet' ? sale.finishedAt : undefined);
}

function stepTo(station: Station, steps: readonly VendStep[]): VendStep | undefined {
  return steps.findLast(({ from, to }) => from !== to && REACHED_BY[station].includes(to));
}

function sayOf(sale: Sale, late: boolean): Say {
  if (sale.state === 'DRAFT') return 'secondPerson';
  if (sale.state === 'QUARANTINED') return 'decision';
  if (isOutgoing(sale)) {
    if (sale.state === 'CONFIRMED') return 'refundDone';
    if (sale.state === 'CANCELLED') return 'refundEnded';
    return late || sale.state === 'REJECTED' ? 'refundWaits' : 'refundRuns';
  }
  switch (sale.state) {
    case 'CONFIRMED':
      return sale.custody === 'platform' ? 'doneWallet' : 'done';
    case 'CANCELLED':
      return sale.paidOutAt === undefined ? 'cancelled' : 'paidOut';
    case 'REJECTED':
      return 'rejected';
    case 'FENCING':
      return 'cancelling';
    default:
      return sale.cancelAsked ? 'cancelling' : late ? 'waiting' : 'inDelivery';
  }
}
