import { expect, test } from 'vitest';
import { gatewayMatches } from '#domain/gatewaySearch.ts';

const gateway = {
  code: 'GW-M1',
  names: { zh: '购物中心 1F', en: 'Mall 1F' },
  lines: [
    { name: '1', transport: { kind: 'rtu-over-tcp', host: '192.168.1.50', port: 502 } },
    { name: 'cellar', transport: { kind: 'serial', path: '/dev/ttyUSB0' } },
  ],
} as const;

test.for([
  ['gw-m', true],
  ['购物', true],
  [' mall ', true],
  ['1.50:502', true],
  ['ttyusb', true],
  ['cellar', true],
  ['', true],
  // Names of fields are nobody's text.
  ['host', false],
  ['transport', false],
] as const)('"%s" finds it: %s', ([text, found]) => {
  expect(gatewayMatches(gateway, text)).toBe(found);
});
