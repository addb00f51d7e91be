import { getTariff, listTariffs, type Tariff, type TariffPrice, type TariffVersion } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import { RATES } from '#domain/tariff/types.ts';
import type { FileLang, FileWords, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, textOf } from './context.ts';
import { yesNo } from './filterWords.ts';
import type { ListFile } from './listFile.ts';

/** One price of a version; a version or a tariff without any is a row of its own. */
interface PriceRow {
  readonly tariff: Tariff;
  readonly version: TariffVersion | undefined;
  readonly price: TariffPrice | undefined;
}

const UNIT = { electricity: 'kWh', water: 'm³' } as const;
const PRICE: FileWords = { zh: '单价', en: 'Price' };

function labelText(label: string, lang: FileLang): string {
  const step = /^step(\d+)$/.exec(label)?.[1];
  if (step !== undefined) return lang === 'zh' ? `第 ${step} 档` : `Step ${step}`;
  const rate = RATES.find((one) => one === label);
  return rate === undefined ? PRICE[lang] : STATE_WORDS[lang].rate[rate];
}

function stateText({ tariff, version }: PriceRow, lang: FileLang): string | undefined {
  if (version === undefined) return undefined;
  return STATE_WORDS[lang].tariffState[version.id === tariff.currentVersionId ? 'current' : version.state];
}

/** Up to which quantity a step costs this; nothing for what is no step, and for the last. */
function limitOf({ version, price }: PriceRow): string | undefined {
  const step = Number(/^step(\d+)$/.exec(price?.label ?? '')?.[1]);
  const { body } = version ?? {};
  return body === undefined || body.kind === 'single' ? undefined : body.steps?.steps[step - 1]?.upTo;
}

// biome-ignore format: a table, one column per line
const columnsOf = ({ estate }: ExportsContext): readonly XlsxColumn<PriceRow>[] => [
  { header: { zh: '项目', en: 'Property' }, kind: 'text', width: 20, of: ({ tariff }, lang) => textOf(estate.place(tariff.propertyId)?.names, lang) },
  { header: { zh: '价格', en: 'Tariff' }, kind: 'text', width: 24, of: ({ tariff }) => tariff.name },
  { header: { zh: '介质', en: 'For' }, kind: 'text', width: 12, of: ({ tariff }, lang) => STATE_WORDS[lang].medium[tariff.medium] },
  { header: { zh: '生效时间', en: 'In force from' }, kind: 'instant', of: ({ version }) => version?.effectiveFrom },
  { header: { zh: '状态', en: 'State' }, kind: 'text', width: 12, of: stateText },
  { header: { zh: '类型', en: 'Kind' }, kind: 'text', width: 14, of: ({ version }, lang) => version && STATE_WORDS[lang].tariffKind[version.body.kind] },
  { header: { zh: '时段或档', en: 'Rate or step' }, kind: 'text', width: 14, of: ({ price }, lang) => price && labelText(price.label, lang) },
  { header: { zh: '上限（含）', en: 'Up to and with' }, kind: 'decimal', digits: 3, of: limitOf },
  { header: { zh: '公布价', en: 'Published price' }, kind: 'decimal', digits: 8, of: ({ price }) => price?.published },
  { header: { zh: '表内价', en: 'Price in the meter' }, kind: 'decimal', digits: 4, of: ({ price, version }) => version?.fitsMeters ? price?.meter : undefined },
  { header: { zh: '差额', en: 'Drift' }, kind: 'decimal', digits: 8, of: ({ price, version }) => version?.fitsMeters ? price?.drift : undefined },
  { header: { zh: '币种', en: 'Currency' }, kind: 'text', width: 10, of: ({ tariff }) => estate.place(tariff.propertyId)?.currency },
  { header: { zh: '每', en: 'Per' }, kind: 'text', width: 8, of: ({ tariff }) => UNIT[tariff.medium] },
  { header: { zh: '可存于表内', en: 'Fits a meter' }, kind: 'text', width: 12, of: ({ version }, lang) => version && yesNo(version.fitsMeters, lang) },
  { header: { zh: '备注', en: 'Note' }, kind: 'text', width: 30, of: ({ version }) => version?.note },
  { header: { zh: '编制人', en: 'Written by' }, kind: 'text', width: 14, of: ({ version }) => version?.createdBy },
  { header: { zh: '编制时间', en: 'Written' }, kind: 'instant', of: ({ version }) => version?.createdAt },
  { header: { zh: '决定人', en: 'Decided by' }, kind: 'text', width: 14, of: ({ version }) => version?.decidedBy },
  { header: { zh: '决定时间', en: 'Decided' }, kind: 'instant', of: ({ version }) => version?.decidedAt },
];

export const TARIFFS: ListFile<typeof listTariffs, Tariff, PriceRow> = {
  list: listTariffs,
  title: { zh: '电价与水价', en: 'Prices' },
  columns: (_lang, context) => columnsOf(context),
  async rowsOf(tariff, { context, actor }) {
    const { versions } = await context.routes.ask(getTariff, actor, { params: { tariffId: tariff.id } });
    if (versions.length === 0) return [{ tariff, version: undefined, price: undefined }];
    return versions.flatMap((version) => version.prices.map((price) => ({ tariff, version, price })));
  },
  propertyOf: ({ tariff }) => tariff.propertyId,
};
