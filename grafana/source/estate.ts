import { COLOURS, STATE_FIELDS } from './colours.ts';
import type { Dashboard } from './dashboard.ts';
import { chart, type Panel, stat, table } from './panels.ts';
import { IN_ESTATE, PROPERTY, RAW, sumNow, sumOfLast } from './queries.ts';
import { text } from './text.ts';

/** Figures come every ten seconds: older ones are not those of now. */
const NOW = '2m';
const states = STATE_FIELDS.map(({ field, name, colour }) => ({ series: field, name, colour }));
const stateFields = STATE_FIELDS.map(({ field }) => field);

const now = (title: Parameters<typeof text>, field: string, warn?: string): Panel =>
  stat({
    title: text(...title),
    unit: 'none',
    lookBack: NOW,
    queries: [{ query: sumNow('estate', 'property_id', [field], IN_ESTATE), name: text(...title) }],
    ...(warn === undefined ? {} : { thresholds: [{ colour: warn, from: 1 }] }),
  });

const loadAgainst = (title: Parameters<typeof text>, field: string): Panel =>
  stat({
    title: text(...title),
    description: text(
      '租户总负荷与当时同一刻钟平均值之比',
      'Load of the tenants against the mean of the same quarter hour then',
    ),
    unit: 'percentunit',
    decimals: 1,
    lookBack: NOW,
    queries: [
      {
        query:
          `SELECT sum("now") / sum("then") - 1 FROM (SELECT last("load_w") AS "now", last("${field}") AS "then"` +
          ` FROM "estate" WHERE ${IN_ESTATE} GROUP BY "property_id") WHERE $timeFilter`,
        name: text(...title),
      },
    ],
  });

const statesNow = stat({
  title: text('电表状态', 'Meters by state'),
  description: text(
    '与监控墙同一规则、同一顺序、同一颜色',
    'By the rules, in the order and in the colours of the wall',
  ),
  unit: 'none',
  coloured: true,
  lookBack: NOW,
  queries: [{ query: sumNow('estate', 'property_id', stateFields, IN_ESTATE), name: '$col' }],
  styles: states,
});

const statesOverTime = chart({
  title: text('电表状态变化', 'Meters by state over time'),
  unit: 'none',
  kind: 'areas',
  from: 0,
  queries: [{ query: sumOfLast('estate', 'property_id', stateFields, IN_ESTATE), name: '$col' }],
  styles: states,
});

const load = chart({
  title: text('负荷:现在、昨天、上周', 'Load: now, yesterday, a week ago'),
  description: text(
    '租户电表之和;上级电表不重复计入。昨天与上周为 24 小时和 7 天前同一刻钟的平均值',
    'Sum of the tenants’ meters; feeders above them are not counted twice. Yesterday and a week ago: mean of the same quarter hour 24 hours and 7 days before',
  ),
  unit: 'watt',
  from: 0,
  queries: [
    {
      query: sumOfLast('estate', 'property_id', ['load_w', 'load_yesterday_w', 'load_week_ago_w'], IN_ESTATE),
      name: '$col',
    },
  ],
  styles: [
    { series: 'load_w', name: text('现在', 'Now'), colour: COLOURS.now },
    { series: 'load_yesterday_w', name: text('昨天', 'Yesterday'), colour: COLOURS.earlier },
    { series: 'load_week_ago_w', name: text('上周', 'A week ago'), colour: COLOURS.muchEarlier, dashed: true },
  ],
});

const contact = chart({
  title: text('失联网关与迟到电表', 'Lost gateways and late meters'),
  unit: 'none',
  from: 0,
  queries: [{ query: sumOfLast('estate', 'property_id', ['gateways_down', 'late'], IN_ESTATE), name: '$col' }],
  styles: [
    { series: 'gateways_down', name: text('失联网关', 'Gateways lost'), colour: COLOURS.bad },
    { series: 'late', name: text('迟到电表', 'Meters late'), colour: COLOURS.earlier },
  ],
});

const alarms = chart({
  title: text('报警', 'Alarms'),
  unit: 'none',
  from: 0,
  queries: [
    { query: sumOfLast('estate', 'property_id', ['alarms_open', 'alarms_unacknowledged'], IN_ESTATE), name: '$col' },
  ],
  styles: [
    { series: 'alarms_open', name: text('未消除', 'Open'), colour: COLOURS.limit },
    { series: 'alarms_unacknowledged', name: text('未确认', 'Unacknowledged'), colour: COLOURS.plain, dashed: true },
  ],
});

const readings = chart({
  title: text('每秒读数', 'Readings per second'),
  unit: 'cps',
  from: 0,
  queries: [
    {
      query: `SELECT mean("readings_per_s") FROM "estate" WHERE ${IN_ESTATE} GROUP BY time($__interval), "property" fill(null)`,
      name: '$tag_property',
    },
  ],
});

const worstLines = table({
  title: text('最差线路', 'Worst lines'),
  description: text(
    '所选时间内因电表不应答损失的时间最多者在前',
    'By the time lost to meters that did not answer, in the time shown',
  ),
  unit: 'none',
  query:
    'SELECT last("up") AS "up", last("cycle_ms") AS "cycle", last("cycle_limit_ms") AS "limit",' +
    ' spread("lost_to_silence_ms") AS "lost", spread("timeouts") AS "timeouts", spread("crc_errors") AS "crc",' +
    ` spread("overruns") AS "overruns", last("quarantined") AS "quarantined" FROM "line" WHERE ${IN_ESTATE}` +
    ' GROUP BY "property", "gateway", "line"',
  sort: { by: 'lost', descending: true },
  rows: 20,
  columns: [
    { field: 'property', name: text('项目', 'Property') },
    { field: 'gateway', name: text('网关', 'Gateway') },
    { field: 'line', name: text('线路', 'Line') },
    {
      field: 'up',
      name: text('在线', 'Up'),
      thresholds: [{ colour: COLOURS.bad }, { colour: COLOURS.plain, from: 1 }],
    },
    { field: 'lost', name: text('损失时间', 'Time lost'), unit: 'ms' },
    { field: 'timeouts', name: text('超时', 'Timeouts') },
    { field: 'crc', name: text('校验错误', 'CRC errors') },
    { field: 'overruns', name: text('错过轮询', 'Overruns') },
    { field: 'quarantined', name: text('退避中', 'In back-off') },
    { field: 'cycle', name: text('轮询周期', 'Cycle'), unit: 'ms' },
    { field: 'limit', name: text('线路极限', 'Limit of the wire'), unit: 'ms' },
  ],
});

const silentMeters = table({
  title: text('沉默最久的电表', 'Meters silent for longest'),
  description: text(
    '一天内有过读数的电表,按最后一次读数排列,最久者在前',
    'Meters that were heard within a day, by their last reading, the oldest first',
  ),
  unit: 'none',
  lookBack: '24h',
  query: `SELECT last("active_power_w") AS "load" FROM ${RAW} WHERE ${IN_ESTATE} GROUP BY "property", "building", "room", "meter_number", "gateway"`,
  sort: { by: 'Time', descending: false },
  rows: 20,
  columns: [
    { field: 'Time', name: text('最后读数', 'Last heard'), unit: 'dateTimeFromNow' },
    { field: 'meter_number', name: text('表号', 'Meter') },
    { field: 'property', name: text('项目', 'Property') },
    { field: 'building', name: text('楼栋', 'Building') },
    { field: 'room', name: text('房间', 'Room') },
    { field: 'gateway', name: text('网关', 'Gateway') },
    { field: 'load', name: text('当时负荷', 'Load then'), unit: 'watt' },
  ],
});

const loadNow = stat({
  title: text('负荷', 'Load'),
  unit: 'watt',
  lookBack: NOW,
  queries: [{ query: sumNow('estate', 'property_id', ['load_w'], IN_ESTATE), name: text('负荷', 'Load') }],
});

/** What the people who run the place look at. */
export const estate: Dashboard = {
  key: 'estate',
  title: text('园区运行', 'Operations'),
  description: text('电表状态、负荷、失联、报警、线路', 'States of the meters, load, lost contact, alarms, lines'),
  from: 'now-24h',
  refresh: '30s',
  variables: [PROPERTY],
  rows: [
    {
      height: 4,
      panels: [
        [12, statesNow],
        [4, loadNow],
        [4, loadAgainst(['较昨天', 'Against yesterday'], 'load_yesterday_w')],
        [4, loadAgainst(['较上周', 'Against last week'], 'load_week_ago_w')],
      ],
    },
    {
      height: 4,
      panels: [
        [5, now(['失联网关', 'Gateways lost'], 'gateways_down', COLOURS.bad)],
        [5, now(['失联电表', 'Meters lost'], 'lost', COLOURS.limit)],
        [5, now(['未消除报警', 'Open alarms'], 'alarms_open', COLOURS.limit)],
        [5, now(['未确认报警', 'Unacknowledged'], 'alarms_unacknowledged', COLOURS.limit)],
        [4, now(['在线电表', 'Meters online'], 'online')],
      ],
    },
    {
      height: 9,
      panels: [
        [12, statesOverTime],
        [12, load],
      ],
    },
    {
      height: 7,
      panels: [
        [8, contact],
        [8, alarms],
        [8, readings],
      ],
    },
    { height: 9, panels: [[24, worstLines]] },
    { height: 9, panels: [[24, silentMeters]] },
  ],
};
