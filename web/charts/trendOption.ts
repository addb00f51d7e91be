import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { GridComponentOption, TooltipComponentOption } from 'echarts/components';
import type { ComposeOption } from 'echarts/core';
import type { ChartPalette } from './chartPalette.ts';
import type { ChartPoint, Span } from './trendSeries.ts';

export type TrendOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | TooltipComponentOption
>;

/** `main` is what the chart is about, `second` and `third` are further phases; `previous…` the period before each. */
export type LineStyle = 'main' | 'second' | 'third' | PreviousStyle;
type PreviousStyle = 'previous' | 'previousSecond' | 'previousThird';

/** Whether a line shows the period before. */
export const isPrevious = (style: LineStyle): style is PreviousStyle => style.startsWith('previous');

export interface TrendLine {
  readonly name: string;
  readonly style: LineStyle;
  readonly points: readonly ChartPoint[];
}

/** A period of the plan behind the lines; `strength` 0 (bare) to 4. */
export interface TrendGround extends Span {
  readonly strength: number;
}

/** Something that happened, marked on the time axis. */
export interface TrendEvent {
  readonly atMs: number;
  readonly label: string;
}

/** Everything a trend chart shows, in the unit that `unit` names; no colours, no library. */
export interface TrendModel {
  readonly shape: 'line' | 'bar';
  readonly unit: string;
  readonly range: Span;
  readonly bucketMs: number;
  readonly lines: readonly TrendLine[];
  readonly gaps: readonly Span[];
  readonly limit?: { readonly value: number; readonly label: string } | undefined;
  /** Axis from zero; off for voltage, where zero would flatten everything. */
  readonly fromZero: boolean;
  readonly ticks: readonly number[];
  readonly events?: readonly TrendEvent[];
  readonly ground?: readonly TrendGround[];
}

export interface TrendWords {
  /** Label of a tick on the time axis. */
  readonly tick: (atMs: number) => string;
  /** Full instant for the tooltip. */
  readonly instant: (atMs: number) => string;
  readonly value: (value: number) => string;
  /** Label of the value axis: round figures, no more decimals than they need. */
  readonly axis: (value: number) => string;
  readonly gap: string;
}

/** The chart of a model, ready for ECharts. Pure but for `hatch`, which the caller made from the palette. */
export function trendOption(
  model: TrendModel,
  words: TrendWords,
  palette: ChartPalette,
  hatch: HTMLCanvasElement,
): TrendOption {
  return {
    animation: false,
    textStyle: { fontFamily: palette.font, fontSize: palette.fontSize },
    grid: { left: 8, right: 16, top: 28, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: timeAxis(model, words, palette),
    yAxis: valueAxis(model, words, palette),
    tooltip: tooltip(model, words, palette),
    series: model.lines.map((line, index) => seriesOf(model, line, index === 0, words, palette, hatch)),
  };
}

function timeAxis(model: TrendModel, words: TrendWords, palette: ChartPalette): NonNullable<TrendOption['xAxis']> {
  const ticks = [...model.ticks];
  return {
    type: 'value',
    min: model.range.fromMs,
    max: model.range.toMs,
    axisLine: { show: true, onZero: false, lineStyle: { color: palette.rule } },
    axisTick: { show: true, customValues: ticks, lineStyle: { color: palette.rule } },
    axisLabel: {
      customValues: ticks,
      color: palette.hint,
      fontSize: palette.fontSize,
      hideOverlap: true,
      formatter: (atMs: number) => words.tick(atMs),
    },
    splitLine: { show: false },
  };
}

function valueAxis(model: TrendModel, words: TrendWords, palette: ChartPalette): NonNullable<TrendOption['yAxis']> {
  return {
    type: 'value',
    name: model.unit,
    nameTextStyle: { color: palette.hint, align: 'right', padding: [0, 4, 0, 0] },
    scale: !model.fromZero,
    splitNumber: 4,
    axisLabel: { color: palette.hint, fontSize: palette.fontSize, formatter: (value: number) => words.axis(value) },
    splitLine: { lineStyle: { color: palette.rule, width: 1 } },
  };
}

function tooltip(model: TrendModel, words: TrendWords, palette: ChartPalette): TooltipComponentOption {
  return {
    trigger: 'axis',
    confine: true,
    axisPointer: { type: 'line', lineStyle: { color: palette.select }, label: { show: false } },
    backgroundColor: palette.raised,
    borderColor: palette.rule,
    textStyle: { color: palette.text, fontSize: palette.fontSize },
    formatter: (params) => tooltipElement(Array.isArray(params) ? params : [params], model, words),
  };
}

/** One line of the tooltip, as far as ECharts tells it. */
export interface TooltipEntry {
  readonly seriesName?: string | undefined;
  readonly value?: unknown;
}

/** The tooltip as an element: names come from people and are never read as HTML. */
export function tooltipElement(entries: readonly TooltipEntry[], model: TrendModel, words: TrendWords): HTMLElement {
  const box = document.createElement('div');
  const first = entries[0]?.value;
  const at = document.createElement('div');
  at.textContent = Array.isArray(first) && typeof first[0] === 'number' ? words.instant(first[0]) : '';
  box.append(at);
  for (const { seriesName, value } of entries) {
    const measured: unknown = Array.isArray(value) ? value[1] : undefined;
    if (typeof measured !== 'number') continue;
    const row = document.createElement('div');
    const figure = document.createElement('strong');
    figure.textContent = `${words.value(measured)} ${model.unit}`;
    row.append(figure, ` ${seriesName ?? ''}`);
    box.append(row);
  }
  return box;
}

function seriesOf(
  model: TrendModel,
  line: TrendLine,
  first: boolean,
  words: TrendWords,
  palette: ChartPalette,
  hatch: HTMLCanvasElement,
): BarSeriesOption | LineSeriesOption {
  const marks = first ? marksOf(model, words, palette, hatch) : {};
  if (model.shape === 'bar' && !isPrevious(line.style)) {
    // A bar stands in the middle of its bucket.
    const centred = line.points.map(([atMs, value]) => [atMs + model.bucketMs / 2, value]);
    return {
      type: 'bar',
      name: line.name,
      data: centred,
      barMaxWidth: 48,
      itemStyle: { color: palette.busy },
      ...marks,
    };
  }
  return {
    type: 'line',
    name: line.name,
    data: line.points.map((point, index) => lineItem(line.points, point, index)),
    symbol: 'none',
    connectNulls: false,
    step: model.shape === 'bar' ? 'start' : false,
    lineStyle: strokeOf(line.style, palette),
    itemStyle: { color: strokeOf(line.style, palette).color },
    z: isPrevious(line.style) ? 2 : 3,
    ...marks,
  };
}

const DOT_PX = 5;

/** A reading without neighbours has no line to be part of: it is drawn as a dot. */
function lineItem(points: readonly ChartPoint[], [atMs, value]: ChartPoint, index: number) {
  const lonely =
    value !== null && (points[index - 1]?.[1] ?? null) === null && (points[index + 1]?.[1] ?? null) === null;
  return { value: [atMs, value], ...(lonely && { symbol: 'circle', symbolSize: DOT_PX }) };
}

function strokeOf(style: LineStyle, palette: ChartPalette) {
  switch (style) {
    case 'main':
      return { color: palette.text, width: 2, type: 'solid' as const };
    case 'second':
      return { color: palette.label, width: 1.5, type: 'dashed' as const };
    case 'third':
      return { color: palette.hint, width: 1.5, type: [8, 3, 2, 3] };
    case 'previous':
      return { color: palette.hint, width: 1.25, type: 'dotted' as const };
    case 'previousSecond':
      return { color: palette.hint, width: 1.25, type: [1, 5] };
    case 'previousThird':
      return { color: palette.hint, width: 1.25, type: [1, 9] };
  }
}

/** A narrower gap than this share of the chart has no room for words; the legend names the hatch. */
const GAP_LABEL_SHARE = 0.08;

function isWide(gap: Span, range: Span): boolean {
  return (gap.toMs - gap.fromMs) / (range.toMs - range.fromMs) >= GAP_LABEL_SHARE;
}

function marksOf(model: TrendModel, words: TrendWords, palette: ChartPalette, hatch: HTMLCanvasElement) {
  const { limit, events = [] } = model;
  return {
    markArea: {
      silent: true,
      itemStyle: { color: { image: hatch, repeat: 'repeat' as const } },
      data: [
        ...(model.ground ?? []).map((span) => groundArea(span, palette)),
        ...model.gaps.map(
          ({ fromMs, toMs }): Area => [
            { name: isWide({ fromMs, toMs }, model.range) ? words.gap : '', xAxis: fromMs },
            { xAxis: toMs },
          ],
        ),
      ],
      label: { show: true, position: 'insideTop' as const, color: palette.label, fontSize: palette.fontSize },
    },
    ...((limit || events.length > 0) && {
      markLine: {
        silent: true,
        symbol: 'none',
        data: [
          ...(limit ? [limitLine(limit, palette)] : []),
          ...events.map((event) => eventLine(event, model.range, palette)),
        ],
      },
    }),
  };
}

type Area = [{ name: string; xAxis: number; itemStyle?: { color: string; opacity: number } }, { xAxis: number }];
/** How much of the text's colour one step of strength lays behind the lines. */
const GROUND_STEP = 0.035;

function groundArea({ fromMs, toMs, strength }: TrendGround, palette: ChartPalette): Area {
  const itemStyle = { color: palette.text, opacity: strength * GROUND_STEP };
  return [{ name: '', xAxis: fromMs, itemStyle }, { xAxis: toMs }];
}

function limitLine(limit: NonNullable<TrendModel['limit']>, palette: ChartPalette) {
  return {
    yAxis: limit.value,
    lineStyle: { color: palette.limit, type: 'dashed' as const, width: 1 },
    label: { formatter: limit.label, color: palette.limit, position: 'insideStartTop' as const },
  };
}

/** Marks so near the right end are written to their left, where there is room. */
const NEAR_END_SHARE = 0.85;
/** Longer words are cut; the list of events has them whole. */
const EVENT_LABEL_PX = 130;

function eventLine({ atMs, label }: TrendEvent, range: Span, palette: ChartPalette) {
  const nearEnd = (atMs - range.fromMs) / (range.toMs - range.fromMs) > NEAR_END_SHARE;
  return {
    xAxis: atMs,
    lineStyle: { color: palette.hint, type: 'solid' as const, width: 1 },
    label: {
      formatter: label,
      color: palette.label,
      fontSize: palette.fontSize,
      position: 'end' as const,
      align: nearEnd ? ('right' as const) : ('left' as const),
      width: EVENT_LABEL_PX,
      overflow: 'truncate' as const,
    },
  };
}
