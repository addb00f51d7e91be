import { afterEach, beforeEach, expect, test } from 'vitest';
import { composeAsWritten, variablesOf } from './support/composeFile.ts';
import { type EnvFolder, openEnvFolder } from './support/envFile.ts';

let folder: EnvFolder;
beforeEach(() => {
  folder = openEnvFolder();
});
afterEach(() => folder.remove());

test('secrets are random, long, of letters and figures only, and nobody else may read them', () => {
  expect(folder.run()).toMatchObject({ code: 0 });
  expect(folder.mode()).toBe(0o600);
  const first = Object.values(folder.values());
  expect(first.length).toBeGreaterThanOrEqual(6);
  expect(first.filter((secret) => !/^[0-9a-f]{48}$/.test(secret))).toEqual([]);
  expect(new Set(first).size).toBe(first.length);

  const other = openEnvFolder();
  other.run();
  expect(Object.values(other.values()).filter((secret) => first.includes(secret))).toEqual([]);
  other.remove();
});

test('a file that is there stays, unless --force is given', () => {
  folder.run();
  const before = folder.text();
  const refused = folder.run();
  expect(refused.code).toBe(1);
  expect(refused.said).toContain('docker compose down --volumes');
  expect(folder.text()).toBe(before);
  expect(folder.run('--force').code).toBe(0);
  expect(folder.text()).not.toBe(before);
  expect(folder.mode()).toBe(0o600);
});

test('another argument is refused, and nothing is written', () => {
  const refused = folder.run('--forse');
  expect(refused).toEqual({ code: 1, said: 'env: unknown argument --forse; the only one is --force\n' });
  expect(() => folder.text()).toThrow(/ENOENT/);
});

test('it says what to do next, and no secret', () => {
  const { said } = folder.run();
  expect(said).toContain('docker compose up -d --wait');
  expect(Object.values(folder.values()).filter((secret) => said.includes(secret))).toEqual([]);
});

test('every variable of docker-compose.yml stands in it, with the same default', () => {
  folder.run();
  const variables = variablesOf(composeAsWritten());
  expect(variables.length).toBeGreaterThan(0);
  const secrets = variables.filter(({ fallback }) => fallback === undefined);
  expect(new Set(secrets.map(({ complaint }) => complaint))).toEqual(new Set(['run npm run env first']));
  expect(Object.keys(folder.values()).toSorted()).toEqual([...new Set(secrets.map(({ name }) => name))].toSorted());

  const written = new Map([...folder.text().matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const defaults = new Map(
    variables.flatMap(({ name, fallback }) => (fallback === undefined ? [] : [[name, fallback]])),
  );
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(defaults));
});
