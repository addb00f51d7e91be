import { expect, test } from 'vitest';
import type { ChartPalette } from '../../../web/charts/chartPalette.ts';
import { type TrendModel, tooltipElement, trendOption } from '../../../web/charts/trendOption.ts';

const palette: ChartPalette = {
  text: '#fff',
  label: '#ccc',
  hint: '#999',
  rule: '#333',
  raised: '#222',
  ground: '#111',
  busy: '#567',
  hatch: '#889',
  select: '#5cf',
  limit: '#f80',
  font: 'sans-serif',
  fontSize: 12,
};
const words = {
  tick: String,
  instant: (atMs: number) => `at ${atMs}`,
  value: (value: number) => value.toFixed(2),
  axis: String,
  gap: 'no readings',
};
const model: TrendModel = {
  shape: 'line',
  unit: 'kW',
  range: { fromMs: 0, toMs: 1_000 },
  bucketMs: 100,
  lines: [
    {
      name: '<img src=x>',
      style: 'main',
      points: [
        [0, 1],
        [100, 2],
        [200, null],
        [500, 3],
      ],
    },
  ],
  gaps: [
    { fromMs: 200, toMs: 500 },
    { fromMs: 600, toMs: 610 },
  ],
  limit: { value: 2.5, label: 'limit 2.5 kW' },
  fromZero: true,
  ticks: [0, 500],
};
const series = (changed: Partial<TrendModel> = {}) => {
  const made = trendOption({ ...model, ...changed }, words, palette, document.createElement('canvas')).series;
  return Array.isArray(made) ? made[0] : made;
};

test('a null stays a null, and a reading alone between gaps is a dot', () => {
  expect(series()).toMatchObject({
    type: 'line',
    connectNulls: false,
    data: [{ value: [0, 1] }, { value: [100, 2] }, { value: [200, null] }, { value: [500, 3], symbol: 'circle' }],
  });
});

test('every gap is hatched; only a wide one has room for words', () => {
  expect(series()).toMatchObject({
    markArea: {
      data: [
        [{ name: 'no readings', xAxis: 200 }, { xAxis: 500 }],
        [{ name: '', xAxis: 600 }, { xAxis: 610 }],
      ],
    },
    markLine: { data: [{ yAxis: 2.5 }] },
  });
});

test('a bar stands in the middle of its bucket', () => {
  expect(series({ shape: 'bar' })).toMatchObject({
    type: 'bar',
    data: [
      [50, 1],
      [150, 2],
      [250, null],
      [550, 3],
    ],
  });
});

test('the tooltip speaks names as text, never as HTML', () => {
  const shown = tooltipElement([{ seriesName: '<img src=x>', value: [100, 2] }], model, words);
  expect(shown.querySelector('img')).toBeNull();
  expect(shown.textContent).toBe('at 1002.00 kW <img src=x>');
});

test('what happened stands on the time axis beside the limit, the plan behind the lines and under the gaps', () => {
  const marked = series({
    events: [
      { atMs: 300, label: 'sale' },
      { atMs: 950, label: 'trip' },
    ],
    ground: [{ fromMs: 0, toMs: 400, strength: 2 }],
  });
  expect(marked).toMatchObject({
    markLine: {
      data: [
        { yAxis: 2.5 },
        { xAxis: 300, label: { formatter: 'sale', align: 'left' } },
        // Near the end its words go where there is room.
        { xAxis: 950, label: { formatter: 'trip', align: 'right' } },
      ],
    },
    markArea: {
      data: [
        [{ xAxis: 0 }, { xAxis: 400 }],
        [{ xAxis: 200 }, { xAxis: 500 }],
        [{ xAxis: 600 }, {}],
      ],
    },
  });
});
