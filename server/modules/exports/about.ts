import { STATE_WORDS } from '#contract/words.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import { type Actor, type Scope, scopeCovers } from '#server/platform/http/index.ts';
import type { AboutLine, FileLang } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, localText, oneZone, textOf } from './context.ts';
import { FIELD_WORDS, type ValueWords, yesNo } from './filterWords.ts';

const FILTER = { zh: '筛选', en: 'Filter' };
const EVERYTHING = { zh: '全部', en: 'everything' };
/** Fields that name a person. */
const PERSONS: readonly string[] = ['handledBy', 'assignedTo'];
/** Fields that are instants, told in the clock of the property. */
const INSTANTS: readonly string[] = ['from', 'to'];

/** A filter and who asked with it. */
export interface AskedFilter {
  readonly actor: Actor;
  /** Where the right to the list holds. */
  readonly scope: Scope;
  readonly lang: FileLang;
  readonly query: Readonly<Record<string, unknown>>;
  readonly words?: ValueWords | undefined;
}

/**
 * The filter in words, a line a field. A thing of the estate or a person is shown by name where the right covers it, else by
 * the number that was asked with: nobody learns names by asking for a file.
 */
export async function filterLines(context: ExportsContext, asked: AskedFilter): Promise<readonly AboutLine[]> {
  const { lang, query } = asked;
  const fields = Object.entries(query).filter(([name, value]) => name !== 'lang' && value !== undefined);
  if (fields.length === 0) return [{ name: FILTER[lang], text: EVERYTHING[lang] }];
  return Promise.all(
    fields.map(async ([field, value]) => ({
      name: FIELD_WORDS[field]?.[lang] ?? field,
      text: await valueText(context, asked, field, value),
    })),
  );
}

async function valueText(
  context: ExportsContext,
  { actor, scope, lang, query, words }: AskedFilter,
  field: string,
  value: unknown,
): Promise<string> {
  const { propertyId } = query;
  const ofProperty = typeof propertyId === 'number' ? propertyId : undefined;
  const text = String(value);
  if (typeof value === 'boolean') return yesNo(value, lang);
  if (typeof value === 'number') {
    if (field === 'severity') return severityText(value, lang) ?? text;
    if (PERSONS.includes(field)) return (await context.alarms.personName(actor, value, ofProperty)) ?? text;
    const thing = thingOf(context.estate, field, value, lang);
    return thing !== undefined && scopeCovers(scope, ...thing.at) && thing.text !== undefined ? thing.text : text;
  }
  if (INSTANTS.includes(field)) return instantText(context.estate, ofProperty, text);
  if (field === 'assigned' && value === 'me') return actor.displayName;
  return words?.[field]?.[lang][text] ?? text;
}

function severityText(severity: number, lang: FileLang): string | undefined {
  return Object.entries(STATE_WORDS[lang].severity).find(([level]) => level === String(severity))?.[1];
}

/** "2026-11-01 00:00 (Asia/Shanghai)" */
function instantText(estate: EstateReader, propertyId: number | undefined, iso: string): string {
  const atMs = Date.parse(iso);
  const zone = oneZone(estate, propertyId);
  return Number.isNaN(atMs) ? iso : `${localText(atMs, createCalendars()(zone))} (${zone})`;
}

/** What a filter names, and where it stands: property and building. */
interface Thing {
  readonly text: string | undefined;
  readonly at: readonly [propertyId: number, buildingId?: number];
}

function thingOf(estate: EstateReader, field: string, id: number, lang: FileLang): Thing | undefined {
  switch (field) {
    case 'propertyId':
    case 'placeId': {
      const place = estate.place(id);
      return place && { text: textOf(place.names, lang), at: [place.propertyId] };
    }
    case 'gatewayId': {
      const gateway = estate.gateway(id);
      return gateway && { text: gateway.code, at: [gateway.propertyId] };
    }
    case 'lineId': {
      const line = estate.line(id);
      const gateway = line && estate.gateway(line.gatewayId);
      return gateway && { text: line?.name, at: [gateway.propertyId] };
    }
    case 'meterId': {
      const profile = estate.meter(id);
      if (profile === undefined) return undefined;
      const { meter, buildingId } = profile;
      return {
        text: meter.meterNumber,
        at: buildingId === undefined ? [meter.propertyId] : [meter.propertyId, buildingId],
      };
    }
    default:
      return undefined;
  }
}
