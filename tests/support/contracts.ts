import * as contract from '#contract/index.ts';

/** Every route contract, by name. */
export const CONTRACTS: readonly (readonly [name: string, route: contract.AnyRoute])[] = Object.entries(
  contract,
).flatMap(([name, value]) => (isRoute(value) ? [[name, value] as const] : []));

function isRoute(value: unknown): value is contract.AnyRoute {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'access' in value;
}
