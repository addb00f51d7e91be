import { COLOURS } from './colours.ts';
import type { Dashboard } from './dashboard.ts';
import { chart, stat, table } from './panels.ts';
import {
  BUILDING,
  DAYS,
  IN_BUILDINGS,
  IN_ESTATE,
  METER,
  OF_METERS,
  PROPERTY,
  QUARTERS,
  RAW,
  useByDay,
  useByHour,
  useInAll,
} from './queries.ts';
import { text } from './text.ts';

/** 220 V +7 % −10 % (GB/T 12325, single phase). */
const VOLTAGE_LEAST_V = 198;
const VOLTAGE_MOST_V = 235.4;
/** Below it customers pay for reactive power. */
const POWER_FACTOR_LEAST = 0.9;
/** Tenants only: public meters and feeders above them would count the same energy twice. */
const OF_TENANTS = `"role" = 'tenant' AND ${IN_BUILDINGS}`;
const ENERGY = { energy_wh: 'wh' };

const usedInAll = stat({
  title: text('30 天租户用电量', 'Used by tenants in 30 days'),
  description: text('已结束的日子', 'Days that are over'),
  unit: 'watth',
  source: 'rollUps',
  lookBack: '30d',
  queries: [{ query: useInAll(OF_TENANTS, []), name: text('用电量', 'Used') }],
});
const peak = stat({
  title: text('最高一刻钟负荷', 'Highest quarter hour'),
  description: text('所选项目的租户,所选时间内', 'Tenants of the chosen properties, in the time shown'),
  unit: 'watt',
  queries: [
    {
      query:
        'SELECT max("load") FROM (SELECT sum("load") AS "load" FROM (SELECT mean("load_w") AS "load" FROM "estate"' +
        ` WHERE ${IN_ESTATE} GROUP BY time(15m), "property_id" fill(none)) WHERE $timeFilter GROUP BY time(15m) fill(none)) WHERE $timeFilter`,
      name: text('最高负荷', 'Highest load'),
    },
  ],
});

const byDay = chart({
  title: text('每日租户用电量,按项目', 'Tenants’ use by day and property'),
  description: text('已结束的日子,按项目所在地的时间', 'Days that are over, by the property’s clock'),
  unit: 'watth',
  source: 'rollUps',
  kind: 'bars',
  lookBack: '30d',
  from: 0,
  queries: [{ query: useByDay({ counters: ENERGY, where: OF_TENANTS, by: ['property'] }), name: '$tag_property' }],
});
const byHour = chart({
  title: text('每小时租户用电量,按项目', 'Tenants’ use by hour and property'),
  unit: 'watth',
  source: 'rollUps',
  kind: 'bars',
  lookBack: '24h',
  from: 0,
  queries: [{ query: useByHour(OF_TENANTS, ['property']), name: '$tag_property' }],
});
const byBuilding = chart({
  title: text('每日租户用电量,按楼栋', 'Tenants’ use by day and building'),
  unit: 'watth',
  source: 'rollUps',
  kind: 'bars',
  lookBack: '30d',
  from: 0,
  queries: [
    {
      query: useByDay({ counters: ENERGY, where: `"building" != '' AND ${OF_TENANTS}`, by: ['building'] }),
      name: '$tag_building',
    },
  ],
});
const byRole = chart({
  title: text('每日用电量,按用途', 'Use by day and role'),
  description: text(
    'tenant 租户,public 公共,substation 变电站总表(与其下各表重复)',
    'substation: the feeders, which measure again what hangs below them',
  ),
  unit: 'watth',
  source: 'rollUps',
  lookBack: '30d',
  from: 0,
  queries: [{ query: useByDay({ counters: ENERGY, where: IN_BUILDINGS, by: ['role'] }), name: '$tag_role' }],
  styles: [
    { series: 'tenant', name: text('租户', 'Tenants') },
    { series: 'public', name: text('公共', 'Public') },
    { series: 'substation', name: text('变电站总表', 'Feeders') },
  ],
});
const byTariff = chart({
  title: text('每日租户用电量,按时段', 'Tenants’ use by day and tariff period'),
  unit: 'watth',
  source: 'rollUps',
  kind: 'bars',
  lookBack: '30d',
  from: 0,
  queries: [
    {
      query: useByDay({
        counters: {
          energy_sharp_wh: 'sharp',
          energy_peak_wh: 'peak',
          energy_flat_wh: 'flat',
          energy_valley_wh: 'valley',
        },
        where: OF_TENANTS,
        by: [],
      }),
      name: '$col',
    },
  ],
  styles: [
    { series: 'sharp', name: text('尖', 'Sharp'), colour: COLOURS.bad },
    { series: 'peak', name: text('峰', 'Peak'), colour: COLOURS.limit },
    { series: 'flat', name: text('平', 'Flat'), colour: COLOURS.earlier },
    { series: 'valley', name: text('谷', 'Valley'), colour: COLOURS.now },
  ],
});

const place = [
  { field: 'meter_number', name: text('表号', 'Meter') },
  { field: 'property', name: text('项目', 'Property') },
  { field: 'building', name: text('楼栋', 'Building') },
  { field: 'room', name: text('房间', 'Room') },
];
const PLACE_TAGS = ['meter_number', 'property', 'building', 'room'];

const topConsumers = table({
  title: text('30 天用电最多的租户', 'Tenants that used most in 30 days'),
  description: text('已结束的日子', 'Days that are over'),
  unit: 'watth',
  source: 'rollUps',
  lookBack: '30d',
  query: useInAll(OF_TENANTS, PLACE_TAGS),
  sort: { by: 'wh', descending: true },
  rows: 20,
  columns: [...place, { field: 'wh', name: text('用电量', 'Used') }],
});
const quality = table({
  title: text('电压与功率因数', 'Voltage and power factor'),
  description: text(
    `电压最低者在前;${VOLTAGE_LEAST_V} 至 ${VOLTAGE_MOST_V} V 为合格 (GB/T 12325)`,
    `The lowest voltage first; ${VOLTAGE_LEAST_V} to ${VOLTAGE_MOST_V} V is good (GB/T 12325)`,
  ),
  unit: 'volt',
  source: 'rollUps',
  lookBack: '24h',
  query:
    'SELECT min("voltage_l1_v_min") AS "lowest", max("voltage_l1_v_max") AS "highest", mean("power_factor_mean") AS "factor"' +
    ` FROM ${QUARTERS} WHERE ${OF_TENANTS} GROUP BY "meter_number", "property", "building", "room"`,
  sort: { by: 'lowest', descending: false },
  rows: 20,
  columns: [
    ...place,
    {
      field: 'lowest',
      name: text('最低电压', 'Lowest voltage'),
      unit: 'volt',
      thresholds: [{ colour: COLOURS.limit }, { colour: COLOURS.plain, from: VOLTAGE_LEAST_V }],
    },
    {
      field: 'highest',
      name: text('最高电压', 'Highest voltage'),
      unit: 'volt',
      thresholds: [{ colour: COLOURS.plain }, { colour: COLOURS.limit, from: VOLTAGE_MOST_V }],
    },
    {
      field: 'factor',
      name: text('平均功率因数', 'Mean power factor'),
      unit: 'none',
      thresholds: [{ colour: COLOURS.limit }, { colour: COLOURS.plain, from: POWER_FACTOR_LEAST }],
    },
  ],
});

/** A line a meter and column. */
const ofMeters = (fields: string) =>
  `SELECT ${fields} FROM ${RAW} WHERE ${OF_METERS} GROUP BY time($__interval), "meter_number" fill(null)`;
const meterLoad = chart({
  title: text('所选电表的负荷', 'Load of the chosen meters'),
  unit: 'watt',
  from: 0,
  queries: [{ query: ofMeters('mean("active_power_w")'), name: '$tag_meter_number' }],
});
const meterUse = chart({
  title: text('所选电表每日用电量', 'Use of the chosen meters by day'),
  unit: 'watth',
  source: 'rollUps',
  kind: 'bars',
  lookBack: '30d',
  from: 0,
  queries: [
    {
      query: `SELECT non_negative_difference("energy_wh_last") FROM ${DAYS} WHERE ${OF_METERS} GROUP BY "meter_number"`,
      name: '$tag_meter_number',
    },
  ],
});
const meterVoltage = chart({
  title: text('所选电表的电压', 'Voltage of the chosen meters'),
  unit: 'volt',
  queries: [
    {
      query: ofMeters('mean("voltage_l1_v") AS "L1", mean("voltage_l2_v") AS "L2", mean("voltage_l3_v") AS "L3"'),
      name: '$tag_meter_number $col',
    },
  ],
  limits: [
    { colour: COLOURS.limit },
    { colour: COLOURS.plain, from: VOLTAGE_LEAST_V },
    { colour: COLOURS.limit, from: VOLTAGE_MOST_V },
  ],
});
const meterFactor = chart({
  title: text('所选电表的功率因数', 'Power factor of the chosen meters'),
  unit: 'none',
  from: 0,
  to: 1,
  queries: [{ query: ofMeters('mean("power_factor")'), name: '$tag_meter_number' }],
  limits: [{ colour: COLOURS.limit }, { colour: COLOURS.plain, from: POWER_FACTOR_LEAST }],
});

/** Who used how much, when, and at what quality. */
export const energy: Dashboard = {
  key: 'energy',
  title: text('能耗', 'Energy'),
  description: text('用电量、负荷、电压与功率因数', 'Consumption, load, voltage and power factor'),
  from: 'now-7d',
  refresh: '5m',
  variables: [PROPERTY, BUILDING, METER],
  rows: [
    {
      height: 8,
      panels: [
        [4, usedInAll],
        [4, peak],
        [16, byDay],
      ],
    },
    { height: 8, panels: [[24, byHour]] },
    {
      height: 8,
      panels: [
        [8, byBuilding],
        [8, byRole],
        [8, byTariff],
      ],
    },
    {
      height: 10,
      panels: [
        [12, topConsumers],
        [12, quality],
      ],
    },
    {
      height: 8,
      panels: [
        [12, meterLoad],
        [12, meterUse],
      ],
    },
    {
      height: 8,
      panels: [
        [12, meterVoltage],
        [12, meterFactor],
      ],
    },
  ],
};
