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

/** The station that a vend in this state is on its way to. */
const HEADING: Readonly<Record<VendState, Station>> = {
  DRAFT: 'paid',
  PAID: 'queued',
  QUEUED: 'queued',
  RESERVED: 'written',
  SENT: 'written',
  UNKNOWN: 'readBack',
  FENCING: 'readBack',
  CONFIRMED: 'inMeter',
  CANCELLED: 'inMeter',
  REJECTED: 'inMeter',
  QUARANTINED: 'readBack',
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
  const heading = sale.custody === 'platform' && HEADING[sale.state] !== 'paid' ? 'inWallet' : HEADING[sale.state];
  const headingIndex = way.indexOf(heading);
  const failed = sale.state === 'CANCELLED' || sale.state === 'REJECTED' || sale.state === 'QUARANTINED';
  const stations = way.map((station, index): StationView => {
    const done = index < headingIndex || sale.state === 'CONFIRMED';
    const look = done ? 'done' : index > headingIndex ? 'todo' : failed ? 'failed' : 'now';
    return { station, look, at: done ? reachedAt(station, sale, steps) : undefined };
  });
  const atRest = isAtRest(sale);
  const late = !atRest && nowMs - Date.parse(sale.at) > DOUBT_AFTER_MS;
  const stuck = sale.state === 'REJECTED' || sale.state === 'QUARANTINED' || sale.state === 'FENCING';
  return { stations, say: sayOf(sale, late), doubtful: stuck || late, atRest };
}

function reachedAt(station: Station, sale: Sale, steps: readonly VendStep[]): string | undefined {
  if (station === 'paid') return sale.at;
  const step = steps.findLast(({ from, to }) => from !== to && REACHED_BY[station].includes(to));
  return step?.at ?? (station === 'inMeter' || station === 'inWallet' ? sale.finishedAt : undefined);
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
      return 'cancelled';
    case 'REJECTED':
      return 'rejected';
    case 'FENCING':
      return 'cancelling';
    default:
      return sale.cancelAsked ? 'cancelling' : late ? 'waiting' : 'inDelivery';
  }
}
