import { systemClock } from '#drivers/core/index.ts';
import { type App, startApp } from './app.ts';
import { type Config, processConfig } from './config.ts';
import { createLog, type Log } from './platform/log.ts';
import { StartError } from './startError.ts';

/** A drain that takes longer is cut short: a supervisor would kill us soon anyway. */
const STOP_MS_MAX = 25_000;

const SETTINGS_HINT = 'Settings come from the environment: npm run config prints them all.';

/** Starts the server of this process and keeps it until a signal, a parent's end or a fatal error. */
async function main(): Promise<void> {
  const beganMs = systemClock.monotonicMs();
  let log: Log = createLog({ level: 'info', format: 'text', nowMs: systemClock.nowMs, write: writeLine });
  let starting: Promise<App> | undefined;
  let stopping = false;

  const stop = async (reason: string, code: number) => {
    // Ctrl-C arrives twice: from the terminal's group and from npm.
    if (stopping) return;
    stopping = true;
    process.exitCode = code;
    log.info('stopping', { reason });
    setTimeout(() => {
      log.error('stopping took too long, ending at once');
      process.exit(1);
    }, STOP_MS_MAX).unref();
    // What is half started is finished first: cut short, it would leave a Postgres and a plant behind.
    await starting?.then((app) => app.stop()).catch(() => undefined);
    log.info('stopped');
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal, 0));
  process.on('uncaughtException', (error) => {
    log.error('a fault that nobody caught', { error });
    void stop('fault', 1);
  });
  if (process.connected) process.on('disconnect', () => void stop('the parent ended', 0));

  try {
    if (process.argv.length > 2)
      throw new StartError(`Meterwall takes no arguments, but got ${process.argv[2]}. ${SETTINGS_HINT}`);
    const config = processConfig();
    log = createLog({ level: config.logLevel, format: config.logFormat, nowMs: systemClock.nowMs, write: writeLine });
    starting = startApp(config, { log, clock: systemClock });
    const app = await starting;
    if (!stopping) process.stdout.write(banner(app, config, systemClock.monotonicMs() - beganMs));
  } catch (error) {
    if (stopping) return;
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`);
    else log.error('the server could not start', { error });
    process.exit(1);
  }
}

function banner(app: App, config: Config, tookMs: number): string {
  const { firstSignIn } = app;
  const lines = [
    `Meterwall ${config.release} is ready after ${(tookMs / 1_000).toFixed(1)} s`,
    '',
    `  Open     ${config.publicOrigin ?? app.address}`,
    ...(firstSignIn === undefined ? [] : [`  Sign in  ${firstSignIn.user} / ${firstSignIn.password}`]),
    `  Data     ${config.dataDir}`,
  ];
  return `\n${lines.join('\n')}\n\n`;
}

function writeLine(line: string): void {
  process.stderr.write(line);
}

await main();
