import { Registry } from 'prom-client';
import { fileRoute } from '#contract/index.ts';
import { type Actor, createHttp } from '#server/platform/http/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { type CellKind, type XlsxColumn, xlsxChunks } from '#server/platform/xlsx/index.ts';

/** Serves one workbook of so many rows × 12 over HTTP and says where: the part of the server that makes files, alone. */
const ROWS = Number(process.argv[2]);
const BLOCK_ROWS = 1_000;

const column = (zh: string, kind: CellKind, of: XlsxColumn<number>['of']): XlsxColumn<number> => {
  return { header: { zh, en: zh }, kind, of };
};
const COLUMNS: readonly XlsxColumn<number>[] = [
  column('序号', 'integer', (row) => row),
  column('位置', 'text', (row) => `购物中心 / A 座 / 3F / 3F-${row % 400}`),
  column('客户', 'text', (row) => `星河咖啡 & 茶 ${row % 997}`),
  column('表号', 'text', (row) => `2026${String(row % 20_000).padStart(8, '0')}`),
  column('型号', 'text', () => 'DTSY1352'),
  column('时刻', 'instant', (row) => 1_763_740_800_000 + row * 1_800_000),
  column('总电能 (kWh)', 'energy', (row) => BigInt(row) * 1_379n),
  column('有功功率 (W)', 'decimal', (row) => (row % 7_919) * 1.37),
  column('通讯', 'text', () => '在线'),
  column('继电器', 'text', () => '合闸'),
  column('业务日', 'date', () => '2026-11-22'),
  column('余额', 'money', (row) => String((row % 100_000) - 5_000)),
];

async function* blocks(): AsyncGenerator<readonly number[]> {
  for (let from = 0; from < ROWS; from += BLOCK_ROWS) {
    // As rows of a store come: not at once.
    await new Promise((resolve) => setImmediate(resolve));
    yield Array.from({ length: Math.min(BLOCK_ROWS, ROWS - from) }, (_, index) => from + index);
  }
}

const actor: Actor = {
  ...{ userId: 1, user: 'bench', displayName: 'Bench', sessionId: '1', ip: '::1' },
  scope: () => ({ all: true, propertyIds: [], buildingIds: [] }),
};
const http = await createHttp({
  ...{ log: silentLog, metrics: new Registry(), monotonicMs: () => performance.now(), publicOrigin: undefined },
  ...{
    trustedProxies: [],
    webDir: '/nowhere',
    release: 'bench',
    checkResponses: false,
    authenticate: async () => actor,
  },
});
const file = fileRoute({ method: 'GET', path: '/api/file', access: 'meter.view', tag: 'bench', summary: 'A file' });
http.routes.add(file, async () => ({
  name: 'bench.xlsx',
  chunks: await xlsxChunks({
    ...{ lang: 'zh', title: '抄表数据', columns: COLUMNS, blocks: blocks(), zone: 'Asia/Shanghai', about: [] },
    ...{ madeAtMs: Date.now(), madeBy: 'Bench' },
  }),
}));
process.stdout.write(`${await http.listen('127.0.0.1', 0)}\n`);
