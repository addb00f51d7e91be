import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './paths.mjs';

/** Everything that apt writes; its locks stay untouched, so that an ordinary user may and nobody else is held up. */
const APT = join(CACHE, 'apt');
const LISTS = join(APT, 'lists');
/** A mirror that does not answer; the whole has the caller's limit. */
const SILENCE_S_MAX = 15;

/**
 * Unpacks a package and whatever it needs and the machine lacks into `folder`, without installing anything.
 * Resolves to the reason where that cannot be done, or not before `signal`.
 */
export async function downloadPackage(name, folder, signal) {
  const archives = join(APT, `archives-${name}`);
  const fresh = `${folder}-${process.pid}`;
  try {
    await download(name, archives, signal);
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    for (const file of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
      await command('dpkg-deb', ['-x', join(archives, file), fresh], signal);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    for (const path of [fresh, APT]) rmSync(path, { recursive: true, force: true });
  }
}

/** With the machine's package lists; where there are none, or they are out of date, with lists of our own. */
async function download(name, archives, signal) {
  // Reinstall: fetch it even where it is installed, for those who want the packaged one.
  const install = ['install', '--reinstall', '--download-only', '--no-install-recommends', '--yes', name];
  mkdirSync(join(archives, 'partial'), { recursive: true });
  try {
    await apt(install, archives, signal);
  } catch (error) {
    if (error.final) throw error;
    mkdirSync(join(LISTS, 'partial'), { recursive: true });
    await apt(['update'], archives, signal);
    await apt(install, archives, signal);
  }
}

function apt(args, archives, signal) {
  const path = join(APT, 'apt.conf');
  writeFileSync(path, configuration(archives));
  return command('apt-get', [...args, '--quiet', `--config-file=${path}`], signal);
}

function configuration(archives) {
  const lines = [
    `Dir::Cache "${APT}";`,
    `Dir::Cache::archives "${archives}";`,
    'Debug::NoLocking "true";',
    // Ours is a folder that apt's own account may be unable to enter.
    'APT::Sandbox::User "root";',
    'APT::Get::List-Cleanup "false";',
    `Acquire::http::Timeout "${SILENCE_S_MAX}";`,
    `Acquire::https::Timeout "${SILENCE_S_MAX}";`,
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

/** Runs a program; rejects with one line that says why it did not succeed. */
function command(program, args, signal) {
  return new Promise((resolve, reject) => {
    const options = { signal, killSignal: 'SIGKILL', env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 2 ** 24 };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(failure(program, error, `${stderr}\n${stdout}`));
    });
  });
}

function failure(program, error, output) {
  if (error.code === 'ENOENT') return Object.assign(new Error(`this machine has no ${program}`), { final: true });
  if (error.code === 'ABORT_ERR') return Object.assign(new Error(`${program} took too long`), { final: true });
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => line.startsWith('E: ')) ?? lines.find((line) => line !== '') ?? error.message;
  return new Error(`${program}: ${telling.replace(/^E: /, '')}`);
}
