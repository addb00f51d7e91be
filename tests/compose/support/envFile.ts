import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

const PROGRAM = fileURLToPath(new URL('../../../bin/env.mjs', import.meta.url));

export interface EnvFolder {
  readonly path: string;
  /** Runs the program that `npm run env` runs, in this folder. */
  run(...args: readonly string[]): { readonly code: number | null; readonly said: string };
  text(): string;
  /** What Compose takes from it; commented lines are none. */
  values(): Readonly<Record<string, string>>;
  /** Permission bits. */
  mode(): number;
  remove(): void;
}

export function openEnvFolder(): EnvFolder {
  const folder = mkdtempSync(join(tmpdir(), 'meterwall-env-'));
  const path = join(folder, '.env');
  const text = () => readFileSync(path, 'utf8');
  return {
    path,
    run(...args) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
      return { code: status, said: `${stdout}${stderr}` };
    },
    text,
    values: () => parseEnv(text()) as Record<string, string>,
    mode: () => statSync(path).mode & 0o777,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A fresh .env, as its values. */
export function freshEnv(): Readonly<Record<string, string>> {
  const folder = openEnvFolder();
  try {
    const { code, said } = folder.run();
    if (code !== 0) throw new Error(said);
    return folder.values();
  } finally {
    folder.remove();
  }
}
