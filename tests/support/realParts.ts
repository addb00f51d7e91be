import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

const DESCRIPTION = fileURLToPath(new URL('../../.cache/real-parts.json', import.meta.url));

export interface FoundPart {
  readonly kind: 'found';
  readonly program: string;
  /** To be added to the environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** As the program tells it. */
  readonly version: string;
}

export type RealPart = FoundPart | { readonly kind: 'missing'; readonly reason: string };

/** InfluxDB 1.x as `node bin/setup.mjs --real` found or unpacked it. */
export function realInflux(): RealPart {
  return readPart('influxd');
}

/** Mosquitto as `node bin/setup.mjs --real` found or unpacked it. */
export function realMosquitto(): RealPart {
  return readPart('mosquitto');
}

/** The part, for what cannot do without it. Throws the sentence that says why it is missing. */
export function requirePart(part: RealPart): FoundPart {
  if (part.kind === 'missing') throw new Error(part.reason);
  return part;
}

/**
 * A group of tests that need a real part. Without it one test stands in for them, which says so and counts as skipped;
 * with REQUIRE_REAL=1 it fails.
 */
export function describeReal(name: string, find: () => RealPart, body: (part: FoundPart) => void): void {
  const part = find();
  if (part.kind === 'missing') {
    absent(name, part.reason);
    return;
  }
  describe(`with a real ${name}`, () => {
    body(part);
  });
}

function absent(name: string, reason: string): void {
  test(`${name} is there`, (context) => {
    const line = `not run: ${name} tests, because ${reason}`;
    if (process.env.REQUIRE_REAL === '1') throw new Error(line);
    console.log(line);
    context.skip(line);
  });
}

function readPart(name: string): RealPart {
  try {
    return JSON.parse(readFileSync(DESCRIPTION, 'utf8')).parts[name];
  } catch {
    return {
      kind: 'missing',
      reason: 'none was prepared: run `npm test`, or `node bin/setup.mjs --real` before vitest',
    };
  }
}
