import { spawn } from 'node:child_process';
import { ROOT } from './paths.mjs';

/**
 * Runs a program in the clone's root with its output on our stderr. Resolves to its exit code (128 + n for a signal),
 * or to the error's text when it could not be started.
 */
export function run(program, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2] });
    // Ctrl-C reaches the child through the terminal; we wait for it and let the lock go in order.
    const stop = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, stop);
    const end = (result) => {
      for (const signal of signals) process.off(signal, stop);
      resolve(result);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal === null ? code : `ended by ${signal}`));
  });
}
