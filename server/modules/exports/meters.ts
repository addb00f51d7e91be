import { type BodyOf, type exportMeters, getMeterTenants } from '#contract/index.ts';
import { STATE_WORDS } from '#contract/words.ts';
import { DISPLAY_STATES, displayState } from '#domain/meterState.ts';
import { modelById } from '#drivers/models/index.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';
import type { MeterView } from '#server/modules/metering/index.ts';
import { type Actor, AppError, type FileAnswer, scopeIsEmpty } from '#server/platform/http/index.ts';
import type { FileLang, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { type ExportsContext, placeText, textOf, toFile } from './context.ts';
import { namedMeters } from './namedMeters.ts';

const TITLE = { zh: '表计清单', en: 'Meters' };
const FILTER = { zh: '筛选', en: 'Filter' };
/** Meters whose state is taken at a time. */
const BLOCK_METERS = 500;
const W_PER_KW = 1_000;

interface MeterRow {
  readonly profile: MeterProfile;
  readonly now: MeterView | undefined;
  readonly customer: string | undefined;
  readonly tariff: string | undefined;
}

type Facts = MeterView['state']['facts'];

/** The row of the domain's table: its name and its colour on paper. */
function stateOf({ now }: MeterRow) {
  const facts: Facts | undefined = now?.state.facts;
  const key = facts && displayState(facts);
  return DISPLAY_STATES.find((row) => row.key === key);
}

const STATE_GROUND = {
  colours: DISPLAY_STATES.map(({ light }) => light),
  of: (row: MeterRow) => stateOf(row)?.light,
};

// biome-ignore format: a table, one column per line
const columnsOf = ({ estate }: ExportsContext): readonly XlsxColumn<MeterRow>[] => [
  { header: { zh: '表号', en: 'Meter number' }, kind: 'text', of: ({ profile }) => profile.meter.meterNumber },
  { header: { zh: '位置', en: 'Place' }, kind: 'text', width: 34, of: ({ profile }, lang) => placeText(profile.path, lang) },
  { header: { zh: '名称', en: 'Name' }, kind: 'text', of: ({ profile }, lang) => textOf(profile.meter.names, lang) },
  { header: { zh: '客户', en: 'Customer' }, kind: 'text', width: 24, of: ({ customer }) => customer },
  { header: { zh: '电价', en: 'Tariff' }, kind: 'text', width: 16, of: ({ tariff }) => tariff },
  { header: { zh: '用途', en: 'Role' }, kind: 'text', width: 10, of: ({ profile }, lang) => STATE_WORDS[lang].role[profile.meter.role] },
  { header: { zh: '状态', en: 'State' }, kind: 'text', width: 12, of: (row, lang) => stateOf(row)?.[lang], ground: STATE_GROUND },
  { header: { zh: '资金', en: 'Money' }, kind: 'text', width: 12, of: ({ now }, lang) => now && STATE_WORDS[lang].money[now.state.facts.money] },
  { header: { zh: '通讯', en: 'Link' }, kind: 'text', width: 10, of: ({ now }, lang) => now && STATE_WORDS[lang].link[now.state.facts.link] },
  { header: { zh: '继电器', en: 'Relay' }, kind: 'text', width: 12, of: ({ now }, lang) => now && STATE_WORDS[lang].relay[now.state.facts.relay] },
  { header: { zh: '保护', en: 'Protection' }, kind: 'text', width: 12, of: ({ now }, lang) => now && STATE_WORDS[lang].protection[now.state.facts.protection] },
  { header: { zh: '余额', en: 'Balance' }, kind: 'money', of: ({ now }) => now?.last?.balanceMinor },
  { header: { zh: '负荷 (kW)', en: 'Load (kW)' }, kind: 'decimal', of: ({ now }) => now?.last?.loadW === undefined ? undefined : now.last.loadW / W_PER_KW },
  { header: { zh: '总电能 (kWh)', en: 'Total energy (kWh)' }, kind: 'energy', of: ({ now }) => now?.last?.values.energyWh },
  { header: { zh: '最近读数', en: 'Last reading' }, kind: 'instant', of: ({ now }) => now?.last?.readAtMs },
  { header: { zh: '型号', en: 'Model' }, kind: 'text', width: 24, of: ({ profile: { meter } }) => modelById(meter.modelId)?.name ?? meter.modelId },
  { header: { zh: '网关', en: 'Gateway' }, kind: 'text', width: 14, of: ({ profile }) => estate.gateway(profile.meter.gatewayId)?.code },
  { header: { zh: '总线', en: 'Line' }, kind: 'text', width: 14, of: ({ profile }) => estate.line(profile.meter.lineId)?.name },
  { header: { zh: '地址', en: 'Address' }, kind: 'integer', width: 8, of: ({ profile }) => profile.meter.unitAddress },
  { header: { zh: '回路', en: 'Circuit' }, kind: 'text', of: ({ profile }) => profile.meter.circuit },
  { header: { zh: '变比 CT', en: 'CT ratio' }, kind: 'integer', width: 10, of: ({ profile }) => profile.meter.ctRatio },
  { header: { zh: '变比 PT', en: 'PT ratio' }, kind: 'integer', width: 10, of: ({ profile }) => profile.meter.ptRatio },
];

/** Meters as they stand at the moment when their row is written. Customers only for those who may see accounts. */
export async function meterFile(
  context: ExportsContext,
  actor: Actor,
  lang: FileLang,
  body: BodyOf<typeof exportMeters>,
): Promise<FileAnswer> {
  const { propertyId, filter } = body;
  const profiles = namedMeters(context, actor, body);
  const tenants = await tenantsOf(context, actor, propertyId);
  return toFile(context, {
    ...{ actor, lang, title: TITLE[lang], propertyId, columns: columnsOf(context) },
    about: filter === undefined ? [] : [{ name: FILTER[lang], text: filter }],
    blocks: (async function* () {
      for (let at = 0; at < profiles.length; at += BLOCK_METERS) {
        yield profiles.slice(at, at + BLOCK_METERS).map((profile) => {
          const now = context.metering.meter(profile.meter.id);
          return { profile, now, ...(tenants.get(profile.meter.id) ?? NOBODY) };
        });
      }
    })(),
  });
}

const NOBODY = { customer: undefined, tariff: undefined };

async function tenantsOf({ routes }: ExportsContext, actor: Actor, propertyId: number) {
  const found = new Map<number, { readonly customer: string | undefined; readonly tariff: string | undefined }>();
  if (scopeIsEmpty(actor.scope('account.view'))) return found;
  try {
    const { meterId, customer, tariff } = await routes.ask(getMeterTenants, actor, { params: { propertyId } });
    for (const [index, id] of meterId.entries()) found.set(id, { customer: customer[index], tariff: tariff[index] });
  } catch (error) {
    // Accounts of other properties may be theirs, not those here.
    if (!(error instanceof AppError && error.code === 'not-found')) throw error;
  }
  return found;
}
