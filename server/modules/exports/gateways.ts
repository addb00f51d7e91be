import { type Gateway, listGateways } from '#contract/index.ts';
import { wayText } from '#domain/gatewaySearch.ts';
import type { FileLang, XlsxColumn } from '#server/platform/xlsx/index.ts';
import { textOf } from './context.ts';
import type { ListFile } from './listFile.ts';

type Line = Gateway['lines'][number];

/** A line with its gateway; a gateway without lines is a row of its own. */
interface LineRow {
  readonly gateway: Gateway;
  readonly line: Line | undefined;
}

const LINK: Readonly<Record<FileLang, Readonly<Record<Line['link'], string>>>> = {
  zh: { connecting: '连接中', up: '已连接', down: '断开', stopped: '已停用' },
  en: { connecting: 'connecting', up: 'up', down: 'down', stopped: 'stopped' },
};
const YES_NO = { zh: ['是', '否'], en: ['yes', 'no'] } as const;

/** How a line talks, as engineers write it: "9600 8N1". */
function serialText({ serial }: Line): string | undefined {
  return serial && `${serial.baud} 8${serial.parity.charAt(0).toUpperCase()}${serial.stopBits}`;
}

// biome-ignore format: a table, one column per line
const COLUMNS: readonly XlsxColumn<LineRow>[] = [
  { header: { zh: '网关', en: 'Gateway' }, kind: 'text', of: ({ gateway }) => gateway.code },
  { header: { zh: '名称', en: 'Name' }, kind: 'text', width: 24, of: ({ gateway }, lang) => textOf(gateway.names, lang) },
  { header: { zh: '启用', en: 'In use' }, kind: 'text', width: 8, of: ({ gateway }, lang) => YES_NO[lang][gateway.enabled ? 0 : 1] },
  { header: { zh: '总线', en: 'Line' }, kind: 'text', width: 12, of: ({ line }) => line?.name },
  { header: { zh: '连接', en: 'Link' }, kind: 'text', width: 12, of: ({ line }, lang) => line && LINK[lang][line.link] },
  { header: { zh: '通道', en: 'Transport' }, kind: 'text', width: 40, of: ({ line }) => line && wayText(line.transport) },
  { header: { zh: '串口参数', en: 'Serial settings' }, kind: 'text', width: 14, of: ({ line }) => line && serialText(line) },
  { header: { zh: '应答超时（毫秒）', en: 'Response timeout (ms)' }, kind: 'integer', of: ({ line }) => line?.responseTimeoutMs },
  { header: { zh: '帧间隔（毫秒）', en: 'Turnaround (ms)' }, kind: 'integer', of: ({ line }) => line?.turnaroundMs },
  { header: { zh: '表计数', en: 'Meters' }, kind: 'integer', of: ({ line }) => line?.meterCount },
  { header: { zh: '录入时间', en: 'Entered' }, kind: 'instant', of: ({ gateway }) => gateway.createdAt },
];

export const GATEWAYS: ListFile<typeof listGateways, Gateway, LineRow> = {
  list: listGateways,
  title: { zh: '网关与总线', en: 'Gateways and lines' },
  columns: () => COLUMNS,
  rowsOf: (gateway) =>
    gateway.lines.length === 0
      ? [{ gateway, line: undefined }]
      : gateway.lines.map((line): LineRow => ({ gateway, line })),
  propertyOf: ({ gateway }) => gateway.propertyId,
};
