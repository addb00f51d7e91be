import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Environment, readConfig } from '#server/config.ts';
import { SETTINGS, settingsFile } from '#server/settings.ts';

describe('what is unset has a sensible value', () => {
  test('an empty environment', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      dataDir: resolve('data'),
      databaseUrl: undefined,
      plant: { kind: 'demo' },
      demoPassword: undefined,
      development: false,
    });
  });

  test('an empty variable is an unset one', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', DEMO_PASSWORD: '', INFLUX_URL: '' })).toEqual(readConfig({}));
  });

  test('nobody can change it afterwards', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});

test.for<[Environment, object]>([
  [{ PORT: '0' }, { port: 0 }],
  [{ PORT: ' 8080 ' }, { port: 8080 }],
  [{ HOST: '::1' }, { host: '::1' }],
  [{ PLANT: '10000' }, { plant: { kind: 'size', meters: 10_000 } }],
  [{ PLANT: 'none' }, { plant: { kind: 'none' } }],
  [{ PLANT_SPEED: '60' }, { plantVariables: { PLANT_SPEED: '60' } }],
  [{ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' }, { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] }],
  [{ PUBLIC_ORIGIN: 'https://meters.example.com' }, { publicOrigin: 'https://meters.example.com' }],
  [{ MQTT_PREFIX: 'group/east-court' }, { mqttPrefix: 'group/east-court' }],
  [{ DATABASE_URL: 'postgresql://a:b@db/meters' }, { databaseUrl: 'postgresql://a:b@db/meters' }],
])('%j is understood', ([environment, expected]) => {
  expect(readConfig(environment)).toMatchObject(expected);
});

test.for<[keyof typeof SETTINGS, string]>([
  ['HOST', 'a b'],
  ['PORT', '99999'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['PORT', '0x50'],
  ['PLANT', 'dmeo'],
  ['PLANT', '0'],
  ['PLANT', '50001'],
  ['PLANT_WIRE', 'slow'],
  ['PLANT_PURSE', 'noMoney'],
  ['DATA_DIR', '/dev/null/data'],
  ['PUBLIC_ORIGIN', 'https://meters.example.com/path'],
  ['MQTT_PREFIX', 'meters/#'],
  ['MQTT_PREFIX', '/meters'],
  ['MQTT_PREFIX', '$SYS'],
  ['TRUSTED_PROXIES', 'my-proxy'],
  ['LOG_LEVEL', 'loud'],
  ['LOG_FORMAT', 'xml'],
  ['TELEMETRY_RETENTION_DAYS', '0'],
  ['NODE_ENV', 'prod'],
  ['INFLUX_URL', 'influx.example.com:8086'],
  ['INFLUX_ORG', 'acme'],
  ['INFLUX_DATABASE', 'meters'],
  ['INFLUX_BUCKET', 'my meters'],
  ['SPOOL_MB', '0'],
  ['SPOOL_MB', '0.5'],
])('%s=%s stops the start with one sentence that names both', ([name, value]) => {
  const message = messageOf(() => readConfig({ [name]: value }));
  expect(message).toContain(`${name}=${value} `);
  expect(message).toMatch(/^[^\n]+\.$/);
});

test.for<[keyof typeof SETTINGS, string]>([
  ['DEMO_PASSWORD', 'tooshort'],
  ['METRICS_TOKEN', 'tooshort'],
  ['DATABASE_URL', 'mysql://user:tooshort@db'],
  ['MQTT_URL', 'http://user:tooshort@broker'],
])('a wrong secret %s is not repeated', ([name, value]) => {
  const message = messageOf(() => readConfig({ [name]: value }));
  expect(message).toContain(`${name}=***`);
  expect(message).not.toContain('tooshort');
});

describe('the settings of InfluxDB say which generation is meant', () => {
  const at = { INFLUX_URL: 'http://influx:8086' };
  const url = at.INFLUX_URL;

  test.for<[Environment, object]>([
    [at, { version: 1, url, name: 'meterwall', user: undefined, password: undefined }],
    [
      { ...at, INFLUX_USER: 'wall', INFLUX_PASSWORD: 'p', INFLUX_DATABASE: 'meters' },
      { version: 1, url, name: 'meters', user: 'wall', password: 'p' },
    ],
    [
      { ...at, INFLUX_ORG: 'acme', INFLUX_TOKEN: 't' },
      { version: 2, url, name: 'meterwall', org: 'acme', token: 't' },
    ],
    [
      { ...at, INFLUX_ORG: 'acme', INFLUX_TOKEN: 't', INFLUX_BUCKET: 'meters' },
      { version: 2, url, name: 'meters', org: 'acme', token: 't' },
    ],
    [
      { ...at, INFLUX_TOKEN: 't', INFLUX_DATABASE: 'meters' },
      { version: 3, url, name: 'meters', token: 't' },
    ],
  ])('%j', ([environment, influx]) => {
    expect(readConfig(environment).influx).toEqual(influx);
  });

  test('a password in the address is refused, and not repeated', () => {
    const message = messageOf(() => readConfig({ INFLUX_URL: 'http://wall:tooshort@influx:8086' }));
    expect(message).toMatch(/^INFLUX_URL=\*\*\* cannot be used: [^\n]+\.$/);
  });

  test('unset, telemetry is kept in Postgres', () => {
    expect(readConfig({})).toMatchObject({ influx: undefined, spoolBytes: 512_000_000 });
  });

  test.for<[keyof typeof SETTINGS, Environment]>([
    ['INFLUX_ORG', { INFLUX_ORG: 'acme', INFLUX_TOKEN: 't' }],
    ['INFLUX_ORG', { ...at, INFLUX_ORG: 'acme' }],
    ['INFLUX_BUCKET', { ...at, INFLUX_BUCKET: 'meters', INFLUX_TOKEN: 't' }],
    ['INFLUX_USER', { ...at, INFLUX_USER: 'wall', INFLUX_PASSWORD: 'p', INFLUX_TOKEN: 't' }],
    ['INFLUX_DATABASE', { ...at, INFLUX_DATABASE: 'meters', INFLUX_ORG: 'acme', INFLUX_TOKEN: 't' }],
    ['INFLUX_USER', { ...at, INFLUX_USER: 'wall' }],
    ['INFLUX_PASSWORD', { ...at, INFLUX_PASSWORD: 'p' }],
  ])('a mixture stops the start and names %s', ([name, environment]) => {
    expect(messageOf(() => readConfig(environment))).toMatch(new RegExp(`^${name}=\\S+ cannot be used: [^\n]+\\.$`));
  });
});

describe('the settings of e-mail', () => {
  const url = 'smtp://wall:p%40ss@mail.example.com:587';
  const from = 'alarms@example.com';

  test.for<[string, string]>([
    [url, from],
    ['smtps://mail.example.com', 'Meterwall <alarms@example.com>'],
    ['smtp://127.0.0.1:2525', '电表墙 <alarms@example.com>'],
    ['smtp://[::1]:25/', 'alarms@localhost'],
    [`${url}?requireTLS=true&tls.rejectUnauthorized=false`, from],
  ])('%s from %s is understood', ([address, sender]) => {
    expect(readConfig({ SMTP_URL: address, SMTP_FROM: sender }).mail).toEqual({ url: address, from: sender });
  });

  test.for<[string, RegExp]>([
    ['mail.example.com:587', /like smtp:\/\/user:password@/],
    ['http://wall:tooshort@mail.example.com', /like smtp:\/\/user:password@.*, or smtps:\/\//],
    ['smtp://wall:tooshort@mail.example.com:99999', /a port from 1 to 65535/],
    ['smtp://wall:tooshort@mail.example.com:0', /a port from 1 to 65535/],
    ['smtp://mail.example.com:70000', /a port from 1 to 65535/],
    ['smtp://wall:tooshort@mail.example.com:smtp', /its port as a number/],
    ['smtp://wall:tooshort@:587', /the name of the server/],
    ['smtp://mail%20server', /the name of the server/],
    ['smtp://wall@mail.example.com', /user and password, or with neither/],
    ['smtp://:tooshort@mail.example.com', /user and password, or with neither/],
    // What an unwritten slash in a password makes of the rest.
    ['smtp://wall:25/tooshort@mail.example.com:587', /write \/ as %2F/],
    ['smtp://mail.example.com/inbox', /ends after the port/],
    ['smtp://mail.example.com:25#tooshort', /# as %23/],
    ['smtp://mail.example.com?tls=tooshort', /options are requireTLS, ignoreTLS, tls.rejectUnauthorized/],
    ['smtp://mail.example.com?requireTLS=maybe', /=true or =false/],
    ['smtp://mail.example.com?host=elsewhere', /only options/],
  ])('SMTP_URL=%s stops the start, is not repeated, and the sentence says what is wrong', ([value, says]) => {
    const message = messageOf(() => readConfig({ SMTP_URL: value, SMTP_FROM: from }));
    expect(message).toMatch(/^SMTP_URL=\*\*\* cannot be used: it must be [^\n]+\.$/);
    expect(message).toMatch(says);
    expect(message).not.toContain('tooshort');
  });

  test.for([
    'alarms',
    'alarms@',
    '@example.com',
    'a b@example.com',
    'one@example.com, two@example.com',
    'Wall, East <alarms@example.com>',
    'Meterwall <alarms>',
    'Meterwall alarms@example.com',
    'Meterwall\r\nBcc: x <alarms@example.com>',
    `${'a'.repeat(200)}@example.com`,
  ])('SMTP_FROM=%s stops the start with an example of a good one', (value) => {
    const message = messageOf(() => readConfig({ SMTP_URL: url, SMTP_FROM: value }));
    expect(message.startsWith(`SMTP_FROM=${value} cannot be used: it must be an address like alarms@`)).toBe(true);
  });

  test('neither of the two stands alone', () => {
    expect(messageOf(() => readConfig({ SMTP_URL: url }))).toMatch(/^SMTP_URL=\*\*\* .* accompanied by SMTP_FROM/);
    expect(messageOf(() => readConfig({ SMTP_FROM: from }))).toMatch(
      /^SMTP_FROM=alarms@example.com .* accompanied by SMTP_URL/,
    );
    expect(readConfig({ SMTP_URL: '', SMTP_FROM: '' }).mail).toBeUndefined();
  });
});

describe('the printed file', () => {
  test('names every setting, says what it does and shows the value in force', () => {
    const text = settingsFile({ PORT: '8080' });
    for (const [name, { help }] of Object.entries(SETTINGS)) {
      expect(text).toContain(`# ${help}\n`);
      expect(text).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
    }
    expect(text).toContain('\nPORT=8080\n');
    expect(text).toContain('\nHOST=127.0.0.1\n');
    expect(text).toContain('\n# DATABASE_URL=\n');
  });

  test('masks secrets', () => {
    const text = settingsFile({ DATABASE_URL: 'postgres://u:hidden@db/x', DEMO_PASSWORD: 'hidden-too' });
    expect(text).not.toContain('hidden');
    expect(text).toContain('# DEMO_PASSWORD=*** (set)');
  });

  test('run by hand, a wrong value ends it with 1 and a sentence', () => {
    const run = spawnSync(process.execPath, ['server/config.ts'], { env: { PLANT: 'dmeo' }, encoding: 'utf8' });
    expect(run.status).toBe(1);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(/^PLANT=dmeo [^\n]+\n$/);
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was thrown');
}
