import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PURSE_WORDS } from '#drivers/simulator/purseWords.ts';
import { LOG_LEVELS, type LogLevel } from './platform/log.ts';
import type { MailSettings } from './platform/notify/index.ts';
import type { InfluxSettings } from './platform/telemetry/index.ts';
import { SETTINGS, type SettingName, settingsFile } from './settings.ts';
import { StartError } from './startError.ts';

/** Everything that the environment decides, checked and frozen. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined = the embedded Postgres. */
  readonly databaseUrl: string | undefined;
  /** Undefined = the embedded broker. */
  readonly mqttUrl: string | undefined;
  readonly mqttPrefix: string;
  readonly plant:
    | { readonly kind: 'none' }
    | { readonly kind: 'demo' }
    | { readonly kind: 'size'; readonly meters: number };
  /** Settings handed on to the plant's process: PLANT_SEED, PLANT_SPEED, PLANT_WIRE, PLANT_PURSE. */
  readonly plantVariables: Readonly<Record<string, string>>;
  readonly demoPassword: string | undefined;
  readonly publicOrigin: string | undefined;
  readonly trustedProxies: readonly string[];
  /** Undefined = no e-mail is sent. */
  readonly mail: MailSettings | undefined;
  readonly metricsToken: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
  readonly telemetryRetentionDays: number;
  /** Undefined = telemetry is kept in Postgres. */
  readonly influx: InfluxSettings | undefined;
  /** Most that telemetry may take on disk while its store is away. */
  readonly spoolBytes: number;
  readonly development: boolean;
  /** Version of this program. */
  readonly release: string;
}

/** What the simulated plant can be asked for. */
const PLANT_METERS_MAX = 50_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used: one sentence naming the variable, its value and what is allowed. */
export class ConfigError extends StartError {
  constructor(name: SettingName, value: string, allowed: string) {
    super(`${name}=${SETTINGS[name].secret ? '***' : value} cannot be used: it must be ${allowed}.`);
    this.name = 'ConfigError';
  }
}

/** Reads and checks all settings. Throws `ConfigError` at the first wrong one. */
export function readConfig(environment: Environment): Config {
  return Object.freeze({
    host: read(environment, 'HOST', hostName),
    port: read(environment, 'PORT', wholeNumber(0, 65_535)),
    dataDir: read(environment, 'DATA_DIR', folder),
    databaseUrl: readOptional(environment, 'DATABASE_URL', url('postgres:', 'postgresql:')),
    mqttUrl: readOptional(environment, 'MQTT_URL', url('mqtt:', 'mqtts:', 'ws:', 'wss:')),
    mqttPrefix: read(environment, 'MQTT_PREFIX', topicPrefix),
    plant: read(environment, 'PLANT', plant),
    plantVariables: plantVariables(environment),
    demoPassword: readOptional(environment, 'DEMO_PASSWORD', anyText(10, 200)),
    publicOrigin: readOptional(environment, 'PUBLIC_ORIGIN', origin),
    trustedProxies: readOptional(environment, 'TRUSTED_PROXIES', list) ?? [],
    mail: mail(environment),
    metricsToken: readOptional(environment, 'METRICS_TOKEN', anyText(16, 200)),
    logLevel: read(environment, 'LOG_LEVEL', oneOf(LOG_LEVELS)),
    logFormat: read(environment, 'LOG_FORMAT', oneOf(['text', 'json'] as const)),
    telemetryRetentionDays: read(environment, 'TELEMETRY_RETENTION_DAYS', wholeNumber(1, 3_650)),
    influx: influx(environment),
    spoolBytes: read(environment, 'SPOOL_MB', wholeNumber(1, 1_000_000)) * 1_000_000,
    development: read(environment, 'NODE_ENV', oneOf(['production', 'development', 'test'] as const)) !== 'production',
    release: release(),
  });
}

/** The settings of this process: the only reader of its environment. */
export function processConfig(): Config {
  return readConfig(process.env);
}

/** A password that nobody chose: 16 characters, 96 bits. */
export function randomPassword(): string {
  return randomBytes(12).toString('base64url');
}

/** Gives the parsed value, or what would be allowed instead. */
type Parser<T> = (text: string) => { readonly value: T } | { readonly allowed: string };

function read<T>(environment: Environment, name: SettingName, parse: Parser<T>): T {
  const given = environment[name];
  const text = given === undefined || given === '' ? (SETTINGS[name].fallback ?? '') : given.trim();
  const parsed = parse(text);
  if ('allowed' in parsed) throw new ConfigError(name, text, parsed.allowed);
  return parsed.value;
}

function readOptional<T>(environment: Environment, name: SettingName, parse: Parser<T>): T | undefined {
  const given = environment[name];
  return given === undefined || given === '' ? undefined : read(environment, name, parse);
}

function wholeNumber(least: number, most: number): Parser<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? { value } : { allowed: `a whole number from ${least} to ${most}` };
  };
}

function oneOf<const T extends string>(words: readonly T[]): Parser<T> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { allowed: `one of ${words.join(', ')}` } : { value };
  };
}

function anyText(least: number, most: number): Parser<string> {
  return (value) =>
    value.length >= least && value.length <= most ? { value } : { allowed: `${least} to ${most} characters` };
}

function url(...protocols: readonly string[]): Parser<string> {
  const allowed = `an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return (value) => (URL.canParse(value) && protocols.includes(new URL(value).protocol) ? { value } : { allowed });
}

function origin(value: string): ReturnType<Parser<string>> {
  const good = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && new URL(value).origin === value;
  return good ? { value } : { allowed: 'an origin like https://meters.example.com, without a path' };
}

function hostName(value: string): ReturnType<Parser<string>> {
  return /^[A-Za-z0-9_.:-]{1,253}$/.test(value)
    ? { value }
    : { allowed: 'an address or name of this machine, e.g. 127.0.0.1 or 0.0.0.0' };
}

function topicPrefix(value: string): ReturnType<Parser<string>> {
  return value.length <= 100 && /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/.test(value)
    ? { value }
    : {
        allowed:
          'letters, digits, "_", "." and "-" with single slashes between them, e.g. meterwall/east, 100 characters at most',
      };
}

function list(value: string): ReturnType<Parser<readonly string[]>> {
  const items = value.split(',').map((item) => item.trim());
  return items.every((item) => /^[0-9a-fA-F.:/]+$/.test(item))
    ? { value: items }
    : { allowed: 'IP addresses or networks separated by commas, e.g. 127.0.0.1,10.0.0.0/8' };
}

function purse(value: string): ReturnType<Parser<string>> {
  const known = value.split(',').every((word) => PURSE_WORDS.includes(word.trim()));
  return known ? { value } : { allowed: `${PURSE_WORDS.join(', ')}, separated by commas` };
}

function plant(value: string): ReturnType<Parser<Config['plant']>> {
  if (value === 'none' || value === 'demo') return { value: { kind: value } };
  const size = wholeNumber(1, PLANT_METERS_MAX)(value);
  if ('value' in size) return { value: { kind: 'size', meters: size.value } };
  return { allowed: 'demo, none, or a number of simulated meters from 1 to 50000' };
}

function plantVariables(environment: Environment): Record<string, string> {
  const given = {
    PLANT_SEED: readOptional(environment, 'PLANT_SEED', wholeNumber(0, 999_999_999)),
    PLANT_SPEED: readOptional(environment, 'PLANT_SPEED', wholeNumber(1, 100_000)),
    PLANT_WIRE: readOptional(environment, 'PLANT_WIRE', oneOf(['serial', 'off'] as const)),
    PLANT_PURSE: readOptional(environment, 'PLANT_PURSE', purse),
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** A folder that can be written, or made in one that can. */
function folder(value: string): ReturnType<Parser<string>> {
  const path = resolve(value);
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    if (!statSync(existing).isDirectory()) return { allowed: `a folder; ${existing} is none` };
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
    return { value: path };
  } catch {
    return { allowed: `a folder that this account may write; ${existing} is not` };
  }
}

/** A mail server and a sender, both or none. */
function mail(environment: Environment): MailSettings | undefined {
  const server = readOptional(environment, 'SMTP_URL', mailServer);
  const from = readOptional(environment, 'SMTP_FROM', mailSender);
  if (server !== undefined && from !== undefined) return { url: server, from };
  if (server !== undefined)
    throw new ConfigError('SMTP_URL', server, 'accompanied by SMTP_FROM, the sender of every e-mail');
  if (from !== undefined) throw new ConfigError('SMTP_FROM', from, 'accompanied by SMTP_URL, the mail server');
  return undefined;
}

/** Words behind the `?` of SMTP_URL: anything else would be an option of the mail library that nobody checked. */
const MAIL_OPTIONS = ['requireTLS', 'ignoreTLS', 'tls.rejectUnauthorized'];

/** Says of the part that is wrong what it must be, since the value is secret and cannot be shown beside it. */
function mailServer(value: string): ReturnType<Parser<string>> {
  const example = 'smtp://user:password@mail.example.com:587';
  if (!/^smtps?:\/\//.test(value)) return { allowed: `an address like ${example}, or smtps:// with port 465` };
  const port = /:(\d+)(?:[/?#]|$)/.exec(value.slice(value.lastIndexOf('@') + 1).replace(/^smtps?:\/\//, ''))?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return { allowed: `an address with a port from 1 to 65535, e.g. ${example}` };
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (parsed === undefined || !/^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])$/.test(parsed.hostname))
    return { allowed: `an address with the name of the server and its port as a number, e.g. ${example}` };
  if ((parsed.username === '') !== (parsed.password === ''))
    return { allowed: `an address with user and password, or with neither of them, e.g. ${example}` };
  if (!['', '/'].includes(parsed.pathname) || parsed.hash !== '')
    return { allowed: `an address that ends after the port; in user and password write / as %2F, # as %23, @ as %40` };
  const known = ([word, set]: readonly [string, string]) => MAIL_OPTIONS.includes(word) && /^(true|false)$/.test(set);
  if (![...parsed.searchParams].every(known))
    return { allowed: `an address whose only options are ${MAIL_OPTIONS.join(', ')}, each =true or =false` };
  return { value };
}

function mailSender(value: string): ReturnType<Parser<string>> {
  const address = '[^\\s@<>(),;:"]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*';
  // In a header, comma, colon and semicolon would make several senders of one name.
  const name = '[^<>(),;:@"\\\\\\p{Cc}]{1,80}';
  const good = value.length <= 200 && new RegExp(`^(${address}|${name} <${address}>)$`, 'u').test(value);
  return good ? { value } : { allowed: 'an address like alarms@example.com or Meterwall <alarms@example.com>' };
}

/** Where nothing else is said. */
const INFLUX_NAME = 'meterwall';

/** Which generation of InfluxDB is meant follows from the credentials: an organisation is 2, a token alone 3, else 1. */
function influx(environment: Environment): InfluxSettings | undefined {
  const optional = (name: SettingName, parse: Parser<string>) => readOptional(environment, name, parse);
  const given = {
    INFLUX_URL: optional('INFLUX_URL', url('http:', 'https:')),
    INFLUX_ORG: optional('INFLUX_ORG', anyText(1, 200)),
    INFLUX_BUCKET: optional('INFLUX_BUCKET', databaseName),
    INFLUX_TOKEN: optional('INFLUX_TOKEN', anyText(1, 1_000)),
    INFLUX_DATABASE: optional('INFLUX_DATABASE', databaseName),
    INFLUX_USER: optional('INFLUX_USER', anyText(1, 200)),
    INFLUX_PASSWORD: optional('INFLUX_PASSWORD', anyText(1, 1_000)),
  };
  type Name = keyof typeof given;
  /** Each of the names that is set must have the other beside it (or must not). */
  const refuse = (names: readonly Name[], allowed: string, wrong: boolean): void => {
    for (const name of names) {
      const value = given[name];
      if (wrong && value !== undefined) throw new ConfigError(name, value, allowed);
    }
  };
  const {
    INFLUX_URL: address,
    INFLUX_ORG: org,
    INFLUX_BUCKET: bucket,
    INFLUX_TOKEN: token,
    INFLUX_DATABASE: database,
    INFLUX_USER: user,
    INFLUX_PASSWORD: password,
  } = given;
  refuse(
    ['INFLUX_ORG', 'INFLUX_BUCKET', 'INFLUX_TOKEN', 'INFLUX_DATABASE', 'INFLUX_USER', 'INFLUX_PASSWORD'],
    'accompanied by INFLUX_URL',
    address === undefined,
  );
  if (address === undefined) return undefined;
  if (new URL(address).username !== '' || new URL(address).password !== '') {
    throw new ConfigError(
      'INFLUX_URL',
      '***',
      'an address without user and password: these have settings of their own',
    );
  }
  refuse(['INFLUX_BUCKET'], 'accompanied by INFLUX_ORG, as InfluxDB 2 wants it', org === undefined);
  refuse(['INFLUX_ORG'], 'accompanied by INFLUX_TOKEN, as InfluxDB 2 wants it', token === undefined);
  const noUser = 'unset where INFLUX_TOKEN is set: users and passwords are for InfluxDB 1';
  refuse(['INFLUX_USER', 'INFLUX_PASSWORD'], noUser, token !== undefined);
  refuse(['INFLUX_DATABASE'], 'unset where INFLUX_ORG is set: InfluxDB 2 has INFLUX_BUCKET', org !== undefined);
  refuse(['INFLUX_USER'], 'accompanied by INFLUX_PASSWORD', password === undefined);
  refuse(['INFLUX_PASSWORD'], 'accompanied by INFLUX_USER', user === undefined);
  if (token === undefined) return { version: 1, url: address, name: database ?? INFLUX_NAME, user, password };
  if (org === undefined) return { version: 3, url: address, name: database ?? INFLUX_NAME, token };
  return { version: 2, url: address, name: bucket ?? INFLUX_NAME, org, token };
}

function databaseName(value: string): ReturnType<Parser<string>> {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$/.test(value)
    ? { value }
    : { allowed: 'a name of letters, digits, dots, hyphens and underscores' };
}

function release(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

/** `npm run config`: the settings in force as a commented file, or the sentence that would stop a start. */
if (import.meta.main) {
  try {
    readConfig(process.env);
    process.stdout.write(settingsFile(process.env));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
