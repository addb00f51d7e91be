import type { addTariffVersion, BodyOf, createTariff, Permission, Tariff, TariffVersion } from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { meterPricesOf } from '#domain/tariff/meterPrice.ts';
import type { Fault } from '#domain/tariff/validate.ts';
import { faultsOf } from '#domain/tariff/validate.ts';
import { audit } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/index.ts';
import { type Db, type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError, cursorId, PAGE_ROWS, scopeCovers, toPage } from '#server/platform/http/index.ts';
import { parseBody, parseComposition } from './bodyText.ts';
import type { BookVersion, TariffBook } from './book.ts';
import { toTariff, toTariffVersion } from './dto.ts';
import * as store from './store.ts';
import type { TariffFacts, TariffMedium } from './types.ts';

/** Versions of one tariff: a month's price each for sixteen years. */
export const VERSIONS_MAX = 200;
/** Tariffs of one property. */
export const TARIFFS_MAX = 200;

export interface TariffDeps {
  readonly db: Db;
  readonly book: TariffBook;
  readonly estate: EstateReader;
  readonly nowMs: () => number;
  readonly calendarOf: (propertyId: number) => ZonedCalendar;
}

/** Who writes: a person, or the program itself under its own name. */
export type Author = Actor | 'meterwall';

export function listTariffs(
  deps: TariffDeps,
  actor: Actor,
  query: { readonly propertyId?: number; readonly cursor?: string; readonly limit?: number },
) {
  const { book } = deps;
  const after = cursorId(query.cursor) ?? 0;
  const limit = query.limit ?? PAGE_ROWS;
  const scope = actor.scope('tariff.view');
  const own = book
    .tariffs()
    .filter(({ id, propertyId }) => id > after && scopeCovers(scope, propertyId))
    .filter(({ propertyId }) => query.propertyId === undefined || propertyId === query.propertyId);
  return toPage(
    own,
    limit,
    ({ id }) => id,
    (tariff) => tariffView(deps, tariff),
  );
}

export function getTariff(deps: TariffDeps, actor: Actor, tariffId: number) {
  const tariff = demandTariff(deps, actor, 'tariff.view', tariffId);
  return { tariff: tariffView(deps, tariff), versions: deps.book.versionsOf(tariffId).map(toTariffVersion) };
}

export async function addTariff(deps: TariffDeps, actor: Actor, body: BodyOf<typeof createTariff>): Promise<Tariff> {
  demandProperty(deps, actor, 'tariff.edit', body.propertyId);
  if (deps.book.tariffsOfProperty(body.propertyId).length >= TARIFFS_MAX)
    throw new AppError('conflict.in-use', `A property has at most ${TARIFFS_MAX} tariffs.`);
  try {
    return await deps.db.tx(async (tx) => tariffView(deps, await insertTariff(deps, tx, actor, body)));
  } catch (error) {
    if (violatedConstraint(error) !== 'tariff_name_key') throw error;
    throw new AppError('conflict.duplicate', 'Another tariff of this property has this name.', [
      { field: 'name', message: 'is taken' },
    ]);
  }
}

/** Stores a draft. Throws `request.invalid` naming every field that cannot be charged. */
export async function addVersion(
  deps: TariffDeps,
  actor: Actor,
  tariffId: number,
  input: BodyOf<typeof addTariffVersion>,
): Promise<TariffVersion> {
  const tariff = demandTariff(deps, actor, 'tariff.edit', tariffId);
  const checked = checkVersion(deps, tariff, input);
  if (deps.book.versionsOf(tariffId).length >= VERSIONS_MAX)
    throw new AppError('conflict.in-use', `A tariff has at most ${VERSIONS_MAX} versions: make a new tariff.`);
  const row = await deps.db.tx(async (tx) => {
    demandAhead(deps, await store.isInUse(tx, tariffId, undefined), checked.effectiveFrom.getTime());
    return insertVersion(deps, tx, actor, tariff, checked);
  });
  return toTariffVersion(demandVersion(deps, row.id));
}

/** Publishes a draft or drops it. */
export async function decide(
  deps: TariffDeps,
  actor: Actor,
  versionId: number,
  decision: 'publish' | 'drop',
): Promise<TariffVersion> {
  const version = deps.book.anyVersion(versionId);
  const visible = version !== undefined && propertyVisible(actor, 'tariff.edit', version.propertyId);
  if (!visible) throw new AppError('not-found', `There is no version ${versionId} of a tariff.`);
  demandProperty(deps, actor, 'tariff.edit', version.propertyId);
  const { secondPerson } = deps.book.settings(version.propertyId);
  if (decision === 'publish' && secondPerson && version.createdBy === actor.userId) {
    throw new AppError(
      'approval.same-person',
      'Prices of this property are published by somebody else than the one who wrote them: ask a second person.',
    );
  }
  try {
    await deps.db.tx((tx) => insertDecision(deps, tx, actor, version, decision));
  } catch (error) {
    if (violatedConstraint(error) !== 'tariff_decision_pkey') throw error;
    throw new AppError('conflict.changed-meanwhile', 'This version was published or dropped before: load it again.');
  }
  return toTariffVersion(demandVersion(deps, versionId));
}

/** What a version says, checked. */
export interface CheckedVersion {
  readonly effectiveFrom: Date;
  readonly input: Omit<BodyOf<typeof addTariffVersion>, 'effectiveFrom'>;
  readonly body: BookVersion['body'];
}

/** Throws `request.invalid` naming every field that is wrong. */
export function checkVersion(
  deps: TariffDeps,
  { propertyId }: Pick<TariffFacts, 'propertyId'>,
  { effectiveFrom, ...input }: BodyOf<typeof addTariffVersion>,
): CheckedVersion {
  const { value: body, faults } = parseBody(input.body);
  const names = new Set(deps.book.settings(propertyId).dayLists.map(({ name }) => name));
  const bodyFaults = faults.length > 0 ? faults : faultsOf(body, names);
  const compositionFaults = input.composition === undefined ? [] : parseComposition(input.composition).faults;
  const at = new Date(effectiveFrom);
  refuseFaults([
    ...instantFaults(at, effectiveFrom, deps.calendarOf(propertyId)),
    ...prefixed('body', bodyFaults),
    ...prefixed('composition', compositionFaults),
  ]);
  return { effectiveFrom: at, input, body };
}

export async function insertTariff(
  { book }: TariffDeps,
  tx: Tx,
  author: Author,
  fields: { readonly propertyId: number; readonly name: string; readonly medium: TariffMedium },
): Promise<TariffFacts> {
  const row = await store.insertTariff(tx, fields);
  const tariff = { id: row.id, propertyId: row.property_id, name: row.name, medium: row.medium };
  tx.afterCommit(() => void book.addTariff(row));
  await audit(tx, {
    actor: personOf(author),
    action: 'tariff.create',
    subjectKind: 'tariff',
    subjectId: row.id,
    propertyId: row.property_id,
    after: tariff,
  });
  return tariff;
}

export async function insertVersion(
  { book }: TariffDeps,
  tx: Tx,
  author: Author,
  tariff: TariffFacts,
  { effectiveFrom, input, body }: CheckedVersion,
): Promise<store.VersionRow> {
  const row = await store.insertVersion(tx, {
    ...{ tariffId: tariff.id, effectiveFrom, body: input.body, composition: input.composition, note: input.note },
    meterPrices: meterPricesOf(body),
    userId: personOf(author)?.userId,
    userName: nameOf(author),
  });
  tx.afterCommit(() => book.addVersion(row));
  await audit(tx, {
    actor: personOf(author),
    action: 'tariff.add-version',
    subjectKind: 'tariff',
    subjectId: tariff.id,
    propertyId: tariff.propertyId,
    after: { versionId: row.id, effectiveFrom, ...input },
  });
  return row;
}

export async function insertDecision(
  deps: TariffDeps,
  tx: Tx,
  author: Author,
  version: Pick<BookVersion, 'id' | 'tariffId' | 'propertyId' | 'effectiveFromMs'>,
  decision: 'publish' | 'drop',
): Promise<void> {
  const published = decision === 'publish';
  await store.lockTariff(tx, version.tariffId);
  const row = await store.insertDecision(tx, {
    ...{ versionId: version.id, published, userId: personOf(author)?.userId, userName: nameOf(author) },
    at: new Date(deps.nowMs()),
  });
  if (published) demandAhead(deps, await store.isInUse(tx, version.tariffId, version.id), version.effectiveFromMs);
  tx.afterCommit(() => deps.book.addDecision(row));
  await audit(tx, {
    actor: personOf(author),
    action: published ? 'tariff.publish' : 'tariff.drop',
    subjectKind: 'tariff',
    subjectId: version.tariffId,
    propertyId: version.propertyId,
    after: { versionId: version.id, effectiveFrom: new Date(version.effectiveFromMs) },
  });
}

/** The property, when the actor holds `permission` on the whole of it. What they may not see is not found. */
export function demandProperty(
  { estate }: Pick<TariffDeps, 'estate'>,
  actor: Actor,
  permission: Permission,
  propertyId: number,
): void {
  const isProperty = estate.place(propertyId)?.kind === 'property';
  if (!isProperty || !propertyVisible(actor, permission, propertyId))
    throw new AppError('not-found', `There is no property ${propertyId}.`);
  if (!scopeCovers(actor.scope(permission), propertyId))
    throw new AppError('permission.missing', `This needs the permission ${permission} in this property.`);
}

/** Throws `request.invalid` with every fault; returns where there is none. */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const told = faults.slice(0, FAULTS_TOLD).map(({ field, message }) => ({ field, message }));
  const sentence = told.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new AppError('request.invalid', `The request is not valid: ${sentence}.`, told);
}

export function prefixed(prefix: string, faults: readonly Fault[]): Fault[] {
  return faults.map(({ field, message }) => ({ field: `${prefix}.${field}`, message }));
}

/** Complaints in one answer. */
const FAULTS_TOLD = 10;
const PROGRAM = 'meterwall';

function personOf(author: Author): Actor | undefined {
  return author === PROGRAM ? undefined : author;
}

function nameOf(author: Author): string {
  return author === PROGRAM ? PROGRAM : author.displayName;
}

function propertyVisible(actor: Actor, permission: Permission, propertyId: number): boolean {
  return scopeCovers(actor.scope('tariff.view'), propertyId) || scopeCovers(actor.scope(permission), propertyId);
}

function demandTariff(deps: TariffDeps, actor: Actor, permission: Permission, tariffId: number): TariffFacts {
  const tariff = deps.book.tariff(tariffId);
  if (tariff === undefined || !propertyVisible(actor, permission, tariff.propertyId))
    throw new AppError('not-found', `There is no tariff ${tariffId}.`);
  demandProperty(deps, actor, permission, tariff.propertyId);
  return tariff;
}

function demandVersion({ book }: TariffDeps, versionId: number): BookVersion {
  const version = book.anyVersion(versionId);
  if (version === undefined) throw new Error(`version ${versionId} is not in the book after its commit`);
  return version;
}

function tariffView({ book, nowMs }: TariffDeps, tariff: TariffFacts): Tariff {
  return toTariff(tariff, book.versionsOf(tariff.id).length, book.versionAt(tariff.id, nowMs())?.id);
}

/** Nobody's price changes afterwards: only the very first version may begin in the past. */
function demandAhead({ nowMs }: TariffDeps, inUse: boolean, effectiveFromMs: number): void {
  if (!inUse || effectiveFromMs >= nowMs()) return;
  throw new AppError(
    'tariff.too-late',
    'Its instant has passed and this tariff is in use: make a version that begins in the future.',
    [{ field: 'effectiveFrom', message: 'must be in the future' }],
  );
}

/** Registers are held at each full and half hour, so that a price that begins at one splits no reading. */
function instantFaults(at: Date, text: string, calendar: ZonedCalendar): Fault[] {
  const atMs = at.getTime();
  if (Number.isNaN(atMs) || at.toISOString().slice(0, 10) !== text.slice(0, 10))
    return [{ field: 'effectiveFrom', message: 'must be an instant that exists, like 2026-12-31T16:00:00Z' }];
  if (at.getUTCFullYear() < 2000 || at.getUTCFullYear() > 2200)
    return [{ field: 'effectiveFrom', message: 'must be between the years 2000 and 2200' }];
  return calendar.billingInstant(atMs) === atMs
    ? []
    : [
        {
          field: 'effectiveFrom',
          message: 'must be a full or half hour of the property’s clock: registers are held then',
        },
      ];
}
