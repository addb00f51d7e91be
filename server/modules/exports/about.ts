import { STATE_WORDS } from '#contract/words.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import { type Scope, scopeCovers } from '#server/platform/http/index.ts';
import type { AboutLine, FileLang, FileWords } from '#server/platform/xlsx/index.ts';
import { textOf } from './context.ts';

/** What the fields of filters are called. */
const FIELDS: Readonly<Record<string, FileWords>> = {
  propertyId: { zh: '项目', en: 'Property' },
  placeId: { zh: '位置', en: 'Place' },
  gatewayId: { zh: '网关', en: 'Gateway' },
  lineId: { zh: '总线', en: 'Line' },
  meterId: { zh: '表计', en: 'Meter' },
  accountId: { zh: '账户', en: 'Account' },
  batchId: { zh: '批次', en: 'Batch' },
  kind: { zh: '类型', en: 'Kind' },
  state: { zh: '状态', en: 'State' },
  severity: { zh: '级别', en: 'Severity' },
  acknowledged: { zh: '已确认', en: 'Acknowledged' },
  operator: { zh: '操作员', en: 'Operator' },
  day: { zh: '业务日', en: 'Business day' },
  from: { zh: '起', en: 'From' },
  to: { zh: '止', en: 'To' },
  q: { zh: '关键字', en: 'Text' },
  assigned: { zh: '处理人', en: 'Assigned' },
  handledBy: { zh: '经手人', en: 'Handled by' },
  causeId: { zh: '根因报警', en: 'Cause' },
  chattering: { zh: '抖动', en: 'Chattering' },
  subject: { zh: '对象', en: 'Subject' },
  refKind: { zh: '凭据类型', en: 'Reference kind' },
  refId: { zh: '凭据', en: 'Reference' },
  single: { zh: '单独下达', en: 'Of no batch' },
  waiting: { zh: '待复核', en: 'Awaiting approval' },
};
const FILTER = { zh: '筛选', en: 'Filter' };
const EVERYTHING = { zh: '全部', en: 'everything' };
const YES_NO = { zh: ['是', '否'], en: ['yes', 'no'] } as const;

/**
 * The filter in words, a line a field. A thing of the estate is shown by its name where the right covers it, else by the
 * number that was asked with: nobody learns names by asking for a file.
 */
export function filterLines(
  estate: EstateReader,
  scope: Scope,
  query: Readonly<Record<string, unknown>>,
  lang: FileLang,
): readonly AboutLine[] {
  const asked = Object.entries(query).filter(([name, value]) => name !== 'lang' && value !== undefined);
  if (asked.length === 0) return [{ name: FILTER[lang], text: EVERYTHING[lang] }];
  return asked.map(([field, value]) => ({
    name: FIELDS[field]?.[lang] ?? field,
    text: valueText(estate, scope, field, value, lang),
  }));
}

function valueText(estate: EstateReader, scope: Scope, field: string, value: unknown, lang: FileLang): string {
  if (typeof value === 'boolean') return YES_NO[lang][value ? 0 : 1];
  if (typeof value === 'number') {
    if (field === 'severity') return severityText(value, lang) ?? String(value);
    const thing = thingOf(estate, field, value, lang);
    return thing !== undefined && scopeCovers(scope, ...thing.at) && thing.text !== undefined
      ? thing.text
      : String(value);
  }
  const words: readonly Readonly<Record<string, string>>[] =
    field === 'kind'
      ? [STATE_WORDS[lang].saleKind, STATE_WORDS[lang].alarm, STATE_WORDS[lang].commandKind]
      : field === 'state'
        ? [STATE_WORDS[lang].saleState, STATE_WORDS[lang].alarmState, STATE_WORDS[lang].commandState]
        : [];
  const text = String(value);
  return words.map((catalogue) => catalogue[text]).find((word) => word !== undefined) ?? text;
}

function severityText(severity: number, lang: FileLang): string | undefined {
  return Object.entries(STATE_WORDS[lang].severity).find(([level]) => level === String(severity))?.[1];
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
