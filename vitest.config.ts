import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

/** Node tests that open a Postgres get one throw-away cluster for the whole run; the rest must not wait for it. */
const clusterSetup = './tests/support/clusterSetup.ts';

export default defineConfig({
  test: {
    // Two at once: the smallest machine that must stay comfortable has two cores.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // An end, no promise: what is polled for comes at once on a quiet machine and late on a busy one.
    expect: { poll: { timeout: 15_000 } },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          include: [
            'tests/{bin,contract,domain,drivers,frames}/**/*.test.ts',
            'tests/grafana/dashboards.test.ts',
            'tests/*.test.ts',
          ],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'server',
          environment: 'node',
          include: ['tests/{server,sabotage}/**/*.test.ts'],
          globalSetup: [clusterSetup],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        plugins: [vue()],
        test: {
          name: 'web',
          environment: 'happy-dom',
          include: ['tests/web/**/*.test.ts'],
          // Element Plus imports its own .css files, which Node cannot load by itself.
          server: { deps: { inline: ['element-plus'] } },
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'scenarios',
          environment: 'node',
          include: ['tests/{scenarios,compose}/**/*.test.ts', 'tests/grafana/queries.test.ts'],
          // Whole systems with real time limits: one at a time, after everything else.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
