// `npm run env`: writes .env with fresh random secrets for docker-compose.yml. Plain Node 18 or newer, no packages.
// An existing .env stays as it is unless --force is given.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';

const FILE = '.env';
/** Bytes of chance in each secret; written in hex, which needs no quoting anywhere. */
const SECRET_BYTES = 24;

const SECRETS = {
  POSTGRES_PASSWORD: 'PostgreSQL, user meterwall',
  INFLUX_PASSWORD: 'InfluxDB, user meterwall (its own pages; nobody else needs it)',
  INFLUX_TOKEN: 'InfluxDB, for the server and for Grafana',
  MQTT_PASSWORD: 'Mosquitto, user meterwall',
  METRICS_TOKEN: 'Bearer token for GET /metrics',
  GRAFANA_PASSWORD: 'Grafana, user admin',
};

/** Settings that people often want to change, with what holds when they are left out. */
const SETTINGS = {
  PLANT: ['none', 'demo, or a number of simulated meters, for a trial'],
  DEMO_PASSWORD: ['', 'Password of the user "demo" of a trial; empty: printed at each start'],
  PUBLIC_ORIGIN: ['', 'Where people reach the server behind a proxy, e.g. https://meters.example.com'],
  SMTP_URL: ['', 'Mail server for notifications, e.g. smtp://user:password@host:587; empty: no e-mail'],
  SMTP_FROM: ['', 'Sender of e-mail; needed with SMTP_URL'],
  TRUSTED_PROXIES: ['', 'Addresses of proxies whose X-Forwarded-For is believed, separated by commas'],
  TELEMETRY_RETENTION_DAYS: ['90', 'Days for which raw telemetry is kept'],
  SPOOL_MB: ['512', 'Disk that readings may take while InfluxDB is away, megabytes'],
  LOG_LEVEL: ['info', 'debug, info, warn or error'],
  SERVER_ADDRESS: ['127.0.0.1', 'Address of this machine on which the server can be reached; 0.0.0.0 for all'],
  SERVER_PORT: ['3000', ''],
  GRAFANA_ADDRESS: ['127.0.0.1', 'The same for Grafana'],
  GRAFANA_PORT: ['3001', ''],
  GRAFANA_LANGUAGE: ['zh', 'Language of the first dashboard: zh or en'],
};

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--force');
if (unknown !== undefined) fail(`unknown argument ${unknown}; the only one is --force`);
const force = args.includes('--force');
if (existsSync(FILE) && !force) {
  fail(
    `there is a ${FILE} already and it stays. With --force (npm run env -- --force) it is written anew; databases that ` +
      'exist keep their old passwords, so that their volumes must go too: docker compose down --volumes.',
  );
}

writeFileSync(FILE, text(), { mode: 0o600 });
// An existing file keeps its mode when it is written.
chmodSync(FILE, 0o600);
console.log(`${FILE} is written, for you alone to read. Keep a copy of it with your backups. Next:

  docker compose up -d --wait
  docker compose logs server | grep 'Sign in'      the first administrator's password, shown once
  grep GRAFANA_PASSWORD .env                       Grafana's, user admin

The server is at http://127.0.0.1:3000, Grafana at http://127.0.0.1:3001.
For a trial with simulated meters set PLANT=demo in ${FILE} first.`);

function text() {
  const secrets = Object.entries(SECRETS).map(
    ([name, help]) => `# ${help}\n${name}=${randomBytes(SECRET_BYTES).toString('hex')}\n`,
  );
  const settings = Object.entries(SETTINGS).map(([name, [value, help]]) =>
    help === '' ? `# ${name}=${value}\n` : `# ${help}\n# ${name}=${value}\n`,
  );
  return [
    '# Secrets of this site, made by `npm run env`. Read by docker compose.\n',
    ...secrets,
    '# Settings: what stands here holds when the line is left out.\n',
    ...settings,
  ].join('\n');
}

/** @param {string} message */
function fail(message) {
  console.error(`env: ${message}`);
  process.exit(1);
}
