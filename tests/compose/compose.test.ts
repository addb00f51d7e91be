import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '#server/config.ts';
import { rollUpName } from '#server/platform/telemetry/influx/settings.ts';
import { SETTINGS, type SettingName } from '#server/settings.ts';
import { composeAsWritten, composeWith, serviceOf, variablesOf } from './support/composeFile.ts';
import { execForm, lastStage } from './support/dockerfile.ts';
import { freshEnv } from './support/envFile.ts';

const env = freshEnv();
const written = composeAsWritten();
const compose = composeWith(env);
const services = Object.entries(compose.services);

const service = (name: string) => serviceOf(compose, name);

describe('the schema of the Compose Specification', () => {
  const { $schema: _dialect, ...schema } = JSON.parse(readFileSync('tests/compose/compose-spec.json', 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  const complaints = (file: unknown) => {
    validate(file);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };

  test('accepts the file as it is written, and as it is read', () => {
    expect(complaints(written)).toEqual([]);
    expect(complaints(compose)).toEqual([]);
  });

  test('would not accept anything', () => {
    const { server, ...rest } = compose.services;
    expect(complaints({ ...compose, services: { ...rest, server: { ...server, prots: [] } } })).not.toEqual([]);
    expect(complaints({ ...compose, services: { ...rest, server: { ...server, read_only: 3 } } })).not.toEqual([]);
  });
});

test('without .env nothing starts, and the reason is told', () => {
  expect(() => composeWith({})).toThrow(/required variable POSTGRES_PASSWORD is missing/);
});

describe.each(services)('%s', (name, one) => {
  test('is an ordinary user with no rights beyond', () => {
    expect(one.user).toMatch(/^[1-9]\d*:\d+$/);
    expect(one.cap_drop).toEqual(['ALL']);
    expect(one.security_opt).toEqual(['no-new-privileges:true']);
  });

  test('is of a fixed version', () => {
    expect(one.image).toMatch(/:\d+\.\d+(\.\d+)?(-\w+)?$/);
  });

  test('is looked after: health, restart, and what it waits for is healthy first', () => {
    expect(one.restart).toBe('unless-stopped');
    // What is built here has its check in the Dockerfile.
    const check = one.healthcheck?.test ?? ['CMD', ...execForm(lastStage(), 'HEALTHCHECK')];
    expect(one.healthcheck === undefined).toBe(one.build === '.');
    expect(['CMD', 'CMD-SHELL']).toContain(check[0]);
    expect(check.length).toBeGreaterThan(1);
    for (const [other, { condition }] of Object.entries(one.depends_on ?? {})) {
      expect.soft(condition, other).toBe('service_healthy');
      expect.soft(Object.keys(compose.services), other).toContain(other);
    }
  });

  test('keeps what it keeps in volumes that are declared; what it is given it cannot change', () => {
    for (const volume of one.volumes ?? []) {
      const [source = '', target = '', mode] = volume.split(':');
      expect.soft(target).toMatch(/^\//);
      if (source.startsWith('.')) {
        expect.soft(existsSync(source), source).toBe(true);
        expect.soft(mode, source).toBe('ro');
      } else {
        expect.soft(Object.keys(compose.volumes), source).toContain(source);
      }
    }
  });

  test('no secret stands in the file', () => {
    for (const [key, value] of Object.entries(written.services[name]?.environment ?? {})) {
      if (/PASSWORD|TOKEN|SECRET/.test(key))
        expect.soft(value, key).toMatch(/^\$\{[A-Z_]+:(\?run npm run env first|-)\}$/);
      const password = /^\w+:\/\/[^:/]+:(.*)@/.exec(value)?.[1];
      if (password !== undefined) expect.soft(password, key).toMatch(/^\$\{[A-Z_]+:\?[^}]+\}$/);
    }
  });

  test('can be reached from this machine only, and only where people look', () => {
    for (const port of one.ports ?? []) expect.soft(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const looked = ['server', 'grafana'].includes(name);
    expect(one.ports?.length ?? 0).toBe(looked ? 1 : 0);
    expect(one.networks).toEqual(looked ? ['inside', 'outside'] : ['inside']);
  });
});

test('the stores stand in a network that leads nowhere', () => {
  expect(compose.networks['inside']).toEqual({ internal: true });
});

test('every volume that is declared is used, by one service', () => {
  const used = services.flatMap(([, { volumes = [] }]) =>
    volumes.flatMap((volume) => (volume.startsWith('.') ? [] : [volume.split(':')[0] ?? ''])),
  );
  expect(used.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
});

describe('the server and its neighbours agree', () => {
  const { environment } = service('server');
  const config = readConfig({ ...environment, DATA_DIR: '.' });

  test('every setting is one that the server knows', () => {
    expect(Object.keys(environment).filter((name) => !(name in SETTINGS))).toEqual([]);
  });

  test('what is left out means the same here as without containers, but for the plant', () => {
    for (const { name, fallback } of variablesOf(written.services['server']?.environment)) {
      if (fallback === undefined || name === 'PLANT') continue;
      expect.soft(fallback, name).toBe(SETTINGS[name as SettingName].fallback ?? '');
    }
  });

  test('a trial is one word away', () => {
    const trial = serviceOf(composeWith({ ...env, PLANT: 'demo' }), 'server');
    expect(readConfig({ ...trial.environment, DATA_DIR: '.' }).plant).toEqual({ kind: 'demo' });
    expect(config.plant).toEqual({ kind: 'none' });
  });

  test('data: the folder is the volume', () => {
    expect(service('server').volumes).toEqual([`server:${environment['DATA_DIR']}`]);
  });

  test('PostgreSQL: same host, user, password and database; a version that the server knows', () => {
    const { POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD } = service('postgres').environment;
    const url = new URL(config.databaseUrl ?? '');
    expect([url.hostname, url.port, url.username, url.password, url.pathname]).toEqual([
      'postgres',
      '5432',
      POSTGRES_USER,
      POSTGRES_PASSWORD,
      `/${POSTGRES_DB}`,
    ]);
    const major = Number(/postgres:(\d+)/.exec(service('postgres').image ?? '')?.[1]);
    // 18 moved the volume one folder up.
    expect(major).toBeGreaterThanOrEqual(18);
    expect(service('postgres').volumes).toEqual(['postgres:/var/lib/postgresql']);
    expect(service('postgres').healthcheck?.test).toEqual(expect.arrayContaining([POSTGRES_USER, POSTGRES_DB]));
  });

  test('InfluxDB: same organisation, bucket and token', () => {
    const influx = service('influxdb').environment;
    expect(influx['DOCKER_INFLUXDB_INIT_MODE']).toBe('setup');
    expect(environment).toMatchObject({
      INFLUX_URL: 'http://influxdb:8086',
      INFLUX_ORG: influx['DOCKER_INFLUXDB_INIT_ORG'],
      INFLUX_BUCKET: influx['DOCKER_INFLUXDB_INIT_BUCKET'],
      INFLUX_TOKEN: influx['DOCKER_INFLUXDB_INIT_ADMIN_TOKEN'],
    });
  });

  test('Mosquitto: same user and password', () => {
    const broker = service('mosquitto').environment;
    const url = new URL(config.mqttUrl ?? '');
    expect([url.hostname, url.port, url.username, url.password]).toEqual([
      'mosquitto',
      '1883',
      broker['MQTT_USER'],
      broker['MQTT_PASSWORD'],
    ]);
  });

  test('Grafana: its data source asks the same database with the same token', () => {
    const grafana = service('grafana').environment;
    expect(grafana).toMatchObject({
      INFLUX_URL: environment['INFLUX_URL'],
      INFLUX_DATABASE: environment['INFLUX_BUCKET'],
      INFLUX_TOKEN: environment['INFLUX_TOKEN'],
    });
    const provisioned = readFileSync('grafana/provisioning/datasources/meterwall.yml', 'utf8');
    const given = provisioned.replaceAll(/\$\{([A-Z_]+)\}/g, (_, name: string) => grafana[name] ?? `no ${name}`);
    const name = environment['INFLUX_BUCKET'] ?? '';
    const rollUps = rollUpName({ version: 2, url: '', name, org: '', token: '' });
    const sources = [name, rollUps].map((dbName) => ({
      type: 'influxdb',
      url: environment['INFLUX_URL'],
      jsonData: { version: 'InfluxQL', httpMode: 'GET', dbName, httpHeaderName1: 'Authorization' },
      secureJsonData: { httpHeaderValue1: `Token ${environment['INFLUX_TOKEN']}` },
    }));
    expect(parse(given).datasources).toMatchObject(sources);
  });

  test('Grafana: the folders that it is told of are mounted, and begin with a dashboard that exists', () => {
    const { volumes = [], environment: grafana } = service('grafana');
    const hostPath = (path: string) => {
      const volume = volumes.map((one) => one.split(':')).find(([, target = '']) => path.startsWith(`${target}/`));
      return path.replace(volume?.[1] ?? '', volume?.[0] ?? '');
    };
    const { providers } = parse(readFileSync('grafana/provisioning/dashboards/meterwall.yml', 'utf8'));
    const folders: string[] = providers.map(({ options }: { options: { path: string } }) => hostPath(options.path));
    expect(folders).toEqual(['./grafana/dashboards/zh', './grafana/dashboards/en']);
    const home = hostPath(grafana['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '');
    expect.soft(existsSync(home), home).toBe(true);
    expect(volumes).toContain('./grafana/provisioning:/etc/grafana/provisioning:ro');
  });

  test('it is given the time that it takes to stop', () => {
    const most = Number(
      /STOP_MS_MAX = ([\d_]+)/.exec(readFileSync('server/main.ts', 'utf8'))?.[1]?.replaceAll('_', ''),
    );
    expect(Number.parseInt(service('server').stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(most);
  });
});
