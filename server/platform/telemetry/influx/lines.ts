import { columnName } from '../columns.ts';
import type { TelemetryPoint, TelemetryRecord } from '../types.ts';
import { METER_TAG, type MeterDescription } from './names.ts';

export interface LineWriterDeps {
  /** Undefined for a meter that is gone. */
  readonly describe: (meterId: number) => MeterDescription | undefined;
  /** Another number after each change of what `describe` says. */
  readonly descriptionsVersion: () => number;
}

interface Prefix {
  readonly version: number;
  readonly text: string;
}

/** Points as line protocol, milliseconds. What stands before the fields is made once for each meter and description. */
export class LineWriter {
  readonly #deps: LineWriterDeps;
  readonly #prefixes = new Map<number, Prefix>();

  constructor(deps: LineWriterDeps) {
    this.#deps = deps;
  }

  /** Every meter that was written since start, also one that is gone by now. */
  meterIds(): Iterable<number> {
    return this.#prefixes.keys();
  }

  /** Undefined for a point without any value: there is no line without fields. */
  lineOf({ meterId, atMs, values, balanceMinor }: TelemetryPoint): string | undefined {
    let fields = '';
    for (const quantity in values) {
      const value = values[quantity as keyof typeof values];
      if (value === undefined || !Number.isFinite(value)) continue;
      fields += `${fields === '' ? ' ' : ','}${columnName(quantity as keyof typeof values)}=${value}`;
    }
    if (balanceMinor !== undefined) {
      fields += `${fields === '' ? ' ' : ','}${columnName('balanceMinor')}=${balanceMinor}`;
    }
    return fields === '' ? undefined : `${this.#prefixOf(meterId)}${fields} ${atMs}`;
  }

  #prefixOf(meterId: number): string {
    const version = this.#deps.descriptionsVersion();
    const known = this.#prefixes.get(meterId);
    if (known?.version === version) return known.text;
    const { medium, tags } = this.#deps.describe(meterId) ?? { medium: 'electric', tags: {} };
    const text = seriesKey(medium, { ...tags, [METER_TAG]: String(meterId) });
    this.#prefixes.set(meterId, { version, text });
    return text;
  }
}

/** Figures as a line; undefined when none of them is a number. */
export function lineOfRecord({ measurement, atMs, tags, fields }: TelemetryRecord): string | undefined {
  return fieldsLine(seriesKey(measurement, tags), Object.entries(fields), atMs);
}

/** A line of named numbers; undefined when none of them is one. Names of fields are ours: nothing in them to escape. */
export function fieldsLine(
  key: string,
  fields: readonly (readonly [name: string, value: number])[],
  atMs: number,
): string | undefined {
  let text = '';
  for (const [name, value] of fields) {
    if (Number.isFinite(value)) text += `${text === '' ? ' ' : ','}${name}=${value}`;
  }
  return text === '' ? undefined : `${key}${text} ${atMs}`;
}

/** Measurement and tags, escaped, in the order that InfluxDB sorts them to. Empty tags are left out. */
export function seriesKey(measurement: string, tags: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(tags)
    .map(([name, value]) => [name, cleanTag(value ?? '')] as const)
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [measurement, ...present.map(([name, value]) => `${escapeTag(name)}=${escapeTag(value)}`)].join(',');
}

/** Line protocol has no way to write a line break, nor a backslash at the end of a tag. */
function cleanTag(value: string): string {
  return value.replace(/[\p{Cc}\\]+/gu, ' ').trim();
}

function escapeTag(text: string): string {
  return text.replace(/[,= ]/g, String.raw`\$&`);
}
