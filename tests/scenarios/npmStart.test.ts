import { expect, test } from 'vitest';
import { useSites } from './support/systemUnderTest.ts';

const newSite = useSites();

test('npm start serves the web client, and Ctrl-C in the terminal ends everything', async () => {
  const site = newSite();
  const system = await site.startByNpm({ PLANT: '40' });
  const page = await fetch(system.url);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toContain('<script');
  // A terminal sends it to the whole group: npm, its shell, the server.
  process.kill(-system.pid, 'SIGINT');
  expect(await site.processesLeft(15_000)).toEqual([]);
  // Its last line may still be in the pipe when its process is gone already.
  await expect.poll(() => system.output(), { timeout: 10_000 }).toContain('stopped');
});

test('a supervisor that ends npm alone ends everything', async () => {
  const site = newSite();
  const system = await site.startByNpm({ PLANT: '40' });
  process.kill(system.pid, 'SIGTERM');
  expect(await site.processesLeft(15_000)).toEqual([]);
  // Its last line may still be in the pipe when its process is gone already.
  await expect.poll(() => system.output(), { timeout: 10_000 }).toContain('stopped');
});
