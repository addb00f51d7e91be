export * from './clock.ts';
export * from './command.ts';
export * from './commError.ts';
export * from './gateway.ts';
export * from './model.ts';
export * from './quantity.ts';
export * from './reading.ts';
export * from './transport.ts';
