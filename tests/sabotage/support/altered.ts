import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * A guard of the program as it stands in its source, and what stands there when it is switched off. Who changes the guard
 * changes its sabotage, too: a text that is not there exactly once is an error.
 */
export interface Sabotage {
  /** Below the repository. */
  readonly file: string;
  readonly guard: string;
  readonly off: string;
}

const ROOT = resolve(import.meta.dirname, '../../..');
/** The `imports` of package.json. */
const ROOTS: Readonly<Record<string, string>> = {
  '#contract/': 'server/contract/',
  '#domain/': 'server/domain/',
  '#drivers/': 'drivers/',
  '#server/': 'server/',
};

/** Writes the sabotaged sources into a folder of their own, each importing what the real one imports; returns their paths. */
export function alter(sabotages: readonly Sabotage[]): {
  readonly paths: ReadonlyMap<string, string>;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'meterwall-sabotage-'));
  const paths = new Map<string, string>();
  for (const [file, ofFile] of Map.groupBy(sabotages, (sabotage) => sabotage.file)) {
    const source = ofFile.reduce(switchOff, readFileSync(join(ROOT, file), 'utf8'));
    const path = join(folder, String(paths.size), basename(file));
    mkdirSync(dirname(path));
    writeFileSync(path, absolute(source, dirname(join(ROOT, file))));
    paths.set(file, path);
  }
  return { paths, remove: () => rmSync(folder, { recursive: true }) };
}

/** One sabotaged module. */
export async function importAltered<Module>(sabotage: Sabotage): Promise<Module> {
  const { paths, remove } = alter([sabotage]);
  try {
    return (await import(paths.get(sabotage.file) ?? '')) as Module;
  } finally {
    remove();
  }
}

function switchOff(source: string, { file, guard, off }: Sabotage): string {
  const pieces = source.split(guard);
  if (pieces.length !== 2) throw new Error(`${file} has this guard ${pieces.length - 1} times:\n${guard}`);
  return pieces.join(off);
}

function absolute(source: string, folder: string): string {
  return source.replaceAll(/(from |import\()'([.#][^']+)'/g, (whole, word: string, target: string) => {
    const root = Object.keys(ROOTS).find((prefix) => target.startsWith(prefix));
    if (root !== undefined) return `${word}'${join(ROOT, ROOTS[root] ?? '', target.slice(root.length))}'`;
    return target.startsWith('.') ? `${word}'${join(folder, target)}'` : whole;
  });
}
