import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../scenarios/support/until.ts';
import { freePort } from '../support/freePort.ts';
import { describeReal, realMosquitto } from '../support/realParts.ts';
import { composeWith, serviceOf } from './support/composeFile.ts';
import { freshEnv } from './support/envFile.ts';

describeReal('Mosquitto', realMosquitto, ({ program, env: partEnv }) => {
  test('starts as docker-compose.yml starts it: only who has the password comes in', async () => {
    const { environment, command = [] } = serviceOf(composeWith(freshEnv()), 'mosquitto');
    const folder = mkdtempSync(join(tmpdir(), 'meterwall-compose-broker-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const places = layOut(folder, port);

    const [shell = '', script = ''] = command;
    expect([shell, script]).toEqual(['/bin/sh', '/mosquitto/config/start.sh']);
    const programs = [dirname(program), join(dirname(program), '../bin')].join(':');
    const child = spawn(shell, [join(places.config, 'start.sh')], {
      env: { ...partEnv, ...environment, PATH: `${programs}:${process.env['PATH']}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    await until(
      () => `the broker runs: ${said}`,
      10_000,
      () => said.includes('running') || child.exitCode !== null,
    );

    const connect = (username?: string, password?: string) =>
      mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
        protocolVersion: 4,
        reconnectPeriod: 0,
        connectTimeout: 5_000,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      });
    await expect(connect()).rejects.toThrow(/[Nn]ot authorized/);
    await expect(connect('meterwall', 'guessed')).rejects.toThrow(/[Nn]ot authorized/);
    const client = await connect(environment['MQTT_USER'], environment['MQTT_PASSWORD']);
    // What the health check listens for.
    const heard = new Promise((resolve) => client.once('message', resolve));
    await client.subscribeAsync('$SYS/broker/uptime');
    await heard;
    await client.publishAsync('kept', 'word', { qos: 1, retain: true });
    await client.endAsync();

    // The file holds a hash for the broker alone; the script left no word of the password to its child.
    expect(readFileSync(places.passwords, 'utf8')).toMatch(/^meterwall:\$\d\$/);
    expect(readFileSync(places.passwords, 'utf8')).not.toContain(environment['MQTT_PASSWORD']);
    expect(statSync(places.passwords).mode & 0o077).toBe(0);
    // The signal of `docker stop` reaches the broker itself, which stores what is to be kept.
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(existsSync(join(places.data, 'mosquitto.db'))).toBe(true);
  });

  test('does not start without a password', () => {
    const folder = mkdtempSync(join(tmpdir(), 'meterwall-compose-broker-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { config, passwords } = layOut(folder, 1);
    const { status, stderr } = spawnSync('/bin/sh', [join(config, 'start.sh')], {
      env: { MQTT_USER: 'meterwall', PATH: '/usr/bin:/bin' },
    });
    expect(status).not.toBe(0);
    expect(String(stderr)).toContain('MQTT_PASSWORD');
    expect(existsSync(passwords)).toBe(false);
  });
});

/** The folders of the container, here; only the paths, the port and the account are changed in the configuration. */
function layOut(folder: string, port: number) {
  const places = {
    config: join(folder, 'config'),
    data: join(folder, 'data'),
    passwords: join(folder, 'run', 'passwords'),
  };
  mkdirSync(places.data);
  mkdirSync(dirname(places.passwords));
  cpSync('mosquitto', places.config, { recursive: true });
  const path = join(places.config, 'mosquitto.conf');
  let text = readFileSync(path, 'utf8');
  for (const [there, here] of [
    ['listener 1883', `listener ${port} 127.0.0.1`],
    ['password_file /run/mosquitto/passwords', `password_file ${places.passwords}`],
    ['persistence_location /mosquitto/data/', `persistence_location ${places.data}/`],
  ] as const) {
    expect(text).toContain(`${there}\n`);
    text = text.replace(there, here);
  }
  // Started by root it would become another account, which cannot enter the folder.
  writeFileSync(path, `${text}user root\n`);
  return places;
}
