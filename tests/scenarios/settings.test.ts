import { describe, expect, test } from 'vitest';
import { type Settings, useSites } from './support/systemUnderTest.ts';

const newSite = useSites();

describe('a wrong setting stops the start with a sentence that names it', () => {
  const wrong: readonly (readonly [name: string, settings: Settings])[] = [
    ['PORT', { PORT: '99999' }],
    ['HOST', { HOST: 'not a host' }],
    ['PLANT', { PLANT: 'lots' }],
    ['DEMO_PASSWORD', { DEMO_PASSWORD: 'short' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://127.0.0.1/meters' }],
    ['MQTT_URL', { MQTT_URL: 'http://127.0.0.1' }],
    ['INFLUX_URL', { INFLUX_URL: 'udp://127.0.0.1:8089' }],
    ['INFLUX_USER', { INFLUX_URL: 'http://127.0.0.1:8086', INFLUX_USER: 'wall' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
    ['DATA_DIR', { DATA_DIR: '/dev/null/meterwall' }],
  ];
  test.for(wrong)('%s', async ([name, settings]) => {
    const site = newSite();
    const { code, output } = await site.startToEnd(settings);
    expect(code).toBe(1);
    const sentence = output.trim().split('\n');
    expect(sentence).toHaveLength(1);
    expect(sentence[0]).toContain(name);
    expect(sentence[0]).toMatch(/\.$/);
    expect(await site.processesLeft(1_000)).toEqual([]);
  });

  test('an own database that cannot be reached', async () => {
    const site = newSite();
    const { code, output } = await site.startToEnd({ DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' });
    expect(code).toBe(1);
    expect(output).toContain('DATABASE_URL');
    expect(output).not.toContain('secret');
    expect(output).not.toMatch(/^\s+at /m);
  });
});
