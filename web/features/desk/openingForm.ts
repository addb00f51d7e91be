import type { BodyOf, createCustomer, openAccount } from '#contract/index.ts';
import { readAmount } from './amount.ts';

/** An opening as it is typed. An existing customer, or the name of a new one. */
export interface OpeningForm {
  customerId: number | undefined;
  name: string;
  phone: string;
  meterId: number | undefined;
  tariffId: number | undefined;
  custody: 'meter' | 'platform' | undefined;
  alarm1: string;
  alarm2: string;
  overdraft: string;
}

export const emptyOpening = (): OpeningForm => ({
  customerId: undefined,
  name: '',
  phone: '',
  meterId: undefined,
  tariffId: undefined,
  custody: 'meter',
  alarm1: '',
  alarm2: '',
  overdraft: '',
});

/** Field → catalogue key of what is wrong with it. Thresholds may be left empty: no alarm, cut at 0. */
export function openingFaults(form: OpeningForm): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  if (form.customerId === undefined && form.name.trim() === '') faults.set('name', 'desk.opening.fault.customer');
  if (form.meterId === undefined) faults.set('meterIds', 'desk.opening.fault.meter');
  if (form.tariffId === undefined) faults.set('tariffId', 'desk.opening.fault.tariff');
  for (const field of ['alarm1', 'alarm2', 'overdraft'] as const) {
    const fault = minorOf(form[field]).fault;
    if (fault !== undefined) faults.set(field, `desk.amount.fault.${fault}`);
  }
  const one = minorOf(form.alarm1).minor ?? 0n;
  const two = minorOf(form.alarm2).minor ?? 0n;
  if (two > one && !faults.has('alarm2')) faults.set('alarm2', 'desk.opening.fault.order');
  return faults;
}

/** Empty is 0 here: a threshold that nobody wants. */
function minorOf(text: string): { readonly minor?: bigint; readonly fault?: string } {
  if (text.trim() === '' || /^0+([.]0{0,2})?$/.test(text.trim())) return { minor: 0n };
  const typed = readAmount(text);
  return typed.ok ? { minor: typed.minor } : { fault: typed.fault };
}

export function customerBody(form: OpeningForm, propertyId: number, requestId: string): BodyOf<typeof createCustomer> {
  const phone = form.phone.trim();
  return { requestId, propertyId, name: form.name.trim(), ...(phone !== '' && { phone }) };
}

/** Undefined while the form is not complete. */
export function openingBody(
  form: OpeningForm,
  customerId: number,
  openingId: string,
): BodyOf<typeof openAccount> | undefined {
  const { meterId, tariffId, custody } = form;
  if (meterId === undefined || tariffId === undefined || custody === undefined) return undefined;
  const overdraft = minorOf(form.overdraft).minor ?? 0n;
  return {
    openingId,
    customerId,
    meterIds: [meterId],
    tariffId,
    custody,
    alarm1Minor: (minorOf(form.alarm1).minor ?? 0n).toString(),
    alarm2Minor: (minorOf(form.alarm2).minor ?? 0n).toString(),
    cutLineMinor: (-overdraft).toString(),
  };
}
