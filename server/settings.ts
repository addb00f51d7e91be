export interface Setting {
  /** What it does, for the printed file. */
  readonly help: string;
  /** Used where the variable is unset or empty; absent = the setting is optional. */
  readonly fallback?: string;
  readonly secret?: true;
}

/** Every environment variable that the program reads, in the order of the printed file. */
const settings = {
  HOST: { help: 'Address to listen on; 0.0.0.0 for all networks of this machine.', fallback: '127.0.0.1' },
  PORT: { help: 'TCP port of the web client and the API; 0 takes a free one.', fallback: '3000' },
  DATA_DIR: { help: 'Folder of everything that is kept: database, plant state, lock.', fallback: './data' },
  DATABASE_URL: {
    help: 'A PostgreSQL (15 or newer) of yours, postgres://user:password@host:5432/name; unset = the embedded one.',
    secret: true,
  },
  MQTT_URL: {
    help: 'An MQTT 3.1.1 broker of yours, mqtt://user:password@host:1883; unset = the embedded one.',
    secret: true,
  },
  MQTT_PREFIX: { help: 'What all MQTT topics of this server begin with.', fallback: 'meterwall' },
  INFLUX_URL: {
    help: 'An InfluxDB of yours for telemetry, http://host:8086 or https; unset = telemetry is kept in Postgres.',
  },
  INFLUX_TOKEN: { help: 'InfluxDB 2 and 3: token that may read, write and make databases (buckets).', secret: true },
  INFLUX_ORG: { help: 'InfluxDB 2: organisation.' },
  INFLUX_BUCKET: {
    help: 'InfluxDB 2: bucket for raw readings; unset = meterwall. Roll-ups go to the same name with _rollup.',
  },
  INFLUX_DATABASE: {
    help: 'InfluxDB 1 and 3: database for raw readings; unset = meterwall. Roll-ups go to the same name with _rollup.',
  },
  INFLUX_USER: { help: 'InfluxDB 1: user; unset where it asks for none.' },
  INFLUX_PASSWORD: { help: 'InfluxDB 1: password of that user.', secret: true },
  PLANT: { help: 'Simulated plant: demo, none, or a number of meters (1–50000).', fallback: 'demo' },
  PLANT_SEED: { help: 'Another simulated estate and weather for another number.' },
  PLANT_SPEED: { help: 'Simulated seconds per second, for rehearsals; unset = 1.' },
  PLANT_WIRE: {
    help: 'serial: simulated lines take their time like real ones (the default); off: they answer at once.',
  },
  PLANT_PURSE: {
    help: 'What simulated prepaid meters do with money: full (the default), or what they lack: noSeq, noDup, noRecord, noCumulative, noBalance, noZero, noRefund, noSet, noSecond, separated by commas.',
  },
  DEMO_PASSWORD: {
    help: 'Password of the user "demo" of the simulated plant (10 or more characters); unset = a new one at each start, printed.',
    secret: true,
  },
  PUBLIC_ORIGIN: {
    help: 'Where people reach the server behind a proxy, e.g. https://meters.example.com; makes cookies Secure.',
  },
  TRUSTED_PROXIES: { help: 'Addresses of proxies whose X-Forwarded-For is believed, separated by commas.' },
  SMTP_URL: {
    help: 'Mail server for notifications, smtp://user:password@host:587 (STARTTLS) or smtps://host:465; unset = no e-mail.',
    secret: true,
  },
  SMTP_FROM: { help: 'Sender of e-mail, alarms@example.com or Name <alarms@example.com>; needed with SMTP_URL.' },
  METRICS_TOKEN: {
    help: 'Bearer token for GET /metrics from other machines (16 or more characters); unset = this machine only.',
    secret: true,
  },
  LOG_LEVEL: { help: 'debug, info, warn or error.', fallback: 'info' },
  LOG_FORMAT: { help: 'text or json, one line each.', fallback: 'text' },
  TELEMETRY_RETENTION_DAYS: {
    help: 'Days for which raw telemetry is kept (1–3650); roll-ups and registers stay.',
    fallback: '90',
  },
  SPOOL_MB: {
    help: 'Megabytes of disk for telemetry that waits while its store is away (1–1000000); beyond it the oldest goes.',
    fallback: '512',
  },
  NODE_ENV: {
    help: 'production, development or test; development checks every answer against its contract.',
    fallback: 'production',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

export const SETTINGS: Readonly<Record<SettingName, Setting>> = settings;

/** The settings in force as a commented environment file. Secrets are masked, what is unset is commented out. */
export function settingsFile(environment: Readonly<Record<string, string | undefined>>): string {
  const blocks = Object.entries(SETTINGS).map(([name, setting]) => {
    const given = environment[name]?.trim() || undefined;
    if (given !== undefined && setting.secret === true) return `# ${setting.help}\n# ${name}=*** (set)\n`;
    const value = given ?? setting.fallback;
    return `# ${setting.help}\n${value === undefined ? `# ${name}=` : `${name}=${value}`}\n`;
  });
  return `# Meterwall: settings in force.\n\n${blocks.join('\n')}`;
}
