import type {
  Charge,
  ChargeCorrection,
  getCharge,
  QuarantinedRead,
  RegisterEdit,
  ResponseOf,
} from '#contract/index.ts';

/** A charge of half an hour, so many minutes before it was charged. */
export function charge(id: string, chargedAt: string, more: Partial<Charge> = {}): Charge {
  const toMs = Date.parse(chargedAt) - 3 * 60_000;
  return {
    ...{
      id,
      propertyId: 1,
      accountId: 7,
      meterId: 5,
      meterNumber: '2402',
      room: { en: '3F-07' },
      customerName: 'Shop',
    },
    ...{ epoch: 1, custody: 'platform', month: '2026-11', reason: 'reading', medium: 'electricity' },
    from: new Date(toMs - 30 * 60_000).toISOString(),
    to: new Date(toMs).toISOString(),
    ...{ quantityWh: '2500', amountMinor: '184', lines: [], ledgerTxnId: '77', chargedAt },
    ...more,
  };
}

type Detail = ResponseOf<typeof getCharge>;
const segment = (toWh: string, deltaWh: string, exact: string): Detail['segments'][number] => ({
  ...{ from: '2026-11-19T02:00:00Z', to: '2026-11-19T02:30:00Z', fromWh: '1000000', toWh, deltaWh },
  ...{ multiplier: '60', tariffVersionId: 1, quality: 'measured' },
  lines: [{ label: 'energy', price: '0.73571234', quantityWh: deltaWh, exact }],
});

export const correction: ChargeCorrection = {
  ...{ id: '4', propertyId: 1, accountId: 7, meterId: 5, cause: 'edit', editId: '6', chargeIds: ['12'] },
  ...{ from: '2026-11-19T02:00:00Z', to: '2026-11-19T02:30:00Z', correctedAt: '2026-11-19T04:00:00Z' },
  lines: [{ month: '2026-11', tariffVersionId: 1, label: 'step1', price: '0.73571234', quantityWh: '-1141' }],
  ...{ chargeId: '40', amountMinor: '-84' },
};
export const edit: RegisterEdit = {
  ...{ id: '6', propertyId: 1, meterId: 5, at: '2026-11-19T02:30:00Z', rawWh: '1002500', beforeWh: '1002500' },
  ...{ afterWh: '1001359', by: 'Li', reason: 'read off the display', editedAt: '2026-11-19T04:00:00Z' },
  correctionId: '4',
};

/** What opens: 12 is an ordinary charge, 40 the correction of it. */
export function detail(id: string): Detail {
  const before = segment('1002500', '2500', '1.83928085000');
  if (id !== '40')
    return { charge: charge(id, '2026-11-19T02:33:00Z'), segments: [before], corrections: [], edits: [] };
  return {
    charge: charge(id, '2026-11-19T04:00:00Z', { reason: 'correction', correctionId: '4', amountMinor: '-84' }),
    // Steps are priced by sums: a corrected segment has no line of its own.
    segments: [{ ...segment('1001359', '1359', '0.00000000000'), lines: [] }],
    replaced: [before],
    ...{ corrections: [correction], edits: [edit] },
  };
}

export const doubt: QuarantinedRead = {
  ...{ id: '9', propertyId: 1, accountId: 7, meterId: 5, meterNumber: '2402', cause: 'backward' },
  lastGood: { at: '2026-11-19T02:00:00Z', energyWh: '1002500' },
  read: { at: '2026-11-19T02:30:00Z', energyWh: '5000' },
  ...{ mostWh: '30000', raisedAt: '2026-11-19T02:33:00Z' },
};
