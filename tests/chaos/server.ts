import { systemClock } from '#drivers/core/index.ts';
import { startApp } from '#server/app.ts';
import { processConfig } from '#server/config.ts';
import { createLog } from '#server/platform/log.ts';
import { FRAME_LIFE_MS } from './plan.ts';

/**
 * The real server as `server/main.ts` starts it, with waits of delivery that fit a rehearsal: hours of back-off become
 * seconds. It ends by SIGKILL only.
 */
const config = processConfig();
const write = (line: string) => void process.stderr.write(line);
const log = createLog({ level: config.logLevel, format: config.logFormat, nowMs: systemClock.nowMs, write });
process.on('disconnect', () => process.exit(0));
const app = await startApp(config, {
  log,
  clock: systemClock,
  vendTimes: {
    backOffMs: [200, 500, 1_000, 2_000],
    leaseMs: 8_000,
    attemptsMax: 1_000,
    quietMs: FRAME_LIFE_MS + 2_000,
  },
});
const { user = '', password = '' } = app.firstSignIn ?? {};
process.send?.({ url: app.address, user, password });
