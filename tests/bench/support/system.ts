import { createGateway, createPlace } from '#contract/index.ts';
import { type Api, signInTo } from '../../scenarios/support/api.ts';
import { type ServerProcess, startServerProcess, temporaryFolder } from './serverProcess.ts';
import { FARM_MODEL_ID, type Farm } from './systemFarm.ts';

/** The whole system as a person starts it: server process, embedded Postgres, a folder of its own. */
export interface System extends ServerProcess {
  readonly api: Api;
}

/** Starts one with `settings` and signs in. `stop` removes what it kept. */
export async function startSystem(name: string, settings: Readonly<Record<string, string>> = {}): Promise<System> {
  const folder = temporaryFolder(name);
  try {
    const server = await startServerProcess({ DATA_DIR: `${folder.dir}/data`, PLANT: 'none', ...settings });
    return {
      ...server,
      api: await signInTo(server.url, server.user, server.password),
      async stop() {
        await server.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** Enters a property with all meters of a farm, as an installer would; returns its id. */
export async function enterFarm(api: Api, farm: Farm, livePollMs: number): Promise<number> {
  const names = { en: 'Farm' };
  const property = await api.call(createPlace, {
    body: { kind: 'property', names, timeZone: 'Asia/Shanghai', polling: { livePollMs } },
  });
  for (const [index, { port, meters }] of farm.gateways.entries()) {
    const code = `GW-${index + 1}`;
    await api.call(createGateway, {
      body: {
        propertyId: property.id,
        code,
        lines: [
          {
            name: '1',
            transport: { kind: 'rtu-over-tcp', host: '127.0.0.1', port },
            meters: Array.from({ length: meters }, (_, unit) => ({
              placeId: property.id,
              unitAddress: unit + 1,
              modelId: FARM_MODEL_ID,
              meterNumber: `${code}-${unit + 1}`,
              role: 'tenant' as const,
            })),
          },
        ],
      },
    });
  }
  return property.id;
}
