import { COLOURS } from './colours.ts';
import type { Dashboard } from './dashboard.ts';
import { chart, type Panel, type Style, stat } from './panels.ts';
import { rate, sumOfLast } from './queries.ts';
import { type Text, text } from './text.ts';

const NOW = '2m';

const platformNow = (title: Text, unit: string, field: string, warnFrom?: number): Panel =>
  stat({
    title,
    unit,
    lookBack: NOW,
    queries: [{ query: `SELECT last("${field}") FROM "platform" WHERE $timeFilter`, name: title }],
    ...(warnFrom === undefined ? {} : { thresholds: [{ colour: COLOURS.limit, from: warnFrom }] }),
  });

/** Greatest value of each interval, so that no peak hides in a mean. */
const platformChart = (title: Text, unit: string, styles: readonly Style[]): Panel =>
  chart({
    title,
    unit,
    from: 0,
    queries: [
      {
        query: `SELECT ${styles.map(({ series }) => `max("${series}") AS "${series}"`).join(', ')} FROM "platform" WHERE $timeFilter GROUP BY time($__interval) fill(null)`,
        name: '$col',
      },
    ],
    styles,
  });

const memory = platformChart(text('内存', 'Memory'), 'bytes', [
  { series: 'rss_bytes', name: text('进程', 'Process (RSS)'), colour: COLOURS.now },
  { series: 'heap_bytes', name: text('堆', 'Heap in use'), colour: COLOURS.earlier },
]);
const eventLoop = platformChart(text('事件循环延迟 p99', 'Event loop delay, p99'), 'ms', [
  { series: 'event_loop_p99_ms', name: text('延迟', 'Delay'), colour: COLOURS.now },
]);
const cpu = platformChart(text('处理器(一个核为 100 %)', 'Processor (one core = 100 %)'), 'percentunit', [
  { series: 'cpu_share', name: text('占用', 'Share'), colour: COLOURS.now },
]);
const queues = platformChart(text('队列', 'Queues'), 'none', [
  { series: 'ingest_queue', name: text('待处理读数', 'Readings to take'), colour: COLOURS.now },
  { series: 'telemetry_queued', name: text('待写入读数', 'Readings to write'), colour: COLOURS.earlier },
]);
const spool = platformChart(text('磁盘缓存', 'Spool on disk'), 'bytes', [
  { series: 'spool_bytes', name: text('等待写入', 'Waiting for the store'), colour: COLOURS.limit },
]);
const losses = platformChart(text('启动以来丢弃的读数', 'Readings dropped since start'), 'none', [
  { series: 'telemetry_dropped', name: text('队列已满', 'Queue full'), colour: COLOURS.bad },
  { series: 'spool_dropped', name: text('磁盘缓存已满', 'Spool full'), colour: COLOURS.limit, dashed: true },
]);
const sockets = platformChart(text('已连接屏幕', 'Screens connected'), 'none', [
  { series: 'sockets', name: text('屏幕', 'Screens'), colour: COLOURS.now },
]);

const written = chart({
  title: text('读数:采集与写入', 'Readings: taken and written'),
  unit: 'cps',
  from: 0,
  queries: [
    {
      query: `SELECT sum("rate") FROM (SELECT mean("readings_per_s") AS "rate" FROM "estate" WHERE $timeFilter GROUP BY time($__interval), "property_id" fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(null)`,
      name: text('采集', 'Taken'),
    },
    { query: rate('platform', undefined, 'telemetry_written', '$timeFilter'), name: text('写入', 'Written') },
  ],
  styles: [],
});

const cycles = chart({
  title: text('轮询周期与线路极限之比', 'Line cycle against the limit of the wire'),
  description: text('1 为线路所能达到的最快', '1 is the fastest that the wire allows'),
  unit: 'none',
  decimals: 2,
  from: 0,
  queries: [
    { aggregate: 'max', name: text('最慢线路', 'Slowest line') },
    { aggregate: 'median', name: text('中位数', 'Median') },
  ].map(({ aggregate, name }) => ({
    query: `SELECT ${aggregate}("ratio") FROM (SELECT "cycle_ms" / "cycle_limit_ms" AS "ratio" FROM "line" WHERE $timeFilter) WHERE $timeFilter GROUP BY time($__interval) fill(null)`,
    name,
  })),
  limits: [{ colour: COLOURS.plain, from: 1 }],
});
const lines = chart({
  title: text('线路', 'Lines'),
  unit: 'none',
  from: 0,
  queries: [{ query: sumOfLast('line', 'line', ['up', 'quarantined'], '$timeFilter'), name: '$col' }],
  styles: [
    { series: 'up', name: text('在线线路', 'Lines up'), colour: COLOURS.now },
    { series: 'quarantined', name: text('退避中电表', 'Meters in back-off'), colour: COLOURS.limit },
  ],
});
const requests = chart({
  title: text('每秒请求与应答', 'Requests and replies per second'),
  unit: 'cps',
  from: 0,
  queries: [
    { query: rate('line', 'line', 'requests', '$timeFilter'), name: text('请求', 'Requests') },
    { query: rate('line', 'line', 'replies', '$timeFilter'), name: text('应答', 'Replies') },
  ],
});
const failures = chart({
  title: text('每秒超时与错误', 'Timeouts and errors per second'),
  unit: 'cps',
  from: 0,
  queries: [
    { query: rate('line', 'line', 'timeouts', '$timeFilter'), name: text('超时', 'Timeouts') },
    { query: rate('line', 'line', 'crc_errors', '$timeFilter'), name: text('校验错误', 'CRC errors') },
    { query: rate('line', 'line', 'overruns', '$timeFilter'), name: text('错过轮询', 'Overruns') },
  ],
});

/** How the server itself does. */
export const platform: Dashboard = {
  key: 'platform',
  title: text('平台', 'The platform itself'),
  description: text('进程、队列、存储、线路', 'Process, queues, store, lines'),
  from: 'now-6h',
  refresh: '10s',
  variables: [],
  rows: [
    {
      height: 4,
      panels: [
        [4, platformNow(text('内存', 'Memory (RSS)'), 'bytes', 'rss_bytes')],
        [4, platformNow(text('事件循环 p99', 'Event loop p99'), 'ms', 'event_loop_p99_ms', 100)],
        [4, platformNow(text('处理器', 'Processor'), 'percentunit', 'cpu_share', 0.9)],
        [4, platformNow(text('待写入读数', 'Readings to write'), 'none', 'telemetry_queued')],
        [4, platformNow(text('磁盘缓存', 'Spool on disk'), 'bytes', 'spool_bytes', 1)],
        [4, platformNow(text('屏幕', 'Screens'), 'none', 'sockets')],
      ],
    },
    {
      height: 8,
      panels: [
        [8, memory],
        [8, eventLoop],
        [8, cpu],
      ],
    },
    {
      height: 8,
      panels: [
        [8, written],
        [8, queues],
        [8, spool],
      ],
    },
    {
      height: 8,
      panels: [
        [8, losses],
        [8, sockets],
        [8, lines],
      ],
    },
    {
      height: 8,
      panels: [
        [8, cycles],
        [8, requests],
        [8, failures],
      ],
    },
  ],
};
