// `npm run dev`: the server restarted on every change, the client by Vite with hot replacement. Vite passes /api and
// /live on to the server (web/vite.config.ts). One Ctrl-C, or the end of either, ends both.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

const env = { METERWALL_SERVER: `http://127.0.0.1:${process.env.PORT ?? 3000}`, ...process.env };
const programs = [
  { name: 'server', args: ['--watch-preserve-output', '--watch', 'server/main.ts', ...process.argv.slice(2)] },
  { name: 'client', args: ['node_modules/vite/bin/vite.js', '--config', 'web/vite.config.ts', '--clearScreen=false'] },
];

const children = programs.map(({ name, args }) => {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
  child.once('exit', (code, signal) => {
    if (!stopping) console.error(`meterwall: the ${name} ended (${signal ?? code}), stopping`);
    process.exitCode ??= code ?? 0;
    stop('SIGTERM');
  });
  return child;
});

let stopping = false;
function stop(signal) {
  stopping = true;
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
