import type { Permission } from '#contract/index.ts';
import { type ZonedCalendar, zonedCalendar } from '#domain/calendar.ts';
import type { VendLimits } from '#domain/vend/types.ts';
import type { Clock, PurseCapabilities } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { AccountsReader, AccountView, MoneyPolicy } from '#server/modules/accounts/types.ts';
import type { EstateReader, MeterProfile } from '#server/modules/estate/types.ts';
import type { Ledger, PostingActor } from '#server/modules/ledger/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError, scopeCovers } from '#server/platform/http/index.ts';
import type { VendRow } from './rows.ts';
import type { SaleQueue } from './saleQueue.ts';
import type { Stepper } from './stepper.ts';
import { selectVend } from './store.ts';

/** What every use case of vending works with. */
export interface Context {
  readonly db: Db;
  readonly clock: Clock;
  readonly estate: Pick<EstateReader, 'meter' | 'place' | 'metersOfProperty'>;
  readonly accounts: Pick<
    AccountsReader,
    'account' | 'accountOfMeter' | 'policy' | 'lock' | 'epochs' | 'runningCase' | 'walletMinor' | 'walletsChanged'
  >;
  readonly ledger: Ledger;
  readonly lines: Pick<LineDesk, 'execute' | 'readPurse'>;
  readonly capabilitiesOf: (meterId: number) => PurseCapabilities | undefined;
  /** What the meter said it holds, at its last read. */
  readonly lastBalanceOf: (meterId: number) => bigint | undefined;
  readonly stepper: Stepper;
  readonly sales: Pick<SaleQueue, 'sell'>;
  readonly limits: VendLimits;
  /** Before the age of a frame decides: see clockSteps.ts. */
  readonly followClock?: () => Promise<boolean>;
  /** The worker has something to do, others something to hear. */
  readonly wake: () => void;
  /** Work that nobody waits for; its failure is logged, and it is taken up again at the next start. */
  readonly background: (what: string, work: () => Promise<void>) => void;
}

/** A meter with whoever pays for it. */
export interface Subject {
  readonly profile: MeterProfile;
  readonly account: AccountView;
  readonly epoch: number;
  readonly policy: MoneyPolicy;
}

/** Throws `not-found` where the actor holds no such right, `vend.no-account` where nobody pays for the meter. */
export function subjectOf(context: Context, actor: Actor, permission: Permission, meterId: number): Subject {
  const profile = context.estate.meter(meterId);
  const scope = actor.scope(permission);
  if (profile === undefined || !scopeCovers(scope, profile.meter.propertyId, profile.buildingId))
    throw new AppError('not-found', `There is no meter ${meterId}.`);
  return subjectOfProfile(context, profile);
}

export function subjectOfProfile({ accounts }: Context, profile: MeterProfile): Subject {
  const { id, propertyId } = profile.meter;
  const account = accounts.accountOfMeter(id);
  const epoch = account?.meters.find(({ meterId }) => meterId === id)?.epoch;
  if (account === undefined || epoch === undefined)
    throw new AppError('vend.no-account', 'This meter has no account: open one first.', [
      { field: 'meterId', message: 'must be the meter of an account' },
    ]);
  return { profile, account, epoch, policy: accounts.policy(propertyId) };
}

/** The vend, where it lies within the right. */
export async function vendOf(context: Context, actor: Actor, permission: Permission, id: string): Promise<VendRow> {
  const row = await selectVend(context.db, id);
  if (row === undefined || !covers(actor, permission, row)) throw new AppError('not-found', `There is no vend ${id}.`);
  return row;
}

export function covers(actor: Actor, permission: Permission, row: VendRow): boolean {
  return scopeCovers(actor.scope(permission), row.property_id, row.building_id ?? undefined);
}

export const posterOf = (actor: Actor): PostingActor => ({ userId: actor.userId, name: actor.displayName });

const calendars = new Map<string, ZonedCalendar>();

/** The business day of a property at an instant, `2026-11-22`. */
export function businessDay({ estate }: Pick<Context, 'estate'>, propertyId: number, atMs: number): string {
  const timeZone = estate.place(propertyId)?.timeZone ?? 'UTC';
  const calendar = calendars.get(timeZone) ?? zonedCalendar(timeZone);
  calendars.set(timeZone, calendar);
  return new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 10);
}

/** First day of the month that a business day is booked in. */
export const periodOf = (day: string): string => `${day.slice(0, 8)}01`;

export function keyReused(): AppError {
  return new AppError('request.key-reused', 'This id was used for another request: make a new one.');
}

/** Minor units from the text that a contract has checked. */
export const minor = (text: string): bigint => BigInt(text);
