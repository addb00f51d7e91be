import type { GatewayForm, LineForm } from './gatewayForm.ts';

/** What a host may be made of: the pattern of the contract's Transport. */
const HOST = /^[A-Za-z0-9_.:-]+$/;

/** A catalogue key for what is wrong with a field. */
export type FaultKey = 'gateways.required' | 'gateways.hostInvalid';

/** Faults of a gateway's form that are plain before anything is sent, by the server's own field names. */
export function gatewayFaults(form: GatewayForm): ReadonlyMap<string, FaultKey> {
  const faults = new Map<string, FaultKey>();
  if (form.code.trim() === '') faults.set('code', 'gateways.required');
  form.lines.forEach((line, index) => {
    for (const [field, key] of lineFaults(line)) faults.set(`lines.${index}.${field}`, key);
  });
  return faults;
}

function lineFaults(line: LineForm): readonly (readonly [string, FaultKey])[] {
  const faults: [string, FaultKey][] = [];
  if (line.name.trim() === '') faults.push(['name', 'gateways.required']);
  if (line.kind === 'serial') {
    if (line.path.trim() === '') faults.push(['transport.path', 'gateways.required']);
    return faults;
  }
  const host = line.host.trim();
  if (host === '') faults.push(['transport.host', 'gateways.required']);
  else if (!HOST.test(host)) faults.push(['transport.host', 'gateways.hostInvalid']);
  if (line.port === undefined) faults.push(['transport.port', 'gateways.required']);
  return faults;
}
