import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './paths.mjs';

/** Everything that apt writes; its locks stay untouched, so that an ordinary user may and nobody else is held up. */
const APT = join(CACHE, 'apt');
const LISTS = join(APT, 'lists');
/** A mirror that does not answer must not hold up the tests for long. */
const TIMEOUT_S = 15;
const REFRESH_MS_MAX = 120_000;
const DOWNLOAD_MS_MAX = 180_000;
const UNPACK_MS_MAX = 60_000;

/**
 * Unpacks a package and whatever it needs and the machine lacks into `folder`, without installing anything.
 * Resolves to the reason where that cannot be done.
 */
export async function downloadPackage(name, folder) {
  const archives = join(APT, `archives-${name}`);
  const fresh = `${folder}-${process.pid}`;
  try {
    await download(name, archives);
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    for (const file of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
      await command('dpkg-deb', ['-x', join(archives, file), fresh], UNPACK_MS_MAX);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    for (const path of [fresh, archives]) rmSync(path, { recursive: true, force: true });
  }
}

/** With the machine's package lists; where there are none, or they are out of date, with lists of our own. */
async function download(name, archives) {
  rmSync(archives, { recursive: true, force: true });
  mkdirSync(join(archives, 'partial'), { recursive: true });
  try {
    await aptInstall(name, archives);
  } catch (error) {
    if (error.missing) throw error;
    mkdirSync(join(LISTS, 'partial'), { recursive: true });
    await apt(['update'], archives, REFRESH_MS_MAX);
    await aptInstall(name, archives);
  }
}

function aptInstall(name, archives) {
  // Reinstall: fetch it even where it is installed, for those who want the packaged one.
  const args = ['install', '--reinstall', '--download-only', '--no-install-recommends', '--yes', name];
  return apt(args, archives, DOWNLOAD_MS_MAX);
}

function apt(args, archives, timeoutMs) {
  const path = join(APT, 'apt.conf');
  writeFileSync(path, configuration(archives));
  return command('apt-get', [...args, '--quiet', `--config-file=${path}`], timeoutMs);
}

function configuration(archives) {
  const lines = [
    `Dir::Cache "${APT}";`,
    `Dir::Cache::archives "${archives}";`,
    'Debug::NoLocking "true";',
    // Ours is a folder that apt's own account may be unable to enter.
    'APT::Sandbox::User "root";',
    'APT::Get::List-Cleanup "false";',
    `Acquire::http::Timeout "${TIMEOUT_S}";`,
    `Acquire::https::Timeout "${TIMEOUT_S}";`,
    'Acquire::Retries "1";',
    // Without it a refresh that reached nobody counts as done.
    'APT::Update::Error-Mode "any";',
    // What a machine does after its own refreshes is not for ours.
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
  ];
  if (existsSync(LISTS)) lines.push(`Dir::State::lists "${LISTS}";`);
  return `${lines.join('\n')}\n`;
}

/** Runs a program for at most so long; rejects with one line that says why it did not succeed. */
function command(program, args, timeoutMs) {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: 2 ** 24,
    };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(failure(program, error, `${stderr}\n${stdout}`, timeoutMs));
    });
  });
}

function failure(program, error, output, timeoutMs) {
  if (error.code === 'ENOENT') return Object.assign(new Error(`this machine has no ${program}`), { missing: true });
  if (error.killed) return new Error(`${program} took longer than ${timeoutMs / 1_000} s`);
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => line.startsWith('E: ')) ?? lines.find((line) => line !== '') ?? error.message;
  return new Error(`${program}: ${telling.replace(/^E: /, '')}`);
}
