import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const DESCRIPTION = fileURLToPath(new URL('../../.cache/browser.json', import.meta.url));

/** What `node bin/setup.mjs --browser` found or unpacked. */
interface BrowserDescription {
  readonly executablePath: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a headless Chromium: CHROME_PATH, the machine's, or the packaged one. The caller closes it. */
export function launchBrowser(): Promise<Browser> {
  const { executablePath, args, env } = readDescription();
  return chromium.launch({ executablePath, args: [...args], env: { ...definedEnv(), ...env } });
}

function readDescription(): BrowserDescription {
  try {
    return JSON.parse(readFileSync(DESCRIPTION, 'utf8'));
  } catch {
    throw new Error('no browser prepared: run `npm test`, or `node bin/setup.mjs --browser` before vitest');
  }
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
