import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Where figures go. Named here, so that the library stays behind this file and its neighbour. */
export type Metrics = Registry;

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
}

/** A figure that somebody keeps anyway and that is read when Prometheus asks: it costs nothing in between. */
export interface Figure {
  /** A counter's name ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  read(): number | readonly Sample[];
}

/** Registers figures. Throws when a name is taken. */
export function addFigures(metrics: Metrics, figures: readonly Figure[]): void {
  for (const figure of figures) {
    const options = { name: figure.name, help: figure.help, labelNames: figure.labels ?? [], registers: [metrics] };
    if (figure.kind === 'counter') {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const { value, labels } of samplesOf(figure)) this.inc({ ...labels }, value);
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          for (const { value, labels } of samplesOf(figure)) this.set({ ...labels }, value);
        },
      });
    }
  }
}

function samplesOf(figure: Figure): readonly Sample[] {
  const read = figure.read();
  return typeof read === 'number' ? [{ value: read }] : read;
}

/** A histogram of durations; the returned function takes seconds. */
export function addDurations(
  metrics: Metrics,
  name: string,
  help: string,
  bucketsS: readonly number[],
): (seconds: number) => void {
  const histogram = new Histogram({ name, help, buckets: [...bucketsS], registers: [metrics] });
  return (seconds) => histogram.observe(seconds);
}
