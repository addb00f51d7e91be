import { MEASURES, type MeasureKey, type SoakSample } from './sampling.ts';

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 70;
const BOTTOM = 22;
const TOP = 10;

export interface ReportRow {
  readonly key: MeasureKey;
  readonly title: string;
  readonly unit: string;
  readonly mean: string;
  readonly most: string;
  readonly slope: string;
}

/** One page without anything from elsewhere: the table of slopes and a chart for each measure. */
export function reportPage(
  run: Readonly<Record<string, unknown>>,
  rows: readonly ReportRow[],
  samples: readonly SoakSample[],
): string {
  const cells = rows.map(
    ({ title, unit, mean, most, slope }) =>
      `<tr><td>${title}</td><td>${mean} ${unit}</td><td>${most} ${unit}</td><td>${slope} ${unit}</td></tr>`,
  );
  const charts = MEASURES.map(({ key, title, unit }) => `<h2>${title}, ${unit}</h2>${chart(key, samples)}`);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Meterwall soak</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; max-width: ${WIDTH + 40}px; margin: 2em auto; color: #1d2733 }
h2 { font-size: 14px; margin: 1.2em 0 0.2em }
td, th { padding: 2px 14px 2px 0; text-align: right } td:first-child, th:first-child { text-align: left }
svg { display: block } line { stroke: #d5dbe2 } polyline { fill: none; stroke: #1f6feb; stroke-width: 1.5 } text { font-size: 11px; fill: #5a6672 }
</style>
<h1>Meterwall soak</h1>
<pre>${JSON.stringify(run, undefined, 1)}</pre>
<table><tr><th>measure</th><th>mean</th><th>most</th><th>slope an hour</th></tr>${cells.join('')}</table>
<p>Means and slopes leave the first fifth out as warm-up.</p>
${charts.join('\n')}
</html>
`;
}

function chart(key: MeasureKey, samples: readonly SoakSample[]): string {
  const values = samples.map((sample) => sample[key]);
  // From zero: a wiggle of one per cent is none.
  const most = Math.max(...values, Number.EPSILON) * 1.05;
  const endS = Math.max(1, samples.at(-1)?.atS ?? 1);
  const x = (atS: number): string => (LEFT + (atS / endS) * (WIDTH - LEFT)).toFixed(1);
  const y = (value: number): string => (TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const points = samples.map((sample) => `${x(sample.atS)},${y(sample[key])}`).join(' ');
  const rulers = [0, most / 2, most].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}"/><text x="${LEFT - 6}" y="${y(value)}" dy="4" text-anchor="end">${label(value)}</text>`,
  );
  const minutes = (endS / 60).toFixed(1);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">${rulers.join('')}<polyline points="${points}"/><text x="${LEFT}" y="${HEIGHT - 4}">0</text><text x="${WIDTH}" y="${HEIGHT - 4}" text-anchor="end">${minutes} min</text></svg>`;
}

function label(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
