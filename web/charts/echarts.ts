/**
 * The only file that imports ECharts, and only the parts that are drawn; itself imported lazily, so that no page
 * waits for it.
 */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { type ECharts, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { TrendOption } from './trendOption.ts';

use([BarChart, LineChart, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

/** A drawn chart; `draw` replaces everything that was on it. */
export interface DrawnChart {
  draw(option: TrendOption): void;
  resize(): void;
  dispose(): void;
}

/** Draws on `element`, which must have a size. */
export function openChart(element: HTMLElement): DrawnChart {
  const chart: ECharts = init(element, undefined, { renderer: 'canvas' });
  return {
    draw: (option) => chart.setOption(option, { notMerge: true }),
    resize: () => chart.resize(),
    dispose: () => chart.dispose(),
  };
}
