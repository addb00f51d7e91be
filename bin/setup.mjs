// Makes a clone ready to run, then stops. Called by the npm scripts with whatever Node the machine has (18 or newer),
// before packages exist: plain JavaScript, nothing imported but Node and bin/setup. Everything it says goes to stderr, so
// that `npm run -s config > .env` and `npm run -s decode` stay clean.
//
//   node bin/setup.mjs [--web] [--browser] [--real]
//
// always      packages as in package-lock.json, and with them a Node that is new enough
// --web       the web client in web/dist, rebuilt when its sources changed
// --browser   a Chromium for the tests, described in .cache/browser.json
// --real      InfluxDB and Mosquitto for the tests, described in .cache/real-parts.json; what cannot be had is said there
import { prepareBrowser } from './setup/browser.mjs';
import { installPackages } from './setup/install.mjs';
import { requireNode } from './setup/node.mjs';
import { prepareRealParts } from './setup/realParts.mjs';
import { SetupError, say } from './setup/say.mjs';
import { buildWeb } from './setup/web.mjs';

const FLAGS = ['--web', '--browser', '--real'];

try {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (unknown !== undefined) throw new SetupError(`unknown flag ${unknown}; known are ${FLAGS.join(', ')}`);
  await installPackages();
  const node = requireNode();
  if (flags.includes('--web')) await buildWeb(node);
  if (flags.includes('--browser')) await prepareBrowser(node);
  if (flags.includes('--real')) await prepareRealParts();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
