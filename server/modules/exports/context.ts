import type { Names, Place } from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { Alarms } from '#server/modules/alarms/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import { type Actor, type FileAnswer, type RouteServer, scopeCovers } from '#server/platform/http/index.ts';
import { type AboutLine, type FileLang, type XlsxColumn, xlsxChunks } from '#server/platform/xlsx/index.ts';

export interface ExportsContext {
  readonly clock: Clock;
  readonly estate: EstateReader;
  readonly metering: Pick<Metering, 'meter' | 'registersOf'>;
  readonly alarms: Pick<Alarms, 'personName'>;
  /** Lists are asked as screens ask them, by their routes: a file holds what the screen shows, and nothing else. */
  readonly routes: RouteServer;
}

/** What a file holds and who asked for it. */
export interface FileOrder<Row> {
  readonly actor: Actor;
  readonly lang: FileLang;
  readonly title: string;
  readonly about: readonly AboutLine[];
  readonly columns: readonly XlsxColumn<Row>[];
  readonly blocks: AsyncIterable<readonly Row[]>;
  /** The property that all rows are of; undefined where each row names its own. */
  readonly propertyId: number | undefined;
  readonly propertyOf?: (row: Row) => number | undefined;
}

/** Zone of what belongs to no property. */
const NO_ZONE = 'UTC';

/** Makes the file; the first rows are fetched before it returns, so that their errors are ordinary answers. */
export async function toFile<Row>(context: ExportsContext, order: FileOrder<Row>): Promise<FileAnswer> {
  const { actor, lang, title, about, columns, blocks, propertyId } = order;
  const madeAtMs = context.clock.nowMs();
  const name = nameOf(context.estate, actor, propertyId, lang);
  const stamp = new Date(madeAtMs).toISOString().slice(0, 10);
  const chunks = await xlsxChunks({
    ...{ lang, title, about, columns, blocks, madeAtMs, madeBy: actor.displayName },
    zone: zoneFor(context.estate, order),
  });
  return { name: `${[title, name, stamp].filter((part) => part !== undefined).join(' ')}.xlsx`, chunks };
}

/** For the file's own name, which only who knows the property anyway gets to read. */
function nameOf(
  estate: EstateReader,
  actor: Actor,
  propertyId: number | undefined,
  lang: FileLang,
): string | undefined {
  const property = propertyId === undefined ? undefined : estate.place(propertyId);
  const known = property !== undefined && scopeCovers(actor.scope('meter.view'), property.id);
  return known ? textOf(property.names, lang) : undefined;
}

function zoneFor<Row>(
  estate: EstateReader,
  { propertyId, propertyOf }: FileOrder<Row>,
): string | ((row: Row) => string) {
  if (propertyId !== undefined || propertyOf === undefined) return zoneOf(estate, propertyId);
  return sharedZone(estate) ?? ((row) => zoneOf(estate, propertyOf(row)));
}

/** The clock that a filter is told in: the property's, else that of all where they share one. */
export function oneZone(estate: EstateReader, propertyId: number | undefined): string {
  return propertyId === undefined ? (sharedZone(estate) ?? NO_ZONE) : zoneOf(estate, propertyId);
}

function sharedZone(estate: EstateReader): string | undefined {
  const [only, ...others] = new Set(estate.properties().map(({ id }) => zoneOf(estate, id)));
  return others.length === 0 ? only : undefined;
}

function zoneOf(estate: EstateReader, propertyId: number | undefined): string {
  return propertyId === undefined ? NO_ZONE : (estate.place(propertyId)?.timeZone ?? NO_ZONE);
}

/** "2026-11-01 08:30" by the clock of a calendar. */
export function localText(atMs: number, calendar: ZonedCalendar): string {
  return new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 16).replace('T', ' ');
}

/** A name in the language of the file, else in the other one. */
export function textOf(names: Names | undefined, lang: FileLang): string | undefined {
  return lang === 'zh' ? (names?.zh ?? names?.en) : (names?.en ?? names?.zh);
}

/** "A House / 3F / 3F-27", without the property that the file is about. */
export function placeText(path: readonly (Names | Pick<Place, 'names'>)[], lang: FileLang): string {
  return path.map((part) => textOf('names' in part ? part.names : part, lang) ?? '').join(' / ');
}
