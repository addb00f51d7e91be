import { spawn } from 'node:child_process';
import { ROOT } from './paths.mjs';

/** npm finishes what it is unpacking before it listens to Ctrl-C: a person does not wait that long. */
const GRACE_MS = 2_000;
const PARENT_CHECK_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in the clone's root with its output on our stderr. Resolves to its exit code, or to a text when it was
 * ended by a signal or could not be started. A signal to us ends it; so does the death of our parent: `npm start` passes
 * SIGTERM to its shell only, which dies and leaves us behind.
 */
export function run(program, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
    let killer;
    const stop = () => {
      child.kill('SIGTERM');
      killer ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    const parent = process.ppid;
    const parentCheck = setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS);
    for (const signal of SIGNALS) process.on(signal, stop);
    const end = (result) => {
      clearTimeout(killer);
      clearInterval(parentCheck);
      for (const signal of SIGNALS) process.off(signal, stop);
      resolve(result);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal === null ? code : `ended by ${signal}`));
  });
}
