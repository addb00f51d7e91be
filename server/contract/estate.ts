/** The estate: the tree of places, what stands in the risers, what hangs on the lines. */
export * from './gateways.ts';
export * from './meters.ts';
export * from './places.ts';
