import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const PRIVATE_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const PRIVATE_V6: readonly (readonly [string, number])[] = [
  ['::', 127],
  // IPv4 by translation; mapped addresses (::ffff:0:0/96) are weighed as the IPv4 addresses that they are.
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];
const inside = new BlockList();
for (const [net, bits] of PRIVATE_V4) inside.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of PRIVATE_V6) inside.addSubnet(net, bits, 'ipv6');

/** An address of a building's own network, of this machine, or of nobody. */
export function isInside(address: string): boolean {
  return inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The machine's own lookup, but for addresses that only machines inside reach: any user may name a push service, and must
 * not reach through us what they cannot reach themselves.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const outside = addresses.filter(({ address }) => !isInside(address));
    const first = outside[0];
    if (first === undefined) callback(new Error(`${hostname} is an address inside, where no push service is`), '', 0);
    else if (options.all === true) callback(null, outside);
    else callback(null, first.address, first.family);
  });
};
